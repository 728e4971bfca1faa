//! Names of units, and the objects that systemd has for them. Pure.

use super::Unanswered;

/// What a unit's name ends with.
const KINDS: [&str; 11] = [
    "service",
    "socket",
    "target",
    "device",
    "mount",
    "automount",
    "swap",
    "timer",
    "path",
    "slice",
    "scope",
];

/// systemd's own limit, without the byte that ends a string in C.
const LONGEST: usize = 255;

const FOLDER: &str = "/org/freedesktop/systemd1/unit/";

/// Refuses a name that systemctl would complete, expand or not take for that of one unit.
pub(super) fn validate(name: &str) -> Result<(), Unanswered> {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || b"@:-_.\\".contains(&byte);
    let is_unit = name.rsplit_once('.').is_some_and(|(before, kind)| {
        !before.is_empty()
            && !before.starts_with(['@', '-'])
            // A template has no state.
            && !before.ends_with('@')
            && KINDS.contains(&kind)
    });
    if is_unit && name.len() <= LONGEST && name.bytes().all(may) {
        return Ok(());
    }
    Err(Unanswered(format!("`{name}` is not the full name of one unit")))
}

/// The unit's object. Whatever asks for it has the unit loaded, as systemctl does.
pub(super) fn object(name: &str) -> String {
    let mut path = FOLDER.to_owned();
    for (at, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit()) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("_{byte:02x}"));
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::{object, validate};

    #[test]
    fn objects_are_escaped_as_systemd_does() {
        for (name, path) in [
            ("docker.service", "docker_2eservice"),
            ("getty@tty1.service", "getty_40tty1_2eservice"),
            ("0a-b.mount", "_30a_2db_2emount"),
            ("dev-x\\x2dy.device", "dev_2dx_5cx2dy_2edevice"),
        ] {
            assert_eq!(object(name), format!("/org/freedesktop/systemd1/unit/{path}"));
        }
    }

    #[test]
    fn only_full_names_of_one_unit_are_asked_for() {
        for name in ["docker.service", "a@b.service", "dev-x\\x2dy.device"] {
            assert_eq!(validate(name), Ok(()));
        }
        let long = format!("{}.service", "a".repeat(248));
        for name in [
            "docker",
            "1",
            "-.mount",
            "--all.service",
            "",
            ".service",
            "a@.service",
            "@a.service",
            "a*.service",
            "/home",
            "a b.service",
            "ä.service",
            "a.service\n",
            "a.unit",
            "docker.service.d/x",
            "a\0.service",
            &long,
        ] {
            assert!(validate(name).is_err(), "{name:?}");
        }
    }
}
