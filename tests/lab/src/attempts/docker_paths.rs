//! Using the mounts that Docker, runc and systemd need for something that they do not do.

use std::io::{Error, Result};
use std::process::Command;

use super::attempt::{Attempt, Group};
use super::sys::{bind, list, mount, mount_any, open_to_write, scratch, umount, write_back};

/// A folder as runc mounts a container's root on.
fn merged() -> Result<String> {
    merged_of("fuse-overlayfs")
}

/// The same of another storage driver.
fn merged_of(driver: &str) -> Result<String> {
    let path = format!("/var/lib/docker/{driver}/{:064x}/merged", std::process::id());
    std::fs::create_dir_all(&path)?;
    // The attempt ends by removing it; what is mounted there is in the attempt's own namespace.
    Ok(path)
}

fn with_proc(then: fn(&str) -> Result<String>) -> Result<String> {
    let root = merged()?;
    let proc = format!("{root}/proc");
    std::fs::create_dir_all(&proc)?;
    let result = mount("proc", &proc, "proc", 0, "").and_then(|()| then(&proc));
    let _ = umount(&proc);
    let layer = root.trim_end_matches("/merged");
    let _ = std::fs::remove_dir_all(layer);
    result
}

/// Binds a kernel's tree to a place where others may be bound or made read-only.
fn bound_at(place: &str, source: &str) -> Result<String> {
    std::fs::create_dir_all(place)?;
    let result = bind(source, place, true);
    let _ = umount(place);
    let _ = std::fs::remove_dir(place);
    result.map(|()| format!("`{source}` was bound to `{place}`"))
}

/// The same below a folder as runc mounts a container's root on.
fn bound_in_merged(source: &str) -> Result<String> {
    let root = merged()?;
    let result = bound_at(&format!("{root}/place"), source);
    let _ = std::fs::remove_dir_all(root.trim_end_matches("/merged"));
    result
}

/// A file system where runc has others.
fn mounted_in_merged(kind: &str, name: &str) -> Result<String> {
    let root = merged()?;
    let place = format!("{root}/{name}");
    std::fs::create_dir_all(&place)?;
    let result = mount_any(kind, &place, kind, 0);
    let _ = umount(&place);
    let _ = std::fs::remove_dir_all(root.trim_end_matches("/merged"));
    result.map(|()| format!("{kind} was mounted on `{place}`"))
}

/// Reads the firmware's folder through an overlay whose layer is /sys: there it has another path.
fn firmware_through(
    driver: &str,
    overlay: fn(options: &str, root: &str) -> Result<()>,
) -> Result<String> {
    let root = merged_of(driver)?;
    let options = format!("lowerdir=/sys:{}", scratch("/mnt")?);
    let firmware = format!("{root}/firmware");
    let result = overlay(&options, &root).and_then(|()| {
        // fuse-overlayfs shows a folder that it may not read as an empty one.
        match std::fs::read_dir(&firmware)?.next() {
            Some(_) => list(&firmware),
            None => Err(Error::other("nothing of it is seen through the overlay")),
        }
    });
    let _ = umount(&root);
    let _ = std::fs::remove_dir_all(root.trim_end_matches("/merged"));
    result
}

/// An overlay of the kernel's.
fn kernel_overlay(options: &str, root: &str) -> Result<()> {
    mount("overlay", root, "overlay", 0, options)
}

/// An overlay of the program that Docker uses.
fn fuse_overlay(options: &str, root: &str) -> Result<()> {
    let output = Command::new("fuse-overlayfs").args(["-o", options, root]).output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

pub(super) const GROUP: Group = Group {
    name: "Docker's own paths",
    attempts: &[
        Attempt {
            id: "merged-proc-write",
            tries: "mounts proc where runc does and writes a setting there",
            act: || with_proc(|proc| write_back(format!("{proc}/sys/kernel/ns_last_pid"))),
        },
        Attempt {
            id: "merged-proc-user",
            tries: "mounts proc where runc does and writes a limit of its user namespace there",
            act: || with_proc(|proc| write_back(format!("{proc}/sys/user/max_ipc_namespaces"))),
        },
        Attempt {
            id: "merged-proc-sysrq",
            tries: "mounts proc where runc does and opens sysrq-trigger there",
            act: || with_proc(|proc| open_to_write(format!("{proc}/sysrq-trigger"))),
        },
        Attempt {
            id: "merged-proc-bind",
            tries: "mounts proc where runc does and binds it elsewhere",
            act: || {
                with_proc(|proc| {
                    let place = scratch("/mnt")?;
                    bind(proc, &place, false)?;
                    Ok(format!("it was bound to `{place}`"))
                })
            },
        },
        Attempt {
            id: "merged-proc-move",
            tries: "mounts proc where runc does and moves it over /proc",
            act: || {
                with_proc(|proc| {
                    let _ = mount("", "/", "", libc::MS_PRIVATE | libc::MS_REC, "");
                    mount(proc, "/proc", "", libc::MS_MOVE, "")?;
                    Ok("it was moved".to_owned())
                })
            },
        },
        Attempt {
            id: "merged-rename",
            tries: "mounts proc where runc does and renames the folder above",
            act: || {
                let root = merged()?;
                let proc = format!("{root}/proc");
                std::fs::create_dir_all(&proc)?;
                mount("proc", &proc, "proc", 0, "")?;
                let moved = format!("/mnt/phx-merged-{}", std::process::id());
                std::fs::rename(&root, &moved)?;
                let result = write_back(format!("{moved}/proc/sys/kernel/ns_last_pid"));
                let _ = umount(&format!("{moved}/proc"));
                let _ = std::fs::remove_dir_all(&moved);
                result
            },
        },
        Attempt {
            id: "merged-link",
            tries: "has a symbolic link lead proc's mount from where runc does it to elsewhere",
            act: || {
                let root = merged()?;
                let place = scratch("/mnt")?;
                let link = format!("{root}/proc");
                std::os::unix::fs::symlink(&place, &link)?;
                let result = mount("proc", &link, "proc", 0, "");
                let _ = std::fs::remove_dir_all(root.trim_end_matches("/merged"));
                result.map(|()| format!("proc was mounted on `{place}`"))
            },
        },
        Attempt {
            id: "merged-fuse",
            tries: "mounts FUSE where the storage driver does, under another name",
            act: || {
                let root = merged()?;
                let device =
                    std::fs::OpenOptions::new().read(true).write(true).open("/dev/fuse")?;
                let fd = std::os::fd::AsRawFd::as_raw_fd(&device);
                let data = format!("fd={fd},rootmode=40000,user_id=0,group_id=0");
                let result = mount("phx", &root, "fuse.phx", 0, &data);
                let _ = umount(&root);
                let _ = std::fs::remove_dir_all(root.trim_end_matches("/merged"));
                result.map(|()| "it was mounted".to_owned())
            },
        },
        Attempt {
            id: "credentials-move",
            tries: "moves /proc to where systemd moves credentials",
            act: || {
                let place = format!("/run/credentials/phx-{}.service", std::process::id());
                std::fs::create_dir_all(&place)?;
                let _ = mount("", "/", "", libc::MS_PRIVATE | libc::MS_REC, "");
                let result = mount("/proc", &place, "", libc::MS_MOVE, "");
                let _ = umount(&place);
                let _ = std::fs::remove_dir(&place);
                result.map(|()| "it was moved".to_owned())
            },
        },
        Attempt {
            id: "merged-bind-proc",
            tries: "binds /proc to a place in a container's root",
            act: || bound_in_merged("/proc"),
        },
        Attempt {
            id: "merged-bind-sys",
            tries: "binds /sys to a place in a container's root",
            act: || bound_in_merged("/sys"),
        },
        Attempt {
            id: "merged-bind-hidden",
            tries: "binds /dev/.lxc to a place in a container's root",
            act: || bound_in_merged("/dev/.lxc"),
        },
        Attempt {
            id: "buildkit-bind-proc",
            tries: "binds /proc to where BuildKit makes its mounts",
            act: || bound_at("/var/lib/docker/tmp/buildkit-mount4242", "/proc"),
        },
        Attempt {
            id: "sandbox-bind-proc",
            tries: "binds /proc/sys to where systemd builds the root of a service",
            act: || bound_at("/run/systemd/mount-rootfs/phx", "/proc/sys"),
        },
        Attempt {
            id: "credentials-bind-proc",
            tries: "binds /proc/sys to where systemd lays credentials",
            act: || bound_at("/run/credentials/phx-bind.service", "/proc/sys"),
        },
        Attempt {
            id: "overlay-sys",
            tries: "reads the firmware's tables through an overlay of /sys where the storage driver mounts",
            act: || firmware_through("fuse-overlayfs", kernel_overlay),
        },
        Attempt {
            id: "overlay2-sys",
            tries: "reads the firmware's tables through an overlay of /sys where another driver mounts",
            act: || firmware_through("overlay2", kernel_overlay),
        },
        Attempt {
            id: "fuse-overlay-sys",
            tries: "reads the firmware's tables through fuse-overlayfs on /sys where Docker runs it",
            act: || firmware_through("fuse-overlayfs", fuse_overlay),
        },
        Attempt {
            id: "merged-proc-other",
            tries: "mounts proc at another place of a container's root than runc does",
            act: || mounted_in_merged("proc", "etc"),
        },
        Attempt {
            id: "merged-sysfs-other",
            tries: "mounts sysfs at another place of a container's root than runc does",
            act: || mounted_in_merged("sysfs", "etc"),
        },
    ],
};
