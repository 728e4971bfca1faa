//! Where packages are kept: a folder of root alone, a file each, named by the hash of its address.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::trust::{Stop, way};

const GIB: u64 = 1024 * 1024 * 1024;
/// What is not kept yet begins with this.
const COMING: &str = ".coming-";
/// No fetch takes so long: what is older was left by a run that was killed.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// How much may be kept, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// In all; what was used longest ago goes first.
    pub(super) most: u64,
    /// Of one file.
    pub(super) largest: u64,
    /// What is left free of the file system.
    pub(super) spare: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { most: 4 * GIB, largest: GIB, spare: GIB }
    }
}

/// The folder. Several runs may use it at once: a file appears whole, and goes whole.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    limits: Limits,
}

impl Store {
    /// The folder, made if need be.
    ///
    /// # Errors
    /// In words, when it cannot be made, or others than root and the caller may look into it or change it.
    pub(super) fn open(folder: &Path, limits: Limits) -> Result<Self, String> {
        let shown = folder.display();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| format!("`{shown}` cannot be made: {error}"))?;
        let folder = way(folder).map_err(|stop| match stop {
            Stop::Untrusted(why) => why,
            Stop::Unreadable(path, error) => format!("`{}`: {error}", path.display()),
        })?;
        let mode = fs::metadata(&folder).map_err(|error| format!("`{shown}`: {error}"))?.mode();
        if mode & 0o077 != 0 {
            return Err(format!("`{shown}` has mode {:04o} and needs 0700", mode & 0o7777));
        }
        Ok(Self { folder, limits })
    }

    /// A file that is kept, and its length in bytes; it counts as used now.
    pub(super) fn find(&self, address: &str) -> Option<(File, u64)> {
        let file = File::open(self.path(address)).ok()?;
        // Without it, the file may go sooner than its turn is.
        file.set_modified(SystemTime::now()).ok();
        let length = file.metadata().ok()?.len();
        Some((file, length))
    }

    /// A place for a file of this length in bytes, that is gone with the value unless it is [kept](Self::keep).
    ///
    /// # Errors
    /// In words, when there is no room for it.
    pub(super) fn place(&self, length: u64) -> Result<NamedTempFile, String> {
        if length > self.limits.largest {
            return Err(format!("{length} bytes are more than is kept of one file"));
        }
        let words = |error: io::Error| format!("`{}`: {error}", self.folder.display());
        self.sweep(length).map_err(words)?;
        let free = rustix::fs::statvfs(&self.folder).map_err(|error| words(error.into()))?;
        if free.f_bavail.saturating_mul(free.f_frsize) < length.saturating_add(self.limits.spare) {
            return Err(format!("the file system of `{}` is nearly full", self.folder.display()));
        }
        tempfile::Builder::new().prefix(COMING).tempfile_in(&self.folder).map_err(words)
    }

    /// Keeps a file under its address from now on.
    ///
    /// # Errors
    /// In words, when that cannot be written down.
    pub(super) fn keep(&self, file: NamedTempFile, address: &str) -> Result<(), String> {
        let words = |error: io::Error| format!("`{}`: {error}", self.folder.display());
        file.as_file().sync_all().map_err(words)?;
        file.persist(self.path(address)).map_err(|error| words(error.error))?;
        Ok(())
    }

    /// Throws a file away. Whoever reads it goes on reading.
    pub(super) fn discard(&self, address: &str) {
        // That it is gone already is what is wanted; else apt goes on refusing it, and the containers fetch it by themselves.
        fs::remove_file(self.path(address)).ok();
    }

    fn path(&self, address: &str) -> PathBuf {
        let hash = Sha256::digest(address.as_bytes());
        self.folder.join(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    /// Makes room for so many bytes.
    fn sweep(&self, wanted: u64) -> io::Result<()> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Another run may have thrown it away meanwhile.
            let Ok(metadata) = entry.metadata() else { continue };
            let used = metadata.modified()?;
            let is_coming = entry.file_name().to_string_lossy().starts_with(COMING);
            if is_coming && used.elapsed().is_ok_and(|age| age > FORGOTTEN) {
                fs::remove_file(entry.path()).ok();
            } else if metadata.is_file() {
                kept.push((used, metadata.len(), entry.path(), is_coming));
            }
        }
        kept.sort();
        let mut size: u64 = kept.iter().map(|(_, length, ..)| length).sum();
        for (_, length, path, is_coming) in kept {
            if size.saturating_add(wanted) <= self.limits.most {
                break;
            }
            if !is_coming && fs::remove_file(path).is_ok() {
                size -= length;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _, os::unix::fs::PermissionsExt as _, thread, time::Duration};

    use super::{Limits, Store};

    fn keep(store: &Store, address: &str, length: usize) {
        let mut place = store.place(length as u64).unwrap();
        place.write_all(&vec![b'x'; length]).unwrap();
        store.keep(place, address).unwrap();
        // The file system's clock ticks slowly.
        thread::sleep(Duration::from_millis(20));
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits { most: 100, largest: 60, spare: 0 };
        let store = Store::open(&folder.path().join("a/b"), limits).unwrap();
        keep(&store, "one", 40);
        keep(&store, "two", 40);
        assert_eq!(store.find("one").unwrap().1, 40);
        thread::sleep(Duration::from_millis(20));
        keep(&store, "three", 50);
        assert!(store.find("one").is_some() && store.find("two").is_none());
        assert!(store.place(61).unwrap_err().contains("more than is kept"));
        store.discard("one");
        assert!(store.find("one").is_none());
        // What is given up on leaves nothing.
        drop(store.place(10).unwrap());
        assert_eq!(fs::read_dir(&store.folder).unwrap().count(), 1);
        let spare = Store { limits: Limits { spare: u64::MAX, ..limits }, ..store };
        assert!(spare.place(1).unwrap_err().contains("nearly full"));
    }

    #[test]
    fn a_folder_that_others_have_a_say_in_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        let store = Store::open(&path, Limits::default()).unwrap();
        assert_eq!(fs::metadata(&store.folder).unwrap().permissions().mode() & 0o7777, 0o700);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Store::open(&path, Limits::default()).unwrap_err().contains("needs 0700"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(Store::open(&path, Limits::default()).is_err());
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Store::open(&file, Limits::default()).is_err());
    }
}
