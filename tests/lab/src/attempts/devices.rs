//! The host's devices.

use std::io::Result;

use super::attempt::{Attempt, Group};
use super::sys::{c, mount, ok, open_to_write, read_byte, scratch};

/// Makes a device node, reads a byte through it, and removes it.
fn node(kind: libc::mode_t, major: u32, minor: u32) -> Result<String> {
    let path = format!("{}/node", scratch("/var/tmp")?);
    let name = c(&path);
    // SAFETY: the pointer leads to a string that lives until the end of this function.
    ok(unsafe { libc::mknod(name.as_ptr(), kind | 0o600, libc::makedev(major, minor)) }.into())?;
    let result = read_byte(&path);
    std::fs::remove_file(&path)?;
    result
}

/// The numbers of the device that the container's own root lies on.
fn root_device() -> Result<(u32, u32)> {
    let device = std::os::unix::fs::MetadataExt::dev(&std::fs::metadata("/")?);
    Ok((libc::major(device), libc::minor(device)))
}

pub(super) const GROUP: Group = Group {
    name: "devices",
    attempts: &[
        Attempt {
            id: "disk-node",
            tries: "makes a node for the host's disk and reads it",
            act: || root_device().and_then(|(major, minor)| node(libc::S_IFBLK, major, minor)),
        },
        Attempt {
            id: "memory-node",
            tries: "makes a node for the machine's memory and reads it",
            act: || node(libc::S_IFCHR, 1, 1),
        },
        Attempt {
            id: "kmsg-node",
            tries: "makes a node for the kernel's log and reads it",
            act: || node(libc::S_IFCHR, 1, 11),
        },
        Attempt {
            id: "loop-control",
            tries: "asks for a loop device",
            act: || open_to_write("/dev/loop-control"),
        },
        Attempt {
            id: "disk-mount",
            tries: "mounts the host's root file system",
            act: || {
                let place = scratch("/mnt")?;
                mount("/dev/vda", &place, "ext4", libc::MS_RDONLY, "")?;
                Ok("the host's disk was mounted".to_owned())
            },
        },
        Attempt {
            id: "devtmpfs",
            tries: "mounts the host's /dev",
            act: || {
                let place = scratch("/mnt")?;
                mount("devtmpfs", &place, "devtmpfs", 0, "")?;
                Ok("the host's /dev was mounted".to_owned())
            },
        },
        Attempt {
            id: "block-knob",
            tries: "changes the queue of the host's disk",
            act: || {
                let (major, minor) = root_device()?;
                open_to_write(format!("/sys/dev/block/{major}:{minor}/queue/read_ahead_kb"))
            },
        },
    ],
};
