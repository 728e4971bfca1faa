//! What the kernel says about a container, without starting a process.

use std::{fs, io};

/// Whether the command socket of a container's monitor is among the kernel's sockets: the same test that
/// `pct` uses.
pub(super) fn has_command_socket(sockets: &str, path: &str, container: &str) -> bool {
    let socket = format!("@{path}/{container}/command");
    sockets.lines().any(|line| line.split_once('@').is_some_and(|(_, name)| name == &socket[1..]))
}

/// The longest name that a command socket shows; LXC makes a hash of what is longer.
pub(super) fn is_named(path: &str, container: &str) -> bool {
    path.len() + container.len() + "//command".len() < 106
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
    use super::{has_command_socket, is_named};

    #[test]
    fn only_the_whole_name_counts() {
        let sockets = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000: 00000002 00000000 00010000 0001 01 11 @/var/lib/lxc/web/command\n\
            0000: 00000002 00000000 00010000 0001 01 12 /run/other\n\
            0000: 00000002 00000000 00010000 0001 01 13\n";
        assert!(has_command_socket(sockets, "/var/lib/lxc", "web"));
        for name in ["we", "eb", "web/command", "", "other"] {
            assert!(!has_command_socket(sockets, "/var/lib/lxc", name), "{name}");
        }
        assert!(is_named("/var/lib/lxc", "web") && !is_named("/var/lib/lxc", &"x".repeat(99)));
    }
}
