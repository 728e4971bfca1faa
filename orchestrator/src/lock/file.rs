//! The folder of the locks, and a lock that is held.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, OFlags, flock},
    io::Errno,
};
use sha2::{Digest, Sha256};

use super::Holder;
use crate::error::{Error, ErrorKind, Result};

/// More than this no holder writes.
const LONGEST: u64 = 4096;
/// A longer name than this is not written out.
const LONGEST_NAME: usize = 200;

/// The locks of one run.
#[derive(Debug, Clone)]
pub struct Locks {
    folder: PathBuf,
    run: String,
}

/// What came of trying to take a lock.
#[derive(Debug)]
pub enum Attempt {
    /// It is ours.
    Taken(Lock),
    /// Somebody else has it; nobody knows who, if that is still being written.
    Held(Option<Holder>),
}

/// A lock that is held until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    file: File,
    was_abandoned: bool,
}

impl Lock {
    /// Whether whoever had it before did not let go of it: that process was killed, and what it was doing may go on.
    pub fn was_abandoned(&self) -> bool {
        self.was_abandoned
    }
}

impl Locks {
    /// The locks in this state folder, for a run of this name; nothing is made yet.
    pub fn new(state_dir: &Path, run: impl Into<String>) -> Self {
        Self { folder: state_dir.join("locks"), run: run.into() }
    }

    /// Tries to take a target's lock, without waiting. Whoever gets it is named in its file from then on.
    ///
    /// # Errors
    /// `STATE-DIR` when the folder or the file cannot be used.
    pub fn attempt(&self, target: &str) -> Result<Attempt> {
        self.open(target).map_err(|error| {
            let message = format!("`{}` cannot be used", self.folder.display());
            Error::new(ErrorKind::Internal, "STATE-DIR", message)
                .cause(error)
                .hint("It must belong to root and be writable; `--state-dir` names another.")
        })
    }

    fn open(&self, target: &str) -> io::Result<Attempt> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        // The standard library closes the file in every program that is started: nobody inherits it.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(self.folder.join(file_name(target)))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut text = Vec::new();
                file.take(LONGEST).read_to_end(&mut text)?;
                return Ok(Attempt::Held(Holder::read(&text).filter(Holder::lives)));
            }
            Err(error) => return Err(error.into()),
        }
        let lock = Lock { was_abandoned: file.metadata()?.len() > 0, file };
        lock.file.set_len(0)?;
        lock.file.write_all_at(serde_json::to_string(&Holder::me(&self.run))?.as_bytes(), 0)?;
        Ok(Attempt::Taken(lock))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Words that stay name a process that has ended, and are believed by nobody.
        let _ = self.file.set_len(0);
        // Closing alone would not do while a child has the file for the moment before its program starts.
        // Should this fail, the lock is free at the end of the process at the latest.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// A name in the folder itself, and another one for each target.
fn file_name(target: &str) -> String {
    use std::fmt::Write as _;
    let mut name = String::new();
    for byte in target.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => name.push(byte.into()),
            _ => {
                let _ = write!(name, "%{byte:02x}");
            }
        }
    }
    if name.len() > LONGEST_NAME {
        name = Sha256::digest(target).iter().map(|byte| format!("{byte:02x}")).collect();
    }
    name + ".lock"
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{Attempt, Holder, Lock, Locks, file_name};

    fn taken(attempt: Attempt) -> Lock {
        match attempt {
            Attempt::Taken(lock) => lock,
            Attempt::Held(holder) => panic!("held by {holder:?}"),
        }
    }

    fn holder(attempt: Attempt) -> Option<Holder> {
        match attempt {
            Attempt::Taken(_) => panic!("it is free"),
            Attempt::Held(holder) => holder,
        }
    }

    #[test]
    fn one_has_it_and_the_other_learns_who() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|run| Locks::new(folder.path(), run));
        let lock = taken(first.attempt("web").unwrap());
        let seen = holder(second.attempt("web").unwrap()).unwrap();
        assert_eq!((&*seen.run, seen.pid), ("first", std::process::id()));
        let _other = taken(second.attempt("db").unwrap());
        drop(lock);
        let _lock = taken(second.attempt("web").unwrap());
        assert_eq!(holder(first.attempt("web").unwrap()).unwrap().run, "second");
    }

    #[test]
    fn what_is_in_the_file_keeps_nobody_out_and_names_no_dead_holder() {
        let folder = tempfile::tempdir().unwrap();
        let locks = Locks::new(folder.path(), "r");
        let path = folder.path().join("locks/web.lock");
        drop(locks.attempt("web").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"");
        let dead = r#"{"format":1,"pid":4194305,"run":"x","since":"2026-11-24T17:00:00Z"}"#;
        for text in [dead.as_bytes(), b"\xff{", &[b'x'; 100_000]] {
            fs::write(&path, text).unwrap();
            let lock = taken(locks.attempt("web").unwrap());
            assert!(lock.was_abandoned());
            fs::write(&path, text).unwrap();
            assert_eq!(holder(locks.attempt("web").unwrap()), None);
            drop(lock);
        }
        fs::write(&path, "").unwrap();
        assert!(!taken(locks.attempt("web").unwrap()).was_abandoned());
    }

    #[test]
    fn only_root_may_look() {
        let folder = tempfile::tempdir().unwrap();
        let _lock = Locks::new(folder.path(), "r").attempt("web").unwrap();
        let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!((mode("locks") & 0o7777, mode("locks/web.lock") & 0o7777), (0o700, 0o600));
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("locks"), "").unwrap();
        let error = Locks::new(folder.path(), "r").attempt("web").unwrap_err();
        assert_eq!(error.code, "STATE-DIR");
    }

    #[test]
    fn no_name_leads_out_of_the_folder_or_to_another_lock() {
        for (target, name) in [
            ("web", "web.lock"),
            ("..", "...lock"),
            ("", ".lock"),
            ("../etc/passwd", "..%2fetc%2fpasswd.lock"),
            ("a%2f", "a%252f.lock"),
            ("größer", "gr%c3%b6%c3%9fer.lock"),
        ] {
            assert_eq!(file_name(target), name);
        }
        let [long, longer] = [250, 251].map(|length| file_name(&"x".repeat(length)));
        assert!(long.len() < 255 && long != longer);
    }
}
