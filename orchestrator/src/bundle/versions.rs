//! Which versions of what the host has.

use std::fmt::Write as _;

use crate::transport::{Exec, Reader};

/// What is asked, and with what. A program that is not there is an answer too.
const ASKED: &[(&str, &[&str])] = &[
    ("kernel", &["uname", "-srvm"]),
    ("distribution", &["sed", "-n", "s/^PRETTY_NAME=//p", "/etc/os-release"]),
    ("proxmox", &["pveversion"]),
    ("lxc", &["lxc-start", "--version"]),
    ("apparmor parser", &["apparmor_parser", "--version"]),
    ("apparmor in the kernel", &["cat", "/sys/module/apparmor/parameters/enabled"]),
    ("systemd", &["systemctl", "--version"]),
    (
        "packages",
        &[
            "dpkg-query",
            "--show",
            "--showformat=${Package} ${Version}, ",
            "lxc",
            "lxc-pve",
            "lxcfs",
            "apparmor",
            "pve-container",
            "phoenix-orch",
        ],
    ),
];

/// A line for each: the first line of what the program said.
pub fn of_host(host: &dyn Reader) -> String {
    let mut text = String::new();
    for (name, argv) in ASKED {
        let said = host.probe(&Exec::new(argv.iter().copied()));
        let said = said
            .map(|output| output.stdout.to_text().lines().next().unwrap_or_default().to_owned());
        let said = match said {
            Ok(line) if line.is_empty() => "nothing".to_owned(),
            Ok(line) => line.trim_end_matches(", ").trim_matches('"').to_owned(),
            Err(error) => format!("unknown ({})", error.code),
        };
        let _ = writeln!(text, "{name}: {said}");
    }
    text
}
