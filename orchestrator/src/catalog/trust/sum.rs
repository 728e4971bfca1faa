//! The SHA-256 of a file, and by what it is known that the file has not changed since.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// File systems count in ticks of some milliseconds, and what is written twice within one looks as if it were written once.
const TICK: Duration = Duration::from_secs(2);

/// A sum that was made by reading the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::catalog) struct Sum {
    /// In lower-case hexadecimal.
    pub(in crate::catalog) sha256: String,
    /// Which file it is of. Nothing if that had been changed so shortly before that a further change could go unnoticed.
    of: Option<Identity>,
}

/// What differs as soon as somebody has written to a file, or put another one in its place. The kernel sets the time of
/// the last change by itself, so that nobody but who rules over its clock and its disks can write and leave it as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Sum {
    /// Of a file that looked like this before it was read, which began at this moment, and like that afterwards.
    pub(in crate::catalog) fn new(
        sha256: String,
        before: &Metadata,
        began: SystemTime,
        after: &Metadata,
    ) -> Self {
        let identity = Identity::of(before);
        let limit = began.checked_sub(TICK).and_then(|it| it.duration_since(UNIX_EPOCH).ok());
        let settled = limit.is_some_and(|limit| {
            i64::try_from(limit.as_secs()).is_ok_and(|limit| identity.changed.0 < limit)
        });
        let of = (settled && identity == Identity::of(after)).then_some(identity);
        Self { sha256, of }
    }

    /// Whether it is that of this file, as it is now.
    pub(super) fn is_of(&self, metadata: &Metadata) -> bool {
        self.of.as_ref() == Some(&Identity::of(metadata))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        io::Write as _,
    };

    use super::*;

    fn later() -> SystemTime {
        SystemTime::now() + 2 * TICK
    }

    fn sum(metadata: &Metadata, began: SystemTime) -> Sum {
        Sum::new("ab".to_owned(), metadata, began, metadata)
    }

    #[test]
    fn a_file_is_known_until_anything_was_done_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "x").unwrap();
        let metadata = || fs::metadata(&path).unwrap();
        let known = sum(&metadata(), later());
        assert!(known.is_of(&metadata()));

        // The same length, and the same time of modification.
        let modified = metadata().modified().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&path, "y").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(metadata().modified().unwrap(), modified);
        assert!(!known.is_of(&metadata()));

        let known = sum(&metadata(), later());
        fs::rename(&path, folder.path().join("old")).unwrap();
        fs::copy(folder.path().join("old"), &path).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert!(!known.is_of(&metadata()));
    }

    #[test]
    fn one_that_has_just_changed_or_changes_meanwhile_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut file = File::create(&path).unwrap();
        let before = file.metadata().unwrap();
        assert!(!sum(&before, SystemTime::now()).is_of(&before));
        assert!(!sum(&before, UNIX_EPOCH).is_of(&before));
        file.write_all(b"x").unwrap();
        let after = file.metadata().unwrap();
        let known = Sum::new("ab".to_owned(), &before, later(), &after);
        assert!(!known.is_of(&before) && !known.is_of(&after));
    }
}
