//! How a container gets a root file system of its own from the shared image.

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::FIRST_ID;
use super::image::Image;
use super::options::Disk;
use crate::{process, say};

/// Fills `<folder>/rootfs`, which is made together with whatever else the disk needs.
pub(super) fn lay(disk: Disk, image: &Image, folder: &Path) -> Result<()> {
    let rootfs = folder.join("rootfs");
    fs::create_dir_all(&rootfs).with_context(|| format!("cannot create `{}`", rootfs.display()))?;
    match disk {
        Disk::Overlay => match overlay(image, folder, &rootfs) {
            Ok(()) => return Ok(()),
            // An overlay cannot lie on an overlay, which is where some CI machines put everything.
            Err(error) => say::note(&format!("copying the image, for {error:#}")),
        },
        Disk::Folder => {}
        Disk::Taken => {
            return fs::rename(image.root(), &rootfs).with_context(|| {
                format!("cannot move `{}` to `{}`", image.root().display(), rootfs.display())
            });
        }
        Disk::Memory(mib) => mount_on(&rootfs, "tmpfs", &format!("size={mib}m,mode=0755"))?,
    }
    copy(image, &rootfs)
}

/// Undoes the mount that [`lay`] may have made; fine if there is none.
pub(super) fn unmount_from(folder: &Path) -> Result<()> {
    let rootfs = folder.join("rootfs");
    match unmount(&rootfs, UnmountFlags::DETACH) {
        // It is no mount point, or was not even made.
        Ok(()) | Err(Errno::INVAL | Errno::NOENT) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot unmount `{}`", rootfs.display())),
    }
}

fn overlay(image: &Image, folder: &Path, rootfs: &Path) -> Result<()> {
    let [upper, work] = ["upper", "work"].map(|name| folder.join(name));
    for made in [&upper, &work] {
        fs::create_dir_all(made).with_context(|| format!("cannot create `{}`", made.display()))?;
        chown(made, Some(FIRST_ID), Some(FIRST_ID))
            .with_context(|| format!("cannot hand `{}` over", made.display()))?;
    }
    // Volatile: nothing of a test container must survive a power failure, and without it every
    // package that dpkg unpacks would wait for the disk.
    let options = format!(
        "lowerdir={},upperdir={},workdir={},volatile",
        image.root().display(),
        upper.display(),
        work.display()
    );
    mount_on(rootfs, "overlay", &options)
}

fn mount_on(path: &Path, kind: &str, options: &str) -> Result<()> {
    let data = CString::new(options).context("a path with a NUL byte")?;
    mount(kind, path, kind, MountFlags::empty(), data.as_c_str())
        .with_context(|| format!("no {kind} can be mounted on `{}`", path.display()))
}

fn copy(image: &Image, rootfs: &Path) -> Result<()> {
    let mut command = Command::new("cp");
    command.args(["--archive", "--reflink=auto", "--no-target-directory"]);
    process::quiet(command.arg(image.root()).arg(rootfs))?;
    Ok(())
}
