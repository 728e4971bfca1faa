//! One line of the audit log that tells of a denial, taken apart. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

/// One thing that AppArmor did not let happen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Denial {
    /// When, in seconds since 1970.
    #[serde(skip)]
    pub(crate) at: f64,
    /// The kernel's number of the record, by which the same one in two logs is known.
    #[serde(skip)]
    pub(crate) serial: u64,
    /// The record's fields, decoded; those that differ from one occurrence to the next are left out.
    pub(crate) fields: BTreeMap<String, String>,
}

/// Fields that say which occurrence it was, and not what was denied.
const OCCURRENCE: &[&str] = &[
    "type", "msg", "audit", "pid", "apparmor", "fsuid", "ouid", "peer_pid", "UID", "AUID", "FSUID",
    "OUID",
];

impl Denial {
    /// One field, empty where the record has none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Whether this profile said no; of a stacked label it may be any part.
    pub(crate) fn is_of(&self, profile: &str) -> bool {
        let own = self.field("profile");
        own == profile
            || profile.split("//&").any(|part| part == own)
            || own.split("//&").any(|part| part == profile)
    }
}

impl std::fmt::Display for Denial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let first = ["operation", "class", "info", "error", "name", "srcname", "fstype", "flags"];
        let order = first.iter().copied();
        let rest = self.fields.keys().map(String::as_str);
        let rest = rest.filter(|key| !first.contains(key) && *key != "profile");
        let parts = order
            .chain(rest)
            .filter_map(|key| self.fields.get(key).map(|value| format!("{key}={value:?}")));
        write!(f, "{}", parts.collect::<Vec<_>>().join(" "))
    }
}

/// The denial that a line tells of, if it does.
pub(crate) fn denial(line: &str) -> Option<Denial> {
    if !line.contains("apparmor=\"DENIED\"") {
        return None;
    }
    let stamp = line.split_once("audit(")?.1;
    let (at, serial) = stamp.split_once(')')?.0.split_once(':')?;
    let (at, serial) = (at.parse().ok()?, serial.parse().ok()?);
    let mut fields: BTreeMap<String, String> = words(line)
        .filter_map(|word| {
            let (key, value) = word.split_once('=')?;
            Some((key.to_owned(), decoded(key, value)))
        })
        .collect();
    for key in OCCURRENCE {
        fields.remove(*key);
    }
    Some(Denial { at, serial, fields })
}

/// The words of a line; a blank between quotation marks does not part them.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    line.split(move |c: char| {
        quoted ^= c == '"';
        !quoted && (c.is_whitespace() || c == '\x1d')
    })
}

/// What audit writes in quotation marks is as it was; what it could not write so, is in hexadecimal.
fn decoded(key: &str, value: &str) -> String {
    if let Some(plain) = value.strip_prefix('"') {
        return plain.trim_end_matches('"').to_owned();
    }
    let text = ["name", "srcname", "comm", "profile", "peer", "info", "target", "addr", "label"];
    let hex = text.contains(&key)
        && value.len() >= 2
        && value.len().is_multiple_of(2)
        && value.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_lowercase());
    if !hex {
        return value.to_owned();
    }
    let bytes: Vec<u8> = (0..value.len())
        .step_by(2)
        .filter_map(|at| u8::from_str_radix(&value[at..at + 2], 16).ok())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "type=AVC msg=audit(1795483377.844:140): apparmor=\"DENIED\" operation=\"mount\" \
        info=\"failed flags match\" error=-13 profile=\"lxc-phoenix-v2\" name=\"/dev/shm/\" pid=123 \
        comm=2873642D6D6B646372656473 fstype=\"ramfs\" srcname=\"ramfs\" flags=\"rw, nosuid\"";

    #[test]
    fn a_record_is_taken_apart_and_hexadecimal_read() {
        let denial = denial(LINE).unwrap();
        assert_eq!((denial.at, denial.serial), (1_795_483_377.844, 140));
        assert_eq!(denial.field("comm"), "(sd-mkdcreds");
        assert_eq!(denial.field("flags"), "rw, nosuid");
        assert_eq!(denial.field("info"), "failed flags match");
        assert_eq!(denial.field("pid"), "", "which process it was does not tell denials apart");
        assert!(denial.is_of("lxc-phoenix-v2"));
        assert!(!denial.is_of("lxc-phoenix"));
    }

    #[test]
    fn a_stacked_profile_is_found_by_its_part() {
        let line = LINE.replace("\"lxc-phoenix-v2\"", "\"lxc-a_</var/lib/lxc>\"");
        let denial = denial(&line).unwrap();
        assert!(denial.is_of("lxc-a_</var/lib/lxc>//&:lxc-a_<-var-lib-lxc>:unconfined"));
    }

    #[test]
    fn what_was_allowed_or_is_no_record_is_nothing() {
        assert_eq!(denial(&LINE.replace("DENIED", "ALLOWED")), None);
        assert_eq!(denial("apparmor=\"DENIED\""), None);
        assert_eq!(denial(""), None);
    }
}
