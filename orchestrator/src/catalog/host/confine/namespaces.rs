//! Namespaces of its own: no network, no processes but its own, and a root in which there is nothing but
//! the shared libraries of the machine, read-only.

use std::{
    fs, io,
    os::fd::{AsRawFd, BorrowedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{fstat, stat},
    mount::{
        MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change,
        mount_remount, unmount,
    },
    process::{chdir, getegid, geteuid, getpid, pivot_root},
    thread::{UnshareFlags, unshare_unsafe},
};

use super::{LIBRARIES, Mechanism};

/// Where the new root is put together, in a mount namespace of our own: a folder that every machine has.
const PLACE: &str = "/tmp";

/// The library in the new root.
const STEP: &str = "/step.so";

/// Enters what namespaces can be had, and says where the library is then.
pub(super) fn enter(library: BorrowedFd<'_>) -> (Vec<Mechanism>, PathBuf) {
    // This one is made by whoever starts a process, and the process is the first in it.
    let mut mechanisms = vec![match getpid().is_init() {
        true => Mechanism::holds("process namespace"),
        false => Mechanism::missing(
            "process namespace",
            "a process has to be started in one, by root with CAP_SYS_ADMIN",
        ),
    }];
    let open = PathBuf::from(format!("/proc/self/fd/{}", library.as_raw_fd()));
    if let Err(error) = user_namespace() {
        mechanisms.push(Mechanism::missing("other namespaces", error));
        return (mechanisms, open);
    }
    for (name, flag) in [
        ("network namespace", UnshareFlags::NEWNET),
        ("IPC namespace", UnshareFlags::NEWIPC),
        ("UTS namespace", UnshareFlags::NEWUTS),
    ] {
        mechanisms.push(unshared(name, flag));
    }
    let empty_root = "mount namespace with an empty root";
    match unshare(UnshareFlags::NEWNS).and_then(|()| new_root(library)) {
        Ok(()) => {
            mechanisms.push(Mechanism::holds(empty_root));
            (mechanisms, PathBuf::from(STEP))
        }
        Err(error) => {
            mechanisms.push(Mechanism::missing(empty_root, error));
            (mechanisms, open)
        }
    }
}

fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: descriptors are not unshared, and there are no other threads.
    Ok(unsafe { unshare_unsafe(flags) }?)
}

fn unshared(name: &str, flag: UnshareFlags) -> Mechanism {
    match unshare(flag) {
        Ok(()) => Mechanism::holds(name),
        Err(error) => Mechanism::missing(name, error),
    }
}

/// Whoever is no root may make namespaces only in a user namespace, where they stay who they are.
fn user_namespace() -> io::Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    if uid.is_root() {
        return Ok(());
    }
    unshare(UnshareFlags::NEWUSER)?;
    let (uid, gid) = (uid.as_raw(), gid.as_raw());
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}

/// The open file by its name in this namespace: what is open still belongs to the old one, from which
/// nothing can be mounted.
fn same_here(file: BorrowedFd<'_>) -> io::Result<PathBuf> {
    let path = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    let (open, here) = (fstat(file)?, stat(&path)?);
    match (open.st_dev, open.st_ino) == (here.st_dev, here.st_ino) {
        true => Ok(path),
        false => Err(io::Error::other("another file is at its place now")),
    }
}

/// Makes a root with nothing but [`LIBRARIES`] and the step, and forgets the old one.
fn new_root(library: BorrowedFd<'_>) -> io::Result<()> {
    let quiet = MountFlags::NOSUID | MountFlags::NODEV;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private)?;
    mount("phoenix-orch", PLACE, "tmpfs", quiet, c"size=64k,mode=755")?;
    let bind = |from: &Path, to: &Path| -> io::Result<()> {
        mount_bind(from, to)?;
        Ok(mount_remount(to, MountFlags::BIND | MountFlags::RDONLY | quiet, "")?)
    };
    let place = Path::new(PLACE);
    for name in LIBRARIES {
        let (from, to) = (Path::new("/").join(name), place.join(name));
        let Ok(metadata) = fs::symlink_metadata(&from) else { continue };
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        if metadata.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&from)?, &to)?;
            continue;
        }
        match metadata.is_dir() {
            true => fs::create_dir(&to)?,
            false => fs::write(&to, "")?,
        }
        bind(&from, &to)?;
    }
    let step = place.join(STEP.trim_start_matches('/'));
    fs::write(&step, "")?;
    bind(&same_here(library)?, &step)?;
    chdir(PLACE)?;
    // The old root comes to lie on the new one, and is taken away with everything below it.
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    chdir("/")?;
    Ok(mount_remount("/", MountFlags::BIND | MountFlags::RDONLY | quiet, "")?)
}
