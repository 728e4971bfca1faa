//! Another root, below which the same files have other paths.

use std::io::Result;
use std::path::Path;

use super::attempt::{Attempt, Group};
use super::sys::{bind, mount, pivot, scratch, umount, write_back};

/// Makes a root at `place` by binding / there and changes into it, the old root below it; then tries
/// what the paths of both would let through.
fn pivoted(place: &str) -> Result<String> {
    std::fs::create_dir_all(place)?;
    let _ = mount("", "/", "", libc::MS_PRIVATE | libc::MS_REC, "");
    bind("/", place, true)?;
    // The old root must lie in the new one; /mnt is empty in both.
    pivot(place, &format!("{place}/mnt"))?;
    std::env::set_current_dir("/")?;
    let old = "/mnt/proc/sys";
    let _ = mount("", old, "", libc::MS_REMOUNT | libc::MS_BIND, "");
    let _ = umount(old);
    write_back(format!("{old}/kernel/ns_last_pid"))
        .or_else(|_| write_back("/mnt/dev/.lxc/proc/sys/kernel/ns_last_pid"))
}

/// Like [`pivoted`] with `chroot`.
fn rooted(place: &str) -> Result<String> {
    std::fs::create_dir_all(place)?;
    bind("/", place, true)?;
    std::os::unix::fs::chroot(place)?;
    std::env::set_current_dir("/")?;
    let _ = mount("", "/proc/sys", "", libc::MS_REMOUNT | libc::MS_BIND, "");
    let _ = umount("/proc/sys");
    write_back("/proc/sys/kernel/ns_last_pid")
        .or_else(|_| write_back("/dev/.lxc/proc/sys/kernel/ns_last_pid"))
}

fn merged() -> String {
    format!("/var/lib/docker/fuse-overlayfs/{:064x}/merged", std::process::id())
}

fn clean(place: &str, result: Result<String>) -> Result<String> {
    // Only an empty folder goes; after a pivot the path leads to something else.
    let _ = std::fs::remove_dir(place);
    if let Some(layer) = Path::new(place).parent() {
        let _ = std::fs::remove_dir(layer);
    }
    result
}

pub(super) const GROUP: Group = Group {
    name: "another root",
    attempts: &[
        Attempt {
            id: "pivot-mnt",
            tries: "makes / its new root elsewhere and uses the old /proc",
            act: || pivoted(&scratch("/var/tmp")?),
        },
        Attempt {
            id: "pivot-systemd",
            tries: "does so where systemd makes the root of a service",
            act: || pivoted("/run/systemd/unit-root"),
        },
        Attempt {
            id: "pivot-mount-rootfs",
            tries: "does so where newer systemd makes the root of a service",
            act: || pivoted("/run/systemd/mount-rootfs"),
        },
        Attempt {
            id: "pivot-merged",
            tries: "does so where runc makes the root of a container",
            act: || clean(&merged(), pivoted(&merged())),
        },
        Attempt {
            id: "chroot-mnt",
            tries: "changes its root with chroot and uses the /proc there",
            act: || rooted(&scratch("/var/tmp")?),
        },
        Attempt {
            id: "chroot-merged",
            tries: "does so where runc makes the root of a container",
            act: || clean(&merged(), rooted(&merged())),
        },
        Attempt {
            id: "chroot-fresh-proc",
            tries: "mounts a fresh proc on the /proc of a new root",
            act: || {
                let place = scratch("/mnt")?;
                std::fs::create_dir_all(format!("{place}/proc"))?;
                std::os::unix::fs::chroot(&place)?;
                std::env::set_current_dir("/")?;
                mount("proc", "/proc", "proc", 0, "")?;
                Ok("it was mounted".to_owned())
            },
        },
    ],
};
