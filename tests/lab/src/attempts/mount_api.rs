//! The new mount API, which AppArmor does not see on older kernels.

use std::io::Result;
use std::os::fd::{AsRawFd, OwnedFd};

use super::attempt::{Attempt, Group};
use super::sys::{c, call, call_fd, open_at_to_write, scratch, write_back};

const FSCONFIG_CMD_CREATE: usize = 6;
const MOVE_MOUNT_F_EMPTY_PATH: usize = 4;
const OPEN_TREE_CLONE: usize = 1;
const AT_RECURSIVE: usize = 0x8000;
const CWD: usize = libc::AT_FDCWD as usize;

fn number(fd: &OwnedFd) -> usize {
    fd.as_raw_fd() as usize
}

/// A fresh file system that is mounted nowhere yet.
fn fresh(kind: &str) -> Result<OwnedFd> {
    let kind = c(kind);
    let context = call_fd(libc::SYS_fsopen, [kind.as_ptr() as usize, 0, 0, 0, 0])?;
    call(libc::SYS_fsconfig, [number(&context), FSCONFIG_CMD_CREATE, 0, 0, 0])?;
    call_fd(libc::SYS_fsmount, [number(&context), 0, 0, 0, 0])
}

/// A copy of a mount that is mounted nowhere yet.
fn copy(path: &str, flags: usize) -> Result<OwnedFd> {
    let path = c(path);
    call_fd(libc::SYS_open_tree, [CWD, path.as_ptr() as usize, OPEN_TREE_CLONE | flags, 0, 0])
}

fn attach(tree: &OwnedFd, place: &str) -> Result<String> {
    let (from, to) = (c(""), c(place));
    let arguments =
        [number(tree), from.as_ptr() as usize, CWD, to.as_ptr() as usize, MOVE_MOUNT_F_EMPTY_PATH];
    call(libc::SYS_move_mount, arguments)?;
    Ok(format!("it was mounted on `{place}`"))
}

fn set_writable(path: &str) -> Result<()> {
    let path = c(path);
    // Sets nothing, clears "read-only", leaves propagation and the user namespace alone.
    let attributes: [u64; 4] = [0, 1, 0, 0];
    let address = attributes.as_ptr() as usize;
    call(libc::SYS_mount_setattr, [CWD, path.as_ptr() as usize, 0, address, 32]).map(drop)
}

pub(super) const GROUP: Group = Group {
    name: "new mount API",
    attempts: &[
        Attempt {
            id: "fsmount-proc",
            tries: "mounts a fresh proc elsewhere",
            act: || attach(&fresh("proc")?, &scratch("/mnt")?),
        },
        Attempt {
            id: "fsmount-sysfs",
            tries: "mounts a fresh sysfs elsewhere",
            act: || attach(&fresh("sysfs")?, &scratch("/mnt")?),
        },
        Attempt {
            id: "fsmount-tmpfs",
            tries: "mounts a tmpfs over /proc",
            act: || attach(&fresh("tmpfs")?, "/proc"),
        },
        Attempt {
            id: "fsmount-detached",
            tries: "writes a setting in a fresh proc that it mounts nowhere",
            act: || open_at_to_write(&fresh("proc")?, "sys/kernel/ns_last_pid"),
        },
        Attempt {
            id: "tree-proc",
            tries: "mounts a copy of /proc elsewhere",
            act: || attach(&copy("/proc", AT_RECURSIVE)?, &scratch("/mnt")?),
        },
        Attempt {
            id: "tree-over-proc",
            tries: "mounts a folder over /proc",
            act: || attach(&copy(&scratch("/var/tmp")?, 0)?, "/proc"),
        },
        Attempt {
            id: "tree-hidden",
            tries: "writes a setting in a copy of /dev/.lxc/proc that it mounts nowhere",
            act: || open_at_to_write(&copy("/dev/.lxc/proc", 0)?, "sys/kernel/ns_last_pid"),
        },
        Attempt {
            id: "tree-root",
            tries: "writes a setting in a copy of / with all below it that it mounts nowhere",
            act: || {
                open_at_to_write(&copy("/", AT_RECURSIVE)?, "dev/.lxc/proc/sys/kernel/ns_last_pid")
            },
        },
        Attempt {
            id: "move-mount-proc",
            tries: "moves /proc elsewhere",
            act: || {
                let (from, to) = (c("/proc"), c(&scratch("/mnt")?));
                let pointers = (from.as_ptr() as usize, to.as_ptr() as usize);
                call(libc::SYS_move_mount, [CWD, pointers.0, CWD, pointers.1, 0])?;
                Ok("it was moved".to_owned())
            },
        },
        Attempt {
            id: "setattr",
            tries: "makes /proc/sys writable",
            act: || set_writable("/proc/sys").map(|()| "the mount is writable".to_owned()),
        },
        Attempt {
            id: "setattr-used",
            tries: "makes /proc/sys writable and writes a setting",
            act: || {
                set_writable("/proc/sys")?;
                write_back("/proc/sys/kernel/ns_last_pid")
            },
        },
        Attempt {
            id: "fspick",
            tries: "takes /proc to change its options",
            act: || {
                let path = c("/proc");
                call_fd(libc::SYS_fspick, [CWD, path.as_ptr() as usize, 0, 0, 0])?;
                Ok("it may be changed".to_owned())
            },
        },
    ],
};
