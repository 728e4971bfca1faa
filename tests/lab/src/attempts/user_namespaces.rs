//! User namespaces of its own, in which a process has every capability again.

use std::io::Result;

use super::attempt::{Attempt, Group};
use super::sys::{mount, scratch, umount, unshare, write_back};

fn nested(then: fn() -> Result<String>) -> Result<String> {
    unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS)?;
    // Root maps itself; a plain process may do this too.
    let _ = std::fs::write("/proc/self/setgroups", "deny");
    std::fs::write("/proc/self/uid_map", "0 0 1")?;
    std::fs::write("/proc/self/gid_map", "0 0 1")?;
    then()
}

pub(super) const GROUP: Group = Group {
    name: "nested user namespaces",
    attempts: &[
        Attempt {
            id: "userns-tmpfs-over-proc",
            tries: "covers /proc in a user namespace of its own",
            act: || {
                nested(|| {
                    mount("tmpfs", "/proc", "tmpfs", 0, "")?;
                    Ok("a tmpfs covers /proc".to_owned())
                })
            },
        },
        Attempt {
            id: "userns-proc",
            tries: "mounts a fresh proc elsewhere in user and process namespaces of its own",
            act: || {
                nested(|| {
                    let place = scratch("/tmp")?;
                    mount("proc", &place, "proc", 0, "")?;
                    Ok("it was mounted".to_owned())
                })
            },
        },
        Attempt {
            id: "userns-overlay",
            tries: "mounts an overlay in a user namespace of its own",
            act: || {
                nested(|| {
                    mount("overlay", &scratch("/tmp")?, "overlay", 0, "lowerdir=/etc:/opt")?;
                    Ok("it was mounted".to_owned())
                })
            },
        },
        Attempt {
            id: "userns-remount",
            tries: "takes back what is read-only in a user namespace of its own",
            act: || {
                nested(|| {
                    let _ = mount("", "/proc/sys", "", libc::MS_REMOUNT | libc::MS_BIND, "");
                    let _ = umount("/proc/sys");
                    write_back("/proc/sys/kernel/ns_last_pid")
                })
            },
        },
    ],
};
