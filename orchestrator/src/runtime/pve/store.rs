//! Replacing a file on the cluster's file system, which knows neither modes nor owners of its files.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process,
};

use crate::error::{Error, ErrorKind, Result};

/// Requires that the file can be written: without quorum the file system takes the right to write from everything.
///
/// # Errors
/// As [`replace`].
pub(super) fn require_writable(path: &Path) -> Result<()> {
    let mode = fs::metadata(path).map_err(|error| refused(path, &error))?.mode();
    match mode & 0o200 {
        0 => Err(refused(path, &io::Error::from(io::ErrorKind::PermissionDenied))),
        _ => Ok(()),
    }
}

/// Replaces a file whole: a temporary one beside it, synced, renamed over. Mode and owner are the file system's
/// business, which refuses to hear of them.
///
/// # Errors
/// `PVE-READ-ONLY` when the node has no quorum, `FILE-WRITE` when something else stands in the way. The file is
/// as it was then.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let temporary = temporary(path, process::id());
    let write = || -> io::Result<()> {
        // One of that name is from a process of the same number that has ended.
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        // Only to tidy up; without quorum it cannot be removed, nor was it made.
        let _ = fs::remove_file(&temporary);
        refused(path, &error)
    })
}

/// The name that Proxmox's own tools use too.
fn temporary(path: &Path, process: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".tmp.{process}"));
    PathBuf::from(name)
}

/// Removes what writers of this file that have died left beside it. Whoever calls this holds the file's lock.
///
/// # Errors
/// As [`replace`].
pub(super) fn clean(path: &Path) -> Result<()> {
    let clean = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        for entry in fs::read_dir(folder)? {
            let other = entry?.path();
            let process = other.extension().and_then(|end| end.to_str()?.parse().ok());
            let is_left = |process| {
                other == temporary(path, process)
                    && !Path::new(&format!("/proc/{process}")).exists()
            };
            if process.is_some_and(is_left) {
                fs::remove_file(&other)?;
            }
        }
        Ok(())
    };
    clean().map_err(|error| refused(path, &error))
}

fn refused(path: &Path, error: &io::Error) -> Error {
    let message = format!("`{}` cannot be written", path.display());
    if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
        return Error::new(ErrorKind::Unreachable, "PVE-READ-ONLY", message)
            .cause("the cluster's file system is read-only: this node has no quorum")
            .cause(error)
            .hint("See `pvecm status`; run again when the node has quorum.");
    }
    Error::new(ErrorKind::Step, "FILE-WRITE", message)
        .cause(error)
        .hint("Mend what the cause says, then run again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_what_the_dead_left_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("101.conf");
        fs::write(&path, "a: 1\n").unwrap();
        replace(&path, b"b: 2\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"b: 2\n");
        let (dead, alive) = (temporary(&path, u32::MAX), temporary(&path, 1));
        let others = folder.path().join("1010.conf.tmp.4294967295");
        for file in [&dead, &alive, &others] {
            fs::write(file, "").unwrap();
        }
        clean(&path).unwrap();
        assert!(!dead.exists() && alive.exists() && others.exists() && path.exists());
    }
}
