//! What was attempted, in words.

use super::{
    line::Record,
    mount::{self, Kind},
};
use crate::transport::printable;

/// One sentence without a full stop and without control characters: `` `runc:[2:INIT]` tried to mount
/// `proc` (proc; nosuid, nodev) on `/x/` ``.
pub(super) fn attempt(record: &Record) -> String {
    let who = quoted(record.get("comm").unwrap_or("?"));
    format!("{who} tried to {}", what(record))
}

fn quoted(text: &str) -> String {
    format!("`{}`", printable(text))
}

fn what(record: &Record) -> String {
    let field = |key: &str| quoted(record.get(key).unwrap_or("?"));
    let peer = || field("peer");
    match record.get("operation").unwrap_or_default() {
        "mount" => mount_words(record),
        "umount" => format!("unmount {}", field("name")),
        "pivotroot" => match record.get("srcname") {
            Some(old) => {
                format!("make {} its root, with the old one in {}", field("name"), quoted(old))
            }
            None => format!("make {} its root", field("name")),
        },
        "capable" => format!("use the capability {}", field("capname")),
        "signal" => match mask(record) {
            "receive" => format!("get signal {} from a process under {}", field("signal"), peer()),
            _ => format!("send signal {} to a process under {}", field("signal"), peer()),
        },
        "ptrace" => match mask(record) {
            "read" => format!("look into a process under {} (ptrace read)", peer()),
            "readby" => format!("be looked into by a process under {} (ptrace readby)", peer()),
            "tracedby" => format!("be traced by a process under {}", peer()),
            _ => format!("trace a process under {}", peer()),
        },
        "change_profile" => format!("change its profile to {}", target(record)),
        "change_onexec" => format!("change its profile to {} at the next program", target(record)),
        "change_hat" | "change_hatv" => format!("change into the hat {}", target(record)),
        "stack" | "stack_onexec" => format!("stack the profile {} on its own", target(record)),
        "link" => format!("link {} as {}", field("target"), field("name")),
        operation if operation.starts_with("dbus_") => {
            let member = record.get("member").or_else(|| record.get("name")).unwrap_or("?");
            let path = record.get("path").map(|path| format!(" at {}", quoted(path)));
            let path = path.unwrap_or_default();
            format!("use {} on the {} bus{path}", quoted(member), field("bus"))
        }
        operation if record.get("family").is_some() => socket(operation, record),
        operation => file(operation, record),
    }
}

fn mask(record: &Record) -> &str {
    record.get("denied_mask").or_else(|| record.get("requested_mask")).unwrap_or_default()
}

fn target(record: &Record) -> String {
    quoted(record.get("target").or_else(|| record.get("name")).unwrap_or("?"))
}

fn mount_words(record: &Record) -> String {
    let onto = quoted(record.get("name").unwrap_or("?"));
    let source = quoted(record.get("srcname").unwrap_or("none"));
    let flags = printable(&mount::flags(record).join(", "));
    match mount::kind(record) {
        Kind::New => {
            let kind = printable(record.get("fstype").unwrap_or("of unknown type"));
            let flags = if flags.is_empty() { flags } else { format!("; {flags}") };
            format!("mount {source} ({kind}{flags}) on {onto}")
        }
        Kind::Bind => format!("bind {source} onto {onto} ({flags})"),
        Kind::Move => format!("move the mount {source} to {onto}"),
        Kind::Remount => format!("remount {onto} ({flags})"),
        Kind::Propagation => format!("make mounts at {onto} {flags}"),
    }
}

fn socket(operation: &str, record: &Record) -> String {
    let family = printable(record.get("family").unwrap_or("?"));
    let kind = printable(record.get("sock_type").unwrap_or_default());
    let verb = match operation {
        "create" => "make",
        "bind" => "bind",
        "connect" => "connect",
        "listen" => "listen on",
        "accept" => "accept on",
        "sendmsg" => "send over",
        "recvmsg" => "receive from",
        _ => "use",
    };
    format!("{verb} a socket ({family} {kind})")
}

fn file(operation: &str, record: &Record) -> String {
    let name = quoted(record.get("name").unwrap_or("?"));
    let mask = mask(record);
    let does = |letters: &str| mask.contains(|c| letters.contains(c));
    let verb = match operation {
        "open" if does("wcda") && does("r") => "read and write",
        "open" if does("wcda") => "write",
        "open" => "read",
        "exec" => "run",
        "mkdir" => "make the folder",
        "rmdir" => "remove the folder",
        "unlink" | "rename_src" => "remove",
        "mknod" | "rename_dest" | "symlink" => "make",
        "chmod" => "change the mode of",
        "chown" => "change the owner of",
        "truncate" => "shorten",
        "getattr" => "look at",
        "file_mmap" | "file_mprotect" => "map as code or data",
        "file_lock" => "lock",
        "file_perm" | "file_receive" | "file_inherit" => "use",
        _ => {
            let operation = printable(operation);
            return format!("do `{operation}` with {name} ({})", printable(mask));
        }
    };
    format!("{verb} {name}")
}
