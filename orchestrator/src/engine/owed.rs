//! Verification that is still owed: by a unit that changed something and was not verified since, because
//! the evidence did not hold, the run was interrupted or the machine went down, and by all units that stand
//! on what it changed. A run that finds nothing to change in them must not call that fine.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, ErrorKind, Result},
    graph::Unit,
};

/// A folder with one empty file for each unit that owes its verification.
#[derive(Debug, Clone)]
pub struct Owed {
    folder: PathBuf,
}

impl Owed {
    /// In this state folder; nothing is made yet.
    pub fn new(state_dir: &Path) -> Self {
        Self { folder: state_dir.join("owed") }
    }

    fn path(&self, unit: &Unit) -> PathBuf {
        self.folder.join(format!("{}@{}", unit.step, unit.target))
    }

    /// Whether the unit owes its verification.
    ///
    /// # Errors
    /// `STATE-DIR` when the folder cannot be read.
    pub fn is(&self, unit: &Unit) -> Result<bool> {
        self.path(unit).try_exists().map_err(|error| self.broken(&error))
    }

    /// Notes it down for these units, before the first change that they owe it for. It is durable then, at
    /// the price of one flush for all of them.
    ///
    /// # Errors
    /// `STATE-DIR` when it cannot be written; the change must not be made then.
    pub fn begin<'u>(&self, units: impl IntoIterator<Item = &'u Unit>) -> Result<()> {
        let note = || {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            for unit in units {
                fs::File::create(self.path(unit))?;
            }
            fs::File::open(&self.folder)?.sync_all()
        };
        note().map_err(|error| self.broken(&error))
    }

    /// The unit is verified.
    ///
    /// # Errors
    /// `STATE-DIR` when it cannot be written.
    pub fn settle(&self, unit: &Unit) -> Result<()> {
        match fs::remove_file(self.path(unit)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.broken(&error)),
            _ => Ok(()),
        }
    }

    fn broken(&self, error: &io::Error) -> Error {
        Error::new(
            ErrorKind::Internal,
            "STATE-DIR",
            format!("`{}` cannot be used", self.folder.display()),
        )
        .cause(error)
        .hint("It must belong to root and be writable; `--state-dir` names another.")
    }
}

#[cfg(test)]
mod tests {
    use super::{Owed, Unit};

    #[test]
    fn a_debt_outlives_the_process_and_is_settled_once() {
        let folder = tempfile::tempdir().unwrap();
        let unit = Unit { step: "docker-install".into(), target: "web".into() };
        let owed = || Owed::new(folder.path());
        assert!(!owed().is(&unit).unwrap());
        let other = Unit { step: "docker-install".into(), target: "db".into() };
        owed().begin([&unit, &other]).unwrap();
        owed().begin([&unit]).unwrap();
        assert!(owed().is(&unit).unwrap());
        owed().settle(&unit).unwrap();
        owed().settle(&unit).unwrap();
        assert!(!owed().is(&unit).unwrap());
        assert!(owed().is(&other).unwrap());
    }
}
