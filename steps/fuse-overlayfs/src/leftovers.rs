//! What the scripts that came before phoenix-orch left in configurations on Proxmox: they pasted options into a shell
//! loop, which split each at its blanks, and gave the container every device.

use phoenix_sdk::{Change, CheckReport, Context, Kind, Manager, Result, shown};

const DEVICES: &str = "lxc.cgroup2.devices.allow";

/// The removal of such lines, as changes; and lines that nobody can tell the meaning of, as warnings.
pub(crate) fn look(cx: &Context<'_>) -> Result<CheckReport> {
    if cx.manager() != Manager::Pve {
        return Ok(CheckReport::default());
    }
    let mut options = cx.machine().container_options(&["", DEVICES])?.into_iter();
    let (lines, devices) = (options.next().unwrap_or_default(), options.next().unwrap_or_default());
    let (pieces, foreign): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| is_piece(line));
    let pieces = pieces.into_iter().map(|line| {
        removed("", line).because(
            "it is a piece of an option that a script split at its blanks, and means nothing by itself",
        )
    });
    let devices = devices.into_iter().filter(|rule| is_everything(rule)).map(|rule| {
        removed(DEVICES, rule)
            .because("`/dev/fuse` needs no such rule, and it stands for every device")
    });
    let warnings = foreign.iter().map(|line| {
        let line = shown::name(line);
        format!("Proxmox does not understand the line `{line}` of the configuration, and drops it when it next writes the file")
    });
    Ok(CheckReport {
        changes: pieces.chain(devices).collect(),
        warnings: warnings.collect(),
        ..CheckReport::default()
    })
}

fn removed(key: &str, value: String) -> Change {
    Change::new(Kind::ContainerOptionAbsent { key: key.to_owned(), value })
}

/// Whether a line is what a shell makes of `lxc.mount.entry=/dev/fuse dev/fuse none bind,create=file 0 0` or
/// `lxc.mount.auto=proc:rw sys:rw` behind the first blank: one word that is a target, a type, options, a number
/// or a mount of its own.
fn is_piece(line: &str) -> bool {
    let line = line.trim();
    if line.contains(char::is_whitespace) {
        return false;
    }
    let is_option = |word: &str| {
        let name = word.split('=').next().unwrap_or_default();
        matches!(
            name,
            "bind" | "rbind" | "create" | "optional" | "ro" | "rw" | "uid" | "gid" | "defaults"
        )
    };
    let is_mount = |word: &str| {
        let area = word.split(':').next().unwrap_or_default();
        matches!(area, "proc" | "sys" | "cgroup" | "cgroup-full") && word.contains(':')
    };
    matches!(line, "none" | "0")
        || line.strip_prefix("dev/").is_some_and(|name| !name.is_empty())
        || line.split(',').all(is_option)
        || is_mount(line)
}

/// Whether a rule of the device cgroup allows all devices.
fn is_everything(rule: &str) -> bool {
    let words: Vec<_> = rule.split_whitespace().collect();
    matches!(words[..], ["a"] | ["a", "*:*", ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_from_what_nobody_understands() {
        for piece in
            ["none", "bind,create=file", "dev/fuse", "0", "sys:rw", "bind,optional,create=file"]
        {
            assert!(is_piece(piece), "{piece}");
        }
        for line in ["my own remark", "nonesuch", "dev/", "", "x=y", "bind,mine", "sysadmin"] {
            assert!(!is_piece(line), "{line}");
        }
    }

    #[test]
    fn only_rules_for_every_device_are_left_over() {
        assert!(is_everything("a") && is_everything("a *:* rwm"));
        for rule in ["c 195:* rwm", "c 10:229 rwm", "b 7:* r", "a 1:3 r"] {
            assert!(!is_everything(rule), "{rule}");
        }
    }
}
