//! Mounting file systems that look into the kernel, or useful ones where nobody needs them.

use std::io::Result;

use super::attempt::{Attempt, Group};
use super::sys::{mount, mount_any, scratch};

fn elsewhere(kind: &str) -> Result<String> {
    let place = scratch("/mnt")?;
    mount_any(kind, &place, kind, 0)?;
    Ok(format!("{kind} was mounted on `{place}`"))
}

fn at(kind: &str, place: &str) -> Result<String> {
    mount_any(kind, place, kind, 0)?;
    Ok(format!("{kind} was mounted on `{place}`"))
}

pub(super) const GROUP: Group = Group {
    name: "file systems",
    attempts: &[
        Attempt {
            id: "securityfs",
            tries: "mounts securityfs in its place",
            act: || at("securityfs", "/sys/kernel/security"),
        },
        Attempt {
            id: "debugfs",
            tries: "mounts debugfs in its place",
            act: || at("debugfs", "/sys/kernel/debug"),
        },
        Attempt {
            id: "tracefs",
            tries: "mounts tracefs in its place",
            act: || at("tracefs", "/sys/kernel/tracing"),
        },
        Attempt {
            id: "debugfs-elsewhere",
            tries: "mounts debugfs elsewhere",
            act: || elsewhere("debugfs"),
        },
        Attempt {
            id: "tracefs-elsewhere",
            tries: "mounts tracefs elsewhere",
            act: || elsewhere("tracefs"),
        },
        Attempt {
            id: "configfs-elsewhere",
            tries: "mounts configfs elsewhere",
            act: || elsewhere("configfs"),
        },
        Attempt {
            id: "pstore",
            tries: "mounts the records of crashes",
            act: || elsewhere("pstore"),
        },
        Attempt {
            id: "bpffs",
            tries: "mounts the file system of BPF objects",
            act: || elsewhere("bpf"),
        },
        Attempt {
            id: "binfmt-misc",
            tries: "mounts binfmt_misc in its place",
            act: || at("binfmt_misc", "/proc/sys/fs/binfmt_misc"),
        },
        Attempt {
            id: "binfmt-misc-elsewhere",
            tries: "mounts binfmt_misc elsewhere",
            act: || elsewhere("binfmt_misc"),
        },
        Attempt {
            id: "binfmt-misc-register",
            tries: "has the host run a program of its choice for some files",
            act: || super::sys::open_to_write("/proc/sys/fs/binfmt_misc/register"),
        },
        Attempt {
            id: "proc-elsewhere",
            tries: "mounts a fresh proc elsewhere",
            act: || elsewhere("proc"),
        },
        Attempt {
            id: "sysfs-elsewhere",
            tries: "mounts a fresh sysfs elsewhere",
            act: || elsewhere("sysfs"),
        },
        Attempt {
            id: "proc-again",
            tries: "mounts a fresh proc over /proc",
            act: || at("proc", "/proc"),
        },
        Attempt {
            id: "sysfs-again",
            tries: "mounts a fresh sysfs below /sys",
            act: || at("sysfs", "/sys/fs"),
        },
        Attempt {
            id: "overlay-elsewhere",
            tries: "mounts an overlay elsewhere, whose files then have other paths",
            act: || {
                let place = scratch("/mnt")?;
                mount("overlay", &place, "overlay", libc::MS_RDONLY, "lowerdir=/etc:/opt")?;
                Ok(format!("an overlay was mounted on `{place}`"))
            },
        },
        Attempt {
            id: "fuse-elsewhere",
            tries: "mounts a FUSE file system of its own over /proc",
            act: || {
                let device =
                    std::fs::OpenOptions::new().read(true).write(true).open("/dev/fuse")?;
                let fd = std::os::fd::AsRawFd::as_raw_fd(&device);
                let data = format!("fd={fd},rootmode=40000,user_id=0,group_id=0");
                mount("phx", "/proc", "fuse.phx", 0, &data)?;
                Ok("a FUSE file system covers /proc".to_owned())
            },
        },
    ],
};
