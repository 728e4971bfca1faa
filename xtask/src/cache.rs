//! Folders under `target` that cost a lot to make, each named after the hash of its recipe.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The entry of this name and hash in a folder of such entries. When it is not there, `build` fills a folder beside it, which gets
/// its final name only when it is complete, so that an interrupted build is never mistaken for an entry.
/// Of many processes that ask at once one builds, and all wait. Entries of other hashes are removed.
pub(crate) fn ensure(
    folder: &Path,
    name: &str,
    hash: &str,
    build: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let entry = folder.join(format!("{name}-{hash}"));
    if entry.exists() {
        return Ok(entry);
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let lock = folder.join(format!("{name}.lock"));
    let lock =
        File::create(&lock).with_context(|| format!("cannot create `{}`", lock.display()))?;
    lock.lock().context("cannot lock the cache")?;
    // Another process may have built it while we waited for the lock.
    if entry.exists() {
        return Ok(entry);
    }
    remove_entries(folder, name)?;
    let partial = folder.join(format!("{name}-partial"));
    fs::create_dir(&partial).with_context(|| format!("cannot create `{}`", partial.display()))?;
    build(&partial)?;
    fs::rename(&partial, &entry)
        .with_context(|| format!("cannot move the result to `{}`", entry.display()))?;
    Ok(entry)
}

/// Removes everything that [`ensure`] ever made under this name.
fn remove_entries(folder: &Path, name: &str) -> Result<()> {
    let list =
        fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
    for entry in list {
        let entry = entry?;
        let file_name = entry.file_name();
        let rest = file_name.to_str().and_then(|text| text.strip_prefix(name));
        let suffix = rest.and_then(|rest| rest.strip_prefix('-'));
        // Names of other entries may begin with ours; a suffix is one word.
        if suffix.is_some_and(|suffix| !suffix.contains('-')) {
            let path = entry.path();
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
    }
    Ok(())
}

/// A short hash over parts, each closed off from the next.
pub(crate) fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
