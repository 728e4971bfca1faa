//! Small documents that are kept from run to run, in a folder of what phoenix-orch remembers. Each spares a question whose answer
//! cannot have changed, so one that is lost costs a few milliseconds, and failures are nobody's errors.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::way;

/// No document is larger, in bytes; a larger file is none of ours.
const LARGEST: u64 = 1 << 20;
/// How many documents this process has written.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// A folder of such documents, each under a key. What stands there is believed only where nobody but root and the caller can
/// write.
#[derive(Debug)]
pub struct Kept {
    folder: Option<PathBuf>,
    most: usize,
}

impl Kept {
    /// Those of this name in the folder of what phoenix-orch remembers, and no more of them than this.
    pub fn in_folder(state_dir: &Path, name: &str, most: usize) -> Self {
        Self { folder: std::path::absolute(state_dir.join(name)).ok(), most }
    }

    /// None, and none are made.
    pub fn nowhere() -> Self {
        Self { folder: None, most: 0 }
    }

    /// What is kept under this key, if it is of this kind.
    pub fn known<T: DeserializeOwned>(&self, key: &[u8]) -> Option<T> {
        let real = way(&self.path(key)?).ok()?;
        let file = File::open(real).ok()?;
        let mut text = Vec::new();
        let read = file.take(LARGEST + 1).read_to_end(&mut text).ok()? as u64;
        (read <= LARGEST).then(|| serde_json::from_slice(&text).ok()).flatten()
    }

    /// Keeps that under this key, instead of what was there.
    pub fn keep<T: Serialize>(&self, key: &[u8], document: &T) {
        let Some(path) = self.path(key) else { return };
        let written = serde_json::to_vec(document)
            .map_err(io::Error::from)
            .and_then(|text| self.write(&path, &text));
        if let Err(error) = written {
            tracing::debug!(path = %path.display(), %error, "this is not kept for the next run");
        }
    }

    /// A newer phoenix-orch may want to know more, and asks anew.
    fn path(&self, key: &[u8]) -> Option<PathBuf> {
        let hash: String = Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{hash}-{}.json", env!("CARGO_PKG_VERSION"));
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    fn write(&self, path: &Path, text: &[u8]) -> io::Result<()> {
        let Some(folder) = path.parent() else { return Ok(()) };
        // Whoever cannot work here has no such folder, and does not begin with it.
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if !path.exists() {
            self.make_room(folder)?;
        }
        // Two units of a run may keep the same at once.
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{number}", std::process::id()));
        fs::write(&temporary, text)?;
        fs::rename(temporary, path)
    }

    /// Removes the oldest where there would be too many.
    fn make_room(&self, folder: &Path) -> io::Result<()> {
        let paths: Vec<PathBuf> =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        if paths.len() < self.most {
            return Ok(());
        }
        let mut files = Vec::new();
        for path in paths {
            // Another run may have removed it meanwhile.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            files.push((metadata.modified()?, path));
        }
        files.sort();
        let surplus = (files.len() + 1).saturating_sub(self.most);
        files.iter().take(surplus).try_for_each(|(_, path)| match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const MOST: usize = 16;

    fn kept(state_dir: &Path) -> Kept {
        Kept::in_folder(state_dir, "things", MOST)
    }

    #[test]
    fn what_was_kept_is_known_and_only_where_nobody_else_could_have_written_it() {
        let folder = tempfile::tempdir().unwrap();
        let all = kept(folder.path());
        assert_eq!(all.known::<String>(b"x"), None);
        for text in ["one", "another"] {
            all.keep(b"x", &text);
            assert_eq!(all.known(b"x"), Some(text.to_owned()));
        }
        assert_eq!(all.known::<String>(b"y"), None);
        assert_eq!(Kept::nowhere().known::<String>(b"x"), None);
        let things = folder.path().join("things");
        fs::set_permissions(&things, PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(all.known::<String>(b"x"), None);
    }

    #[test]
    fn what_is_of_another_kind_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        let all = kept(folder.path());
        all.keep(b"x", &1);
        for text in ["", "{}", "[1", &format!("1{}", " ".repeat(2 << 20))] {
            fs::write(all.path(b"x").unwrap(), text).unwrap();
            assert_eq!(all.known::<u8>(b"x"), None);
        }
        fs::write(all.path(b"x").unwrap(), "1").unwrap();
        assert_eq!(all.known(b"x"), Some(1));
    }

    #[test]
    fn there_are_never_too_many_and_nothing_is_made_where_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let all = kept(folder.path());
        for number in 0..2 * MOST {
            all.keep(&[u8::try_from(number).unwrap()], &number);
        }
        assert_eq!(fs::read_dir(folder.path().join("things")).unwrap().count(), MOST);
        assert_eq!(all.known(&[31]), Some(31));
        let missing = folder.path().join("missing");
        kept(&missing).keep(b"x", &1);
        Kept::nowhere().keep(b"x", &1);
        assert!(!missing.exists());
    }
}
