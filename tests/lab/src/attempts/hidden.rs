//! The second proc and sysfs that LXC hides below /dev/.lxc for nested containers; nothing in them is
//! read-only or covered.

use std::io::Result;

use super::attempt::{Attempt, Group};
use super::sys::{bind, list, mount, read_byte, scratch, write_back};

const KNOB: &str = "proc/sys/kernel/ns_last_pid";

fn docker(volume: &str, script: &str) -> Result<String> {
    let output = std::process::Command::new("docker")
        .args(["run", "--rm", "--label", "phx", "--network", "none", "-v", volume])
        .args(["--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", "phx-base"])
        .args(["sh", "-c", script])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() && text.contains("managed") {
        return Ok(text);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let error = said.lines().find(|line| line.contains("rror")).or_else(|| said.lines().last());
    Err(std::io::Error::other(format!("docker: {}", error.unwrap_or("failed"))))
}

pub(super) const GROUP: Group = Group {
    name: "/dev/.lxc",
    attempts: &[
        Attempt {
            id: "hidden-list",
            tries: "lists /dev/.lxc/proc",
            act: || list("/dev/.lxc/proc"),
        },
        Attempt {
            id: "hidden-read",
            tries: "reads a setting there",
            act: || read_byte(format!("/dev/.lxc/{KNOB}")),
        },
        Attempt {
            id: "hidden-write",
            tries: "writes a setting there, which LXC made read-only in /proc",
            act: || write_back(format!("/dev/.lxc/{KNOB}")),
        },
        Attempt {
            id: "hidden-sys",
            tries: "lists /dev/.lxc/sys",
            act: || list("/dev/.lxc/sys/kernel"),
        },
        Attempt {
            id: "hidden-by-root-link",
            tries: "writes there by /proc/self/root",
            act: || write_back(format!("/proc/self/root/dev/.lxc/{KNOB}")),
        },
        Attempt {
            id: "hidden-bind",
            tries: "binds /dev/.lxc/proc elsewhere and writes there",
            act: || {
                let place = scratch("/mnt")?;
                bind("/dev/.lxc/proc", &place, false)?;
                write_back(format!("{place}/sys/kernel/ns_last_pid"))
            },
        },
        Attempt {
            id: "hidden-move",
            tries: "moves /dev/.lxc/proc elsewhere",
            act: || {
                let place = scratch("/mnt")?;
                let _ = mount("", "/", "", libc::MS_PRIVATE | libc::MS_REC, "");
                mount("/dev/.lxc/proc", &place, "", libc::MS_MOVE, "")?;
                Ok("it was moved".to_owned())
            },
        },
        Attempt {
            id: "hidden-bind-parent",
            tries: "binds /dev with all below it elsewhere and writes there",
            act: || {
                let place = scratch("/mnt")?;
                bind("/dev", &place, true)?;
                write_back(format!("{place}/.lxc/{KNOB}"))
            },
        },
        Attempt {
            id: "hidden-bind-root",
            tries: "binds / with all below it elsewhere and writes there",
            act: || {
                let place = scratch("/mnt")?;
                bind("/", &place, true)?;
                write_back(format!("{place}/dev/.lxc/{KNOB}"))
            },
        },
        Attempt {
            id: "hidden-rename",
            tries: "renames the folder above to get round the paths",
            act: || {
                std::fs::rename("/dev/.lxc", "/dev/phx-lxc")?;
                let result = write_back(format!("/dev/phx-lxc/{KNOB}"));
                std::fs::rename("/dev/phx-lxc", "/dev/.lxc")?;
                result
            },
        },
        Attempt {
            id: "hidden-volume",
            tries: "gives its root to a Docker container, which writes there",
            act: || {
                let file = format!("/host/dev/.lxc/{KNOB}");
                docker("/:/host", &format!("v=$(cat {file}) && echo $v > {file} && echo managed"))
            },
        },
        Attempt {
            id: "hidden-volume-dev",
            tries: "gives /dev/.lxc to a Docker container, which lists it",
            act: || docker("/dev/.lxc:/hidden", "ls /hidden/proc/sys/kernel && echo managed"),
        },
        Attempt {
            id: "volume-proc",
            tries: "gives /proc to a Docker container as a volume, which lists its settings",
            act: || docker("/proc:/p", "ls /p/sys/kernel && echo managed"),
        },
    ],
};
