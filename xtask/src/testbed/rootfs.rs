//! The files of a container, made and reached from the host.
//!
//! Every path is resolved by the kernel as if the container's root were `/`, so a symbolic link in
//! the container never leads to a file of the host.

use std::fs::{File, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{Gid, Mode, OFlags, ResolveFlags, Uid, fchown, mkdirat, openat2};
use rustix::io::Errno;

use super::FIRST_ID;

/// The root folder of one container, as the host sees it.
#[derive(Debug, Clone)]
pub(super) struct Rootfs(PathBuf);

impl Rootfs {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Reads a whole file.
    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path, OFlags::RDONLY)
            .map_err(std::io::Error::from)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .with_context(|| format!("cannot read `{path}` of the container"))?;
        Ok(bytes)
    }

    /// Whether something is there, a dangling link excepted.
    pub(super) fn exists(&self, path: &str) -> Result<bool> {
        match self.open(path, OFlags::PATH) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot look for `{path}`")),
        }
    }

    /// Writes a whole file with this mode, owned by the container's root; makes missing folders.
    pub(super) fn write(&self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        self.try_write(path, bytes, mode)
            .with_context(|| format!("cannot write `{path}` of the container"))
    }

    fn try_write(&self, path: &str, bytes: &[u8], mode: u32) -> std::io::Result<()> {
        if let Some(folder) = Path::new(path).parent() {
            self.make_folders(folder)?;
        }
        let mut file = self.open(path, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
        file.write_all(bytes)?;
        give_to_container_root(&file)?;
        file.set_permissions(Permissions::from_mode(mode))
    }

    fn make_folders(&self, folder: &Path) -> std::io::Result<()> {
        let folder_text = folder.to_string_lossy();
        match self.open(&folder_text, OFlags::PATH | OFlags::DIRECTORY) {
            Ok(_) => return Ok(()),
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
            return Err(ErrorKind::InvalidInput.into());
        };
        self.make_folders(parent)?;
        let parent = self.open(&parent.to_string_lossy(), OFlags::RDONLY | OFlags::DIRECTORY)?;
        mkdirat(&parent, name, Mode::from_raw_mode(0o755))?;
        give_to_container_root(&self.open(&folder_text, OFlags::RDONLY | OFlags::DIRECTORY)?)
    }

    fn open(&self, path: &str, flags: OFlags) -> Result<File, Errno> {
        let root = rustix::fs::open(&self.0, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let mode = if flags.contains(OFlags::CREATE) { 0o600 } else { 0 };
        let flags = flags | OFlags::CLOEXEC;
        openat2(root, path, flags, Mode::from_raw_mode(mode), ResolveFlags::IN_ROOT).map(File::from)
    }
}

fn give_to_container_root(file: &File) -> std::io::Result<()> {
    let (uid, gid) = (Uid::from_raw(FIRST_ID), Gid::from_raw(FIRST_ID));
    Ok(fchown(file, Some(uid), Some(gid))?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_in_the_container_does_not_lead_to_the_host() {
        let root = tempfile::tempdir().unwrap();
        let rootfs = Rootfs::new(root.path().to_owned());
        std::fs::create_dir(root.path().join("etc")).unwrap();
        std::fs::write(root.path().join("etc/passwd"), "inside").unwrap();
        symlink("/etc/passwd", root.path().join("link")).unwrap();
        symlink("../../../../../etc/passwd", root.path().join("up")).unwrap();
        assert_eq!(rootfs.read("/link").unwrap(), b"inside");
        assert_eq!(rootfs.read("/up").unwrap(), b"inside");
        assert!(!rootfs.exists("/nothing").unwrap());
    }
}
