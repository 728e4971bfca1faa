//! The journal: every event of every run, the contents that a rollback needs, and what is owed from one
//! run to the next. One SQLite file in the state folder.
//!
//! What this module does not do: it decides nothing. It is a sink of the engine, its vault and its memory.

mod codes;
#[cfg(test)]
mod compatibility;
mod contents;
mod errors;
mod memory;
mod prune;
mod quiet;
mod restarts;
mod runs;
mod schema;
mod sink;
mod standing;
mod tally;
#[cfg(test)]
mod tests;

use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use self::{
    quiet::{Entry, Quiet},
    tally::Tally,
};
use crate::error::Result;

pub use codes::CODES;
pub use prune::{Keep, Pruned};
pub use runs::RunRow;
pub use sink::JournalSink;
pub use standing::{LastRun, Standing};

/// The file's name in the state folder.
const FILE: &str = "journal.sqlite";

/// Other runs write too, each for a moment.
const BUSY: Duration = Duration::from_secs(30);

/// An open journal.
pub struct Journal {
    path: PathBuf,
    inner: Mutex<Inner>,
}

struct Inner {
    connection: Connection,
    /// What is not written yet: none of it announces an effect.
    pending: Vec<Entry>,
    /// Events of targets in which nothing was changed yet.
    quiet: Quiet,
    /// How the run leaves its targets.
    tally: Tally,
    /// Whether anything was written that the disk had to have before this went on.
    waited: bool,
}

impl Journal {
    /// Opens the journal in this state folder, and makes both if they are not there: the folder with mode
    /// 0700, the file with 0600. An older schema is brought up to date.
    ///
    /// # Errors
    /// `JOURNAL-NEWER` when a newer phoenix-orch has written it; `JOURNAL-BROKEN` when it is no journal or
    /// damaged; `STATE-DIR` and `JOURNAL-UNWRITABLE` when folder or file cannot be used. Nothing is touched
    /// then.
    pub fn open(state_dir: &Path) -> Result<Self> {
        let path = state_dir.join(FILE);
        let make = || -> io::Result<()> {
            DirBuilder::new().recursive(true).mode(0o700).create(state_dir)?;
            // SQLite gives its side files the mode of this one.
            OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map(drop)
        };
        make().map_err(|error| errors::state_dir(state_dir, &error))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&path, flags).map_err(|error| errors::of(&path, &error))?;
        let inner = Inner {
            connection,
            pending: Vec::new(),
            quiet: Quiet::default(),
            tally: Tally::default(),
            waited: false,
        };
        let journal = Self { path, inner: Mutex::new(inner) };
        schema::prepare(&journal.path, &mut journal.inner().connection)?;
        Ok(journal)
    }

    /// The same, or nothing where no journal was ever made: for whoever only reads.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_existing(state_dir: &Path) -> Result<Option<Self>> {
        match state_dir.join(FILE).try_exists() {
            Ok(false) => Ok(None),
            Ok(true) => Self::open(state_dir).map(Some),
            Err(error) => Err(errors::state_dir(state_dir, &error)),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Whoever panicked left a transaction that was never committed, and events that are still pending.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something in one transaction.
    fn transaction<T>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let mut inner = self.inner();
        inner.waited = true;
        inner.transaction(work).map_err(|error| errors::of(&self.path, &error))
    }

    /// The same, and the disk may have it later: for what is only remembered, and not relied upon.
    fn lazily<T>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let done = self.inner().lazily(|inner| inner.transaction(work));
        done.map_err(|error| errors::of(&self.path, &error))
    }

    /// Reads something.
    fn query<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        work(&self.inner().connection).map_err(|error| errors::of(&self.path, &error))
    }
}

impl Inner {
    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let behaviour = rusqlite::TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behaviour)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    /// Does something for which no disk is waited. What is written durably later takes it along, for the log is synced as a
    /// whole.
    fn lazily<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        let done = work(self);
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        done
    }
}
