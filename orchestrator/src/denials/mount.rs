//! Rules about mounts.

use super::{line::Record, name::Names};

/// What the kernel may write into `flags=` and the parser has a word for.
const OPTIONS: &[&str] = &[
    "ro",
    "nosuid",
    "nodev",
    "noexec",
    "sync",
    "remount",
    "mand",
    "dirsync",
    "noatime",
    "nodiratime",
    "bind",
    "rbind",
    "move",
    "silent",
    "unbindable",
    "runbindable",
    "private",
    "rprivate",
    "slave",
    "rslave",
    "shared",
    "rshared",
    "relatime",
    "iversion",
    "strictatime",
];

const PROPAGATION: &[&str] =
    &["unbindable", "runbindable", "private", "rprivate", "slave", "rslave", "shared", "rshared"];

/// What a mount is meant to do; the language has a form of its own for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    New,
    Bind,
    Move,
    Remount,
    Propagation,
}

/// The flags, without `rw`, which is no flag but the absence of one.
pub(super) fn flags(record: &Record) -> Vec<&str> {
    let flags = record.get("flags").unwrap_or_default().split(',').map(str::trim);
    flags.filter(|flag| !flag.is_empty() && *flag != "rw").collect()
}

pub(super) fn kind(record: &Record) -> Kind {
    let flags = flags(record);
    let any = |of: &[&str]| flags.iter().any(|flag| of.contains(flag));
    // In the kernel's own order: a remount may say `bind` too, and remains a remount.
    if any(&["remount"]) {
        Kind::Remount
    } else if any(&["bind", "rbind"]) {
        Kind::Bind
    } else if any(PROPAGATION) {
        Kind::Propagation
    } else if any(&["move"]) {
        Kind::Move
    } else {
        Kind::New
    }
}

/// `rw` is never written: with it parser 3.0 also emits a rule for any type without flags.
pub(super) fn rule(record: &Record, names: &mut Names, notes: &mut Vec<String>) -> Option<String> {
    let onto = names.path(record.get("name")?);
    let options: Vec<&str> =
        flags(record).into_iter().filter(|flag| OPTIONS.contains(flag)).collect();
    let kind = kind(record);
    if kind == Kind::New && options.is_empty() {
        notes.push("it allows any flags: the parser has no word for none".to_owned());
    }
    if kind == Kind::Remount && options.contains(&"bind") {
        notes.push("parser 3.0 reads it as a bind of any source with these flags too".to_owned());
    }
    let options = match options.is_empty() {
        true => String::new(),
        false => format!(" options=({})", options.join(", ")),
    };
    let source = record.get("srcname");
    Some(match kind {
        Kind::New => {
            let kind = record.get("fstype").map(|kind| format!(" fstype={}", names.word(kind)));
            let source = source.map(|source| format!(" {}", names.path(source)));
            let (kind, source) = (kind.unwrap_or_default(), source.unwrap_or_default());
            format!("mount{kind}{options}{source} -> {onto},")
        }
        Kind::Bind | Kind::Move => {
            format!("mount{options} {} -> {onto},", names.path(source?))
        }
        Kind::Remount | Kind::Propagation => format!("mount{options} -> {onto},"),
    })
}
