//! Putting something else where rules expect /proc, /sys and /dev, or these where rules do not.

use std::io::Result;

use super::attempt::{Attempt, Group};
use super::sys::{bind, mount, mount_any, scratch, write_back};

fn covered_by_tmpfs(place: &str) -> Result<String> {
    mount_any("tmpfs", place, "tmpfs", 0)?;
    Ok(format!("a tmpfs covers `{place}`"))
}

fn covered_by_folder(place: &str) -> Result<String> {
    bind(&scratch("/var/tmp")?, place, false)?;
    Ok(format!("a folder covers `{place}`"))
}

fn bound(source: &str) -> Result<String> {
    let place = scratch("/mnt")?;
    bind(source, &place, true)?;
    Ok(format!("`{source}` was bound to `{place}`"))
}

fn moved(source: &str) -> Result<String> {
    let place = scratch("/mnt")?;
    // A mount below a shared one cannot be moved at all.
    let _ = mount("", "/", "", libc::MS_PRIVATE | libc::MS_REC, "");
    mount_any(source, &place, "", libc::MS_MOVE)?;
    Ok(format!("`{source}` was moved to `{place}`"))
}

pub(super) const GROUP: Group = Group {
    name: "covers, binds and moves",
    attempts: &[
        Attempt {
            id: "tmpfs-over-proc",
            tries: "mounts a tmpfs over /proc",
            act: || covered_by_tmpfs("/proc"),
        },
        Attempt {
            id: "tmpfs-over-proc-sys",
            tries: "mounts a tmpfs over /proc/sys, which may only be made read-only",
            act: || covered_by_tmpfs("/proc/sys"),
        },
        Attempt {
            id: "tmpfs-over-sysrq",
            tries: "binds a file over /proc/sysrq-trigger",
            act: || {
                let file = format!("{}/file", scratch("/var/tmp")?);
                std::fs::write(&file, "")?;
                bind(&file, "/proc/sysrq-trigger", false)?;
                Ok("a file covers it".to_owned())
            },
        },
        Attempt {
            id: "tmpfs-over-sys",
            tries: "mounts a tmpfs over /sys",
            act: || covered_by_tmpfs("/sys"),
        },
        Attempt {
            id: "tmpfs-over-dev",
            tries: "mounts a tmpfs over /dev",
            act: || covered_by_tmpfs("/dev"),
        },
        Attempt {
            id: "folder-over-proc",
            tries: "binds a folder over /proc",
            act: || covered_by_folder("/proc"),
        },
        Attempt {
            id: "folder-over-attr",
            tries: "binds a folder over the label of process 1",
            act: || covered_by_folder("/proc/1/attr"),
        },
        Attempt {
            id: "folder-over-sys",
            tries: "binds a folder over /sys",
            act: || covered_by_folder("/sys"),
        },
        Attempt { id: "bind-proc", tries: "binds /proc elsewhere", act: || bound("/proc") },
        Attempt {
            id: "bind-proc-sys",
            tries: "binds /proc/sys elsewhere",
            act: || bound("/proc/sys"),
        },
        Attempt {
            id: "bind-sysrq",
            tries: "binds /proc/sysrq-trigger elsewhere",
            act: || {
                let file = format!("{}/file", scratch("/mnt")?);
                std::fs::write(&file, "")?;
                bind("/proc/sysrq-trigger", &file, false)?;
                Ok("it was bound".to_owned())
            },
        },
        Attempt { id: "bind-sys", tries: "binds /sys elsewhere", act: || bound("/sys") },
        Attempt {
            id: "bind-root-used",
            tries: "binds / with all below it and uses the /proc there, in all the ways there are",
            act: || {
                let place = scratch("/mnt")?;
                bind("/", &place, true)?;
                let sys = format!("{place}/proc/sys");
                let _ = mount("", &sys, "", libc::MS_REMOUNT | libc::MS_BIND, "");
                let _ = super::sys::umount(&sys);
                write_back(format!("{sys}/kernel/ns_last_pid"))
            },
        },
        Attempt { id: "move-proc", tries: "moves /proc elsewhere", act: || moved("/proc") },
        Attempt { id: "move-sys", tries: "moves /sys elsewhere", act: || moved("/sys") },
        Attempt { id: "move-dev", tries: "moves /dev elsewhere", act: || moved("/dev") },
        Attempt {
            id: "move-proc-sys",
            tries: "moves /proc/sys elsewhere",
            act: || moved("/proc/sys"),
        },
    ],
};
