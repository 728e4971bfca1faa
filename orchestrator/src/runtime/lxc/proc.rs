//! What the kernel says about a container, without starting a process.

use std::{fs, io};

/// The inode of the command socket of a container's monitor, if it is among the kernel's sockets: the same test
/// that `pct` uses.
pub(super) fn command_socket<'s>(sockets: &'s str, path: &str, container: &str) -> Option<&'s str> {
    let socket = format!("@{path}/{container}/command");
    let mut found = sockets.lines().filter_map(|line| line.split_once('@'));
    let (before, _) = found.find(|(_, name)| *name == &socket[1..])?;
    before.split_whitespace().last()
}

/// The longest name that a command socket shows; LXC makes a hash of what is longer.
pub(super) fn is_named(path: &str, container: &str) -> bool {
    path.len() + container.len() + "//command".len() < 106
}

/// How often a container's control group may have been left behind by a monitor that was killed: LXC numbers the next one.
const LEFT_BEHIND: usize = 9;

/// The number of a container's init: the only child of its monitor, which is found by its control group and known by
/// its title. Nothing where control groups are laid out otherwise.
pub(super) fn init(path: &str, container: &str) -> Option<u32> {
    let is_monitor = |number: &&str| {
        fs::read(format!("/proc/{number}/cmdline"))
            .is_ok_and(|line| is_monitor(&line, path, container))
    };
    let monitor = groups(container).find_map(|group| {
        let members = fs::read_to_string(group).ok()?;
        members.lines().find(is_monitor).map(str::to_owned)
    })?;
    let children = fs::read_to_string(format!("/proc/{monitor}/task/{monitor}/children")).ok()?;
    let mut children = children.split_whitespace();
    match (children.next(), children.next()) {
        (Some(init), None) => init.parse().ok(),
        _ => None,
    }
}

/// Where the members of a monitor's control group stand: LXC's own layout and that of Proxmox, by the unified hierarchy or
/// systemd's of the older ones; the likeliest first. Another container may have such a name too.
fn groups(container: &str) -> impl Iterator<Item = String> {
    let mounts = ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"];
    let places = mounts.map(|mount| ['.', '/'].map(|joint| format!("{mount}/lxc.monitor{joint}")));
    (0..=LEFT_BEHIND).flat_map(move |number| {
        let name = match number {
            0 => format!("{container}/cgroup.procs"),
            _ => format!("{container}-{number}/cgroup.procs"),
        };
        places.clone().into_iter().flatten().map(move |place| place + &name)
    })
}

/// Whether a command line is that of a container's monitor: it has a title of its own or, where it stays in the
/// foreground as on Proxmox, is `lxc-start` itself.
fn is_monitor(line: &[u8], path: &str, container: &str) -> bool {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches('\0');
    let words: Vec<&str> = line.split('\0').collect();
    let foreground = match words[..] {
        [program, "-F", "-n", name] => {
            program.rsplit('/').next() == Some("lxc-start") && name == container
        }
        _ => false,
    };
    foreground || line == format!("[lxc monitor] {path} {container}")
}

/// Whether a tool that starts or stops this container is at work. The container's monitor, which stays, has
/// another name.
pub(super) fn has_tool(path: &str, container: &str) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let lines = processes.flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.into_iter().any(|line| is_tool(&line, path, container))
}

/// Whether a command line, its words ended by NUL bytes, is that of such a tool as it is started here.
fn is_tool(line: &[u8], path: &str, container: &str) -> bool {
    let line = String::from_utf8_lossy(line);
    let words: Vec<&str> = line.split('\0').collect();
    matches!(words[..], ["lxc-stop" | "lxc-start", "-P", at, "-n", name, ..] if at == path && name == container)
}

/// Whether the kernel has labels.
pub(super) fn has_labels() -> bool {
    fs::read_to_string("/sys/module/apparmor/parameters/enabled")
        .is_ok_and(|enabled| enabled.trim() == "Y")
}

/// The label of a process, as the kernel writes it. Kernels before 5.8 have it only under the old name.
///
/// # Errors
/// When neither can be read: that is not the same as a process without a label.
pub(super) fn label(pid: &str) -> io::Result<String> {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/attr/{name}"));
    let label = read("apparmor/current").or_else(|_| read("current"))?;
    Ok(label.trim_end_matches(['\n', '\0']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{command_socket, is_monitor, is_named, is_tool};

    #[test]
    fn a_monitor_is_known_by_its_whole_title() {
        let is = |line: &str| is_monitor(line.as_bytes(), "/var/lib/lxc", "web");
        assert!(is("[lxc monitor] /var/lib/lxc web") && is("[lxc monitor] /var/lib/lxc web\0\0"));
        for other in [
            "[lxc monitor] /var/lib/lxc web2",
            "[lxc monitor] /srv/lxc web",
            "lxc-start -n web",
            "",
        ] {
            assert!(!is(other), "{other}");
        }
    }

    #[test]
    fn tools_are_told_from_the_monitor_and_from_those_of_others() {
        let is = |line: &str| is_tool(line.replace(' ', "\0").as_bytes(), "/var/lib/lxc", "web");
        assert!(is("lxc-stop -P /var/lib/lxc -n web -t 60"));
        assert!(is("lxc-start -P /var/lib/lxc -n web -d"));
        for line in
            ["[lxc monitor] /var/lib/lxc web", "lxc-stop -P /var/lib/lxc -n we", "", "grep web"]
        {
            assert!(!is(line), "{line}");
        }
    }

    #[test]
    fn only_the_whole_name_counts() {
        let sockets = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000: 00000002 00000000 00010000 0001 01 11 @/var/lib/lxc/web/command\n\
            0000: 00000002 00000000 00010000 0001 01 12 /run/other\n\
            0000: 00000002 00000000 00010000 0001 01 13\n";
        assert_eq!(command_socket(sockets, "/var/lib/lxc", "web"), Some("11"));
        for name in ["we", "eb", "web/command", "", "other"] {
            assert_eq!(command_socket(sockets, "/var/lib/lxc", name), None, "{name}");
        }
        assert!(is_named("/var/lib/lxc", "web") && !is_named("/var/lib/lxc", &"x".repeat(99)));
    }
}
