//! Who owns a container, and what became of those whose owner died.
//!
//! Every test container has a lock file that its process holds. The kernel lets go of it when the
//! process ends, however it ends, so a lock that can be taken belongs to a container nobody wants.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Once;

use anyhow::{Context, Result, bail};

use super::LXC_PATH;
use super::container::remove;
use crate::say;

const LOCKS: &str = "/run/phoenix-testbed";

/// What the names of all test containers begin with, unless they have to be numbers.
pub(super) const PREFIX: &str = "phx-";

/// The file inside a container's folder that says that it belongs to a test. Nothing else is ever cleaned,
/// but what has the [`PREFIX`].
const MADE: &str = "made-for-a-test";

/// The numbers for those that have to have one: of three digits, as those of most people.
const NUMBERS: std::ops::Range<u32> = 701..900;

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
            Ok(()) if !is_at(&file, &path)? => Ok(None),
            Ok(()) => Ok(Some(Self { path, _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock `{}`", path.display()))
            }
        }
    }
}

/// Whether this is still the file that others would lock, and not one that its former owner has removed
/// between our opening and our locking it.
fn is_at(file: &File, path: &Path) -> Result<bool> {
    let ours = file.metadata().context("cannot look at a lock file")?;
    match fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot look at `{}`", path.display())),
    }
}

/// Claims a number that no container has; each process begins its search elsewhere, because what a test that
/// was killed has left running, such as the holder of a lock, knows its container by the number.
pub(super) fn claim_number() -> Result<(String, Claim)> {
    // Far enough from the end for the numbers of one process to ascend.
    let begin = NUMBERS.start + std::process::id() % (NUMBERS.end - NUMBERS.start - 30);
    for number in (begin..NUMBERS.end).chain(NUMBERS.start..begin) {
        let name = number.to_string();
        if let Some(claim) = Claim::try_take(&name)?
            && !Path::new(LXC_PATH).join(&name).exists()
        {
            return Ok((name, claim));
        }
    }
    bail!("all numbers for test containers are taken")
}

/// Says in a container's folder, which is made if need be, that it may be cleaned away one day.
pub(super) fn mark(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(folder.join(MADE), ""))
        .with_context(|| format!("cannot mark `{}`", folder.display()))
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
        let ours = name.starts_with(PREFIX) || entry.path().join(MADE).exists();
        if !ours || entry.path().join(KEPT).exists() {
            continue;
        }
        if let Some(_claim) = Claim::try_take(&name)? {
            say::note(&format!("removing `{name}`, left over by a test that died"));
            remove(&name)?;
        }
    }
    Ok(())
}
