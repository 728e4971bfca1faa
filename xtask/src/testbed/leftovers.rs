//! Who owns a container, and what became of those whose owner died.
//!
//! Every test container has a lock file that its process holds. The kernel lets go of it when the
//! process ends, however it ends, so a lock that can be taken belongs to a container nobody wants.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Once;

use anyhow::{Context, Result, bail};

use super::LXC_PATH;
use super::container::remove;
use crate::say;

const LOCKS: &str = "/run/phoenix-testbed";

/// What the names of all test containers begin with. Nothing else is ever cleaned.
pub(super) const PREFIX: &str = "phx-";

/// The file inside a container's folder that says it is to be kept for looking around.
pub(super) const KEPT: &str = "kept-for-looking-around";

/// The claim of this process on one container name.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    _file: File,
}

impl Claim {
    /// Claims a name before anything of the container exists, so that no cleaner mistakes it.
    pub(super) fn take(name: &str) -> Result<Self> {
        match Self::try_take(name)? {
            Some(claim) => Ok(claim),
            None => bail!("the container `{name}` belongs to another process that is alive"),
        }
    }

    fn try_take(name: &str) -> Result<Option<Self>> {
        fs::create_dir_all(LOCKS).with_context(|| format!("cannot create `{LOCKS}`"))?;
        let path = Path::new(LOCKS).join(format!("{name}.lock"));
        let file =
            File::create(&path).with_context(|| format!("cannot create `{}`", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path, _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock `{}`", path.display()))
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // A lock file that stays behind is harmless, and there is nobody to tell.
        let _ = fs::remove_file(&self.path);
    }
}

/// Destroys the test containers of processes that are gone; once per process is enough.
pub(super) fn clean_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A leftover that cannot be removed must not fail a test that has nothing to do with it.
        if let Err(error) = clean() {
            say::note(&format!("leftovers of earlier tests stay: {error:#}"));
        }
    });
}

fn clean() -> Result<()> {
    for entry in fs::read_dir(LXC_PATH).with_context(|| format!("cannot list `{LXC_PATH}`"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(PREFIX) || entry.path().join(KEPT).exists() {
            continue;
        }
        if let Some(_claim) = Claim::try_take(&name)? {
            say::note(&format!("removing `{name}`, left over by a test that died"));
            remove(&name)?;
        }
    }
    Ok(())
}
