//! When the last run began, for `denials --since last-run`: one small file in the state folder.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Body, Event, Sink};
use crate::error::{Error, ErrorKind, Result};

/// The version of the file's form. A file of another version is an error, not a guess.
const FORMAT: u32 = 1;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    format: u32,
    /// The run's name.
    pub run: String,
    /// When it began, by the host's clock.
    pub started: Timestamp,
}

/// The file, `last-run.json`.
pub struct LastRunFile(PathBuf);

impl LastRunFile {
    /// In this state folder; nothing is made yet.
    pub fn new(state_dir: &Path) -> Self {
        Self(state_dir.join("last-run.json"))
    }

    /// The last run, if there was one.
    ///
    /// # Errors
    /// `STATE-DIR` when the file cannot be read, or not understood.
    pub fn read(&self) -> Result<Option<LastRun>> {
        let text = match fs::read(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.broken(&error)),
        };
        let seen: LastRun = serde_json::from_slice(&text).map_err(|error| self.broken(&error))?;
        match seen.format {
            FORMAT => Ok(Some(seen)),
            other => {
                Err(self.broken(&format!("it has the format {other}, and this one reads {FORMAT}")))
            }
        }
    }

    fn write(&self, last: &LastRun) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("/"));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(serde_json::to_string(last)?.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.0).map_err(|error| error.error)?;
        Ok(())
    }

    fn broken(&self, cause: &dyn ToString) -> Error {
        let message = format!("`{}` cannot be used", self.0.display());
        Error::new(ErrorKind::Internal, "STATE-DIR", message)
            .cause(cause.to_string())
            .hint("It must belong to root and be writable; `--state-dir` names another folder.")
    }
}

impl Sink for LastRunFile {
    /// Remembers a run, and not a plan or a verification, before anything of it happens.
    fn hear(&mut self, event: &Event) -> Result<()> {
        match &event.body {
            Body::RunStarted { verb, .. } if verb == "run" => {
                let last = LastRun { format: FORMAT, run: event.run.clone(), started: event.at };
                self.write(&last).map_err(|error| self.broken(&error))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Event, LastRunFile, Sink, Timestamp};

    fn started(verb: &str, run: &str) -> Event {
        Event {
            format: super::super::event::FORMAT,
            run: run.to_owned(),
            seq: 1,
            at: Timestamp::from_millisecond(1_795_483_718_452).unwrap(),
            body: Body::RunStarted {
                verb: verb.to_owned(),
                version: "0".to_owned(),
                features: vec![],
                units: vec![],
            },
        }
    }

    #[test]
    fn only_runs_are_remembered_and_the_last_one_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = LastRunFile::new(&folder.path().join("state"));
        assert_eq!(file.read().unwrap(), None);
        file.hear(&started("plan", "a")).unwrap();
        assert_eq!(file.read().unwrap(), None);
        file.hear(&started("run", "b")).unwrap();
        file.hear(&started("run", "c")).unwrap();
        file.hear(&started("verify", "d")).unwrap();
        let seen = file.read().unwrap().unwrap();
        assert_eq!((&*seen.run, seen.started.as_millisecond()), ("c", 1_795_483_718_452));
    }

    #[test]
    fn another_form_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = LastRunFile::new(folder.path());
        for text in ["", "{}", r#"{"format":2,"run":"a","started":"2026-11-24T00:00:00Z"}"#] {
            std::fs::write(folder.path().join("last-run.json"), text).unwrap();
            assert_eq!(file.read().unwrap_err().code, "STATE-DIR", "{text}");
        }
    }
}
