//! Whether a container runs, and as which process.

use std::fs;
use std::process::Command;

use super::failure::Failure;

/// Where LXC keeps its containers.
pub(super) const LXC_PATH: &str = "/var/lib/lxc";

/// What lxc-start and lxc-attach are searched in.
pub(super) const PATH: &str = "/sbin:/bin:/usr/sbin:/usr/bin";

/// Whether the container's command socket is there, the test that Proxmox makes.
pub(super) fn is_running(id: u32) -> Result<bool, Failure> {
    let sockets = fs::read_to_string("/proc/net/unix")
        .map_err(|error| Failure::system("unable to read '/proc/net/unix'", &error))?;
    Ok(has_socket(&sockets, id))
}

fn has_socket(sockets: &str, id: u32) -> bool {
    let wanted = format!("@{LXC_PATH}/{id}/command");
    sockets.lines().any(|line| line.split_whitespace().next_back() == Some(wanted.as_str()))
}

/// What LXC answers when it is asked for one thing, such as `--state`.
pub(super) fn ask(id: u32, what: &str) -> Result<String, Failure> {
    let mut command = Command::new("lxc-info");
    let words = ["--name", &id.to_string(), what, "--no-humanize"];
    let output = command.env("PATH", PATH).args(words).output();
    let output = output.map_err(|error| Failure::system("unable to run lxc-info", &error))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_number_counts() {
        let line = "0000000000000000: 00000002 00000000 00010000 0001 01 25123 @/var/lib/lxc/100/command\n";
        assert!(has_socket(line, 100));
        assert!(!has_socket(line, 10) && !has_socket(line, 1001));
    }
}
