//! The lock that `pct` holds while it edits a container's configuration: the same file, and the same flock.

use std::{
    fs::{self, File},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

use crate::error::{Error, ErrorKind, Result};

/// As long as `pct` itself waits.
const PATIENCE: Duration = Duration::from_secs(10);
const INTERVAL: Duration = Duration::from_millis(10);

/// A lock that is held until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Flock(File);

/// Takes the lock of a container's configuration.
///
/// # Errors
/// `CONTAINER-CONFIG-BUSY` when somebody else holds it for longer than `pct` would wait.
pub(super) fn take(folder: &Path, container: &str) -> Result<Flock> {
    let path = folder.join(format!("pve-config-{container}.lock"));
    let refused = |cause: &dyn std::fmt::Display| {
        let message = format!("the lock `{}` could not be had", path.display());
        Error::new(ErrorKind::Unreachable, "CONTAINER-CONFIG-BUSY", message).cause(cause).hint(
            "See what holds it (`fuser -v` on the file), mostly a task of Proxmox; then run again.",
        )
    };
    fs::create_dir_all(folder).map_err(|error| refused(&error))?;
    // Closed in every program that is started, so that nobody inherits it.
    let file =
        File::options().append(true).create(true).open(&path).map_err(|error| refused(&error))?;
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
    use super::take;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("lxc");
        let held = take(&folder, "101").unwrap();
        take(&folder, "102").unwrap();
        let begin = std::time::Instant::now();
        let waiting = std::thread::spawn({
            let folder = folder.clone();
            move || take(&folder, "101").map(drop)
        });
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!waiting.is_finished(), "after {:?}", begin.elapsed());
        drop(held);
        waiting.join().unwrap().unwrap();
    }
}
