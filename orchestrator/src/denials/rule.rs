//! The smallest rule of AppArmor's language that allows what a record says was denied.
//!
//! Each rule compiles with apparmor_parser 3.0; a test asks the parser. What a parser of that age has no
//! word for gets no rule, and a note that says so.

use super::{line::Record, mount, name::Names};

/// A rule, and what must be known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) text: Option<String>,
    pub(super) notes: Vec<String>,
}

/// The rule for a record.
pub(super) fn of(record: &Record) -> Rule {
    let mut names = Names::default();
    let mut notes = Vec::new();
    let text = match missing(record) {
        Some(why) => {
            notes.push(why.to_owned());
            None
        }
        None => text(record, &mut names, &mut notes),
    };
    if text.is_none() && notes.is_empty() {
        notes.push("no rule is known for this; look at `man 5 apparmor.d`".to_owned());
    }
    notes.extend(names.notes());
    Rule { text, notes }
}

/// Denials that no rule can allow.
fn missing(record: &Record) -> Option<&'static str> {
    let info = record.get("info").unwrap_or_default();
    if info.contains("disconnected path") {
        return Some(
            "the path lies outside of what the process can see; the profile needs \
             `flags=(attach_disconnected)`",
        );
    }
    if record.get("operation") == Some("file_lock") && record.get("family").is_some() {
        return Some(
            "it is a lock on a socket, which no network rule allows; systemd wants it for units with a \
             private network, and those fail",
        );
    }
    match info {
        "label not found" | "profile not found" => {
            Some("there is no such profile; load it, or ask for one that is loaded")
        }
        "no new privs" => Some("the process gave up the right to change its profile"),
        _ => None,
    }
}

fn text(record: &Record, names: &mut Names, notes: &mut Vec<String>) -> Option<String> {
    match record.get("operation")? {
        "mount" => mount::rule(record, names, notes),
        "umount" => Some(format!("umount {},", names.path(record.get("name")?))),
        "pivotroot" => {
            let old = record.get("srcname").map(|old| format!(" oldroot={}", names.path(old)));
            let new = names.path(record.get("name")?);
            Some(format!("pivot_root{} {new},", old.unwrap_or_default()))
        }
        "capable" => Some(format!("capability {},", word(record.get("capname")?)?)),
        "signal" => signal(record, names),
        "ptrace" => {
            let access = access(record, &["trace", "read", "tracedby", "readby"])?;
            Some(format!("ptrace ({access}){},", peer(record, names)))
        }
        "change_profile" | "change_onexec" => {
            Some(format!("change_profile -> {},", names.word(target(record)?)))
        }
        "stack" => {
            let label = names.word(target(record)?);
            Some(match label.strip_prefix('"') {
                Some(quoted) => format!("change_profile -> \"&{quoted},"),
                None => format!("change_profile -> &{label},"),
            })
        }
        "link" => {
            let (link, of) = (record.get("name")?, record.get("target")?);
            Some(format!("link {} -> {},", names.path(link), names.path(of)))
        }
        operation if operation.starts_with("dbus_") => dbus(record, names),
        _ if record.get("family").is_some() => socket(record),
        _ => file(record, names, notes),
    }
}

fn target(record: &Record) -> Option<&str> {
    record.get("target").or_else(|| record.get("name"))
}

/// What the kernel has a constant for is written bare; anything else cannot come from the kernel.
fn word(text: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '+');
    text.chars().all(plain).then_some(text)
}

fn mask(record: &Record) -> Option<&str> {
    record
        .get("denied_mask")
        .or_else(|| record.get("denied"))
        .or_else(|| record.get("requested_mask"))
}

/// The denied ones of these accesses, in the words of the language, which are the kernel's.
fn access(record: &Record, known: &[&str]) -> Option<String> {
    let mask = mask(record)?;
    let denied: Vec<&str> = mask.split([' ', ',']).filter(|one| known.contains(one)).collect();
    (!denied.is_empty()).then(|| denied.join(", "))
}

fn peer(record: &Record, names: &mut Names) -> String {
    record.get("peer").map(|peer| format!(" peer={}", names.word(peer))).unwrap_or_default()
}

fn signal(record: &Record, names: &mut Names) -> Option<String> {
    let access = access(record, &["send", "receive"])?;
    let which = record.get("signal").and_then(word).filter(|signal| !signal.starts_with("unknown"));
    let set = which.map(|signal| format!(" set=({signal})")).unwrap_or_default();
    Some(format!("signal ({access}){set}{},", peer(record, names)))
}

fn socket(record: &Record) -> Option<String> {
    let family = word(record.get("family")?)?;
    let kinds = ["stream", "dgram", "seqpacket", "rdm", "raw", "packet"];
    let kind = record.get("sock_type").filter(|kind| kinds.contains(kind));
    if family == "unknown" {
        return None;
    }
    if family != "unix" {
        let kind = kind.map(|kind| format!(" {kind}")).unwrap_or_default();
        return Some(format!("network {family}{kind},"));
    }
    let known = [
        "create", "bind", "listen", "accept", "connect", "shutdown", "getattr", "setattr",
        "getopt", "setopt", "send", "receive",
    ];
    let access = access(record, &known).map(|access| format!(" ({access})")).unwrap_or_default();
    let kind = kind.map(|kind| format!(" type={kind}")).unwrap_or_default();
    Some(format!("unix{access}{kind},"))
}

fn dbus(record: &Record, names: &mut Names) -> Option<String> {
    let access = record
        .get("mask")
        .filter(|mask| ["send", "receive", "bind", "eavesdrop"].contains(mask))?;
    let mut rule = format!("dbus ({access})");
    let mut add = |key: &str, value: Option<&str>, names: &mut Names| {
        if let Some(value) = value {
            rule.push_str(&format!(" {key}={}", names.word(value)));
        }
    };
    add("bus", record.get("bus"), names);
    if access == "bind" {
        add("name", record.get("name"), names);
    } else if access != "eavesdrop" {
        add("path", record.get("path"), names);
        add("interface", record.get("interface"), names);
        add("member", record.get("member"), names);
        if let Some(label) = record.get("peer_label") {
            rule.push_str(&format!(" peer=(label={})", names.word(label)));
        }
    }
    Some(format!("{rule},"))
}

/// A file rule. The kernel tells creating and deleting apart from writing, the language does not.
fn file(record: &Record, names: &mut Names, notes: &mut Vec<String>) -> Option<String> {
    let path = record.get("name").filter(|name| name.starts_with('/'))?;
    let mask = mask(record)?;
    let has = |letters: &str| mask.contains(|c| letters.contains(c));
    let mut permissions = String::new();
    for (denied, letter) in [("m", 'm'), ("r", 'r'), ("wcd", 'w'), ("k", 'k'), ("l", 'l')] {
        if has(denied) {
            permissions.push(letter);
        }
    }
    if has("a") && !has("wcd") {
        permissions.push('a');
    }
    if has("x") {
        permissions.push_str("ix");
        notes.push("`ix` runs the program under this same profile".to_owned());
    }
    if permissions.is_empty() {
        return None;
    }
    let own = match (record.get("fsuid"), record.get("ouid")) {
        (Some(process), Some(file)) if process == file => "owner ",
        _ => "",
    };
    Some(format!("{own}{} {permissions},", names.path(path)))
}
