//! What steps have said about themselves, kept from run to run: the same file says the same again, so nobody has to
//! start its process only to hear who it is, nor to read all of it to see that it is the same. A step that is called is started all
//! the same.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::trust::Sum;
use crate::trust;

/// No step says more about itself, in bytes; a larger file is none of ours.
const LARGEST: u64 = 1 << 20;
/// How many are kept: those of all steps that a host has, and of some that it had.
const MOST: usize = 64;

/// What is known of the library at a path.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Acquaintance {
    /// Its contents.
    pub(super) sum: Sum,
    /// What the step in it has said, as a document.
    pub(super) introduction: String,
}

/// A folder of such documents, by the path of the library. What stands there decides which file is taken for which, and which
/// commands a step may run; so it is believed only where nobody but root and the caller can write.
pub struct Acquaintances {
    folder: Option<PathBuf>,
}

impl Acquaintances {
    /// Those that are kept in the folder of what phoenix-orch remembers.
    pub fn kept_in(state_dir: &Path) -> Self {
        Self { folder: std::path::absolute(state_dir.join("steps")).ok() }
    }

    /// None, and none are made.
    pub fn none() -> Self {
        Self { folder: None }
    }

    /// What is known of the library at this path, or of one that was there.
    pub(super) fn known(&self, library: &Path) -> Option<Acquaintance> {
        let real = trust::way(&self.path(library)?).ok()?;
        let file = File::open(real).ok()?;
        let mut text = Vec::new();
        let read = file.take(LARGEST + 1).read_to_end(&mut text).ok()? as u64;
        (read <= LARGEST).then(|| serde_json::from_slice(&text).ok()).flatten()
    }

    /// Keeps that. That it cannot be kept costs the next run a few milliseconds.
    pub(super) fn keep(&self, library: &Path, known: &Acquaintance) {
        let Some(path) = self.path(library) else { return };
        let written = serde_json::to_vec(known)
            .map_err(io::Error::from)
            .and_then(|text| self.write(&path, &text));
        if let Err(error) = written {
            tracing::debug!(path = %path.display(), %error, "what a step says about itself is not kept");
        }
    }

    /// A newer phoenix-orch may read more in it, and loads anew. A step's process knows the path of its library, so the same
    /// file elsewhere may say something else.
    fn path(&self, library: &Path) -> Option<PathBuf> {
        let hash = Sha256::digest(library.as_os_str().as_bytes());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
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
        make_room(folder)?;
        let temporary = path.with_extension(std::process::id().to_string());
        fs::write(&temporary, text)?;
        fs::rename(temporary, path)
    }
}

/// Removes the oldest where there are too many.
fn make_room(folder: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let surplus = (files.len() + 1).saturating_sub(MOST);
    files.iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const X: &str = "/x.so";

    fn known(folder: &Path, sha256: &str) -> Acquaintance {
        let file = folder.join("library");
        fs::write(&file, "x").unwrap();
        let metadata = fs::metadata(&file).unwrap();
        let sum = Sum::new(sha256.to_owned(), &metadata, std::time::SystemTime::now(), &metadata);
        Acquaintance { sum, introduction: "{}".to_owned() }
    }

    #[test]
    fn what_was_kept_is_known_and_only_where_nobody_else_could_have_written_it() {
        let folder = tempfile::tempdir().unwrap();
        let all = Acquaintances::kept_in(folder.path());
        let x = Path::new(X);
        assert!(all.known(x).is_none());
        for sha256 in ["ab", "cd"] {
            let new = known(folder.path(), sha256);
            all.keep(x, &new);
            assert_eq!(all.known(x).unwrap(), new);
        }
        assert!(all.known(Path::new("/y.so")).is_none());
        assert!(Acquaintances::none().known(x).is_none());
        let steps = folder.path().join("steps");
        fs::set_permissions(&steps, PermissionsExt::from_mode(0o777)).unwrap();
        assert!(all.known(x).is_none());
    }

    #[test]
    fn what_is_no_acquaintance_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let all = Acquaintances::kept_in(folder.path());
        let x = Path::new(X);
        all.keep(x, &known(folder.path(), "ab"));
        for text in ["", "{}", "[1", &"x".repeat(2 << 20)] {
            fs::write(all.path(x).unwrap(), text).unwrap();
            assert!(all.known(x).is_none());
        }
    }

    #[test]
    fn there_are_never_too_many_and_nothing_is_made_where_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let all = Acquaintances::kept_in(folder.path());
        let library = |number: usize| PathBuf::from(format!("/{number}.so"));
        let new = known(folder.path(), "ab");
        for number in 0..MOST + 9 {
            all.keep(&library(number), &new);
        }
        let steps = folder.path().join("steps");
        assert_eq!(fs::read_dir(&steps).unwrap().count(), MOST);
        assert!(all.known(&library(MOST + 8)).is_some());
        let missing = folder.path().join("missing");
        Acquaintances::kept_in(&missing).keep(Path::new(X), &new);
        assert!(!missing.exists());
    }
}
