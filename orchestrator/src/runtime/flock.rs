//! The lock under which a container's configuration is edited: the one that `pct` takes on Proxmox, and the folder of
//! the container itself where LXC has no rule.

use std::{
    fs::{self, File},
    io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

use crate::error::{Error, ErrorKind, Result};

/// As long as `pct` itself waits.
const PATIENCE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(5);

/// A lock that is held until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Flock(File);

/// Takes the lock of a folder.
///
/// # Errors
/// `CONTAINER-CONFIG-BUSY` when somebody else holds it for too long, or it cannot be had.
pub(super) fn of_folder(path: &Path) -> Result<Flock> {
    take(path, || File::open(path))
}

/// Takes the lock that a file stands for, which is made if it is not there.
///
/// # Errors
/// As [`of_folder`].
pub(super) fn of_file(path: &Path) -> Result<Flock> {
    take(path, || {
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        File::options().append(true).create(true).open(path)
    })
}

/// Files that the standard library opens are closed in every program that is started, so nobody inherits the lock.
fn take(path: &Path, open: impl FnOnce() -> io::Result<File>) -> Result<Flock> {
    let refused = |cause: &dyn std::fmt::Display| {
        let message = format!("the lock `{}` could not be had", path.display());
        Error::new(ErrorKind::Unreachable, "CONTAINER-CONFIG-BUSY", message)
            .cause(cause)
            .hint("See what holds it with `fuser -v`, mostly a task of the host; then run again.")
    };
    let file = open().map_err(|error| refused(&error))?;
    let begin = Instant::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Flock(file)),
            Err(rustix::io::Errno::WOULDBLOCK) if begin.elapsed() < PATIENCE => {
                thread::sleep(INTERVAL);
            }
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(refused(&format!(
                    "somebody else held it for {} s",
                    PATIENCE.as_secs()
                )));
            }
            Err(error) => return Err(refused(&error)),
        }
    }
}

impl Drop for Flock {
    fn drop(&mut self) {
        // Closing alone would not do while a child has the file for the moment before its program starts.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

#[cfg(test)]
mod tests {
    use super::{of_file, of_folder};

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lxc/pve-config-101.lock");
        let held = of_file(&path).unwrap();
        of_file(&path.with_file_name("pve-config-102.lock")).unwrap();
        of_folder(folder.path()).unwrap();
        let waiting = std::thread::spawn(move || of_file(&path).map(drop));
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!waiting.is_finished());
        drop(held);
        waiting.join().unwrap().unwrap();
    }
}
