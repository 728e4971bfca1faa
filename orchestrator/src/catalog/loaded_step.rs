//! A loaded step: who it is, and the processes that it works in.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use phoenix_sdk::{
    Meta, StepError, World,
    boundary::Doc,
    wire::{FORM, MetaDoc},
};
use semver::Version;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Acquaintances, Seat,
    acquaintances::Acquaintance,
    host::{Introduction, Mechanism, Starting, StepProcess, Worlds},
    probes,
    trust::{self, Demand, Standing, Trusted},
};
use crate::error::{Error, ErrorKind, Result};

/// A step in its library, and a process in which that is loaded as soon as somebody needs it.
pub struct LoadedStep {
    /// What it says about itself.
    pub meta: Meta,
    /// The version of the SDK that it was built with.
    pub sdk: String,
    /// Where it was loaded from.
    pub path: PathBuf,
    /// SHA-256 of the file that was loaded, in hexadecimal.
    pub sha256: String,
    /// Why that file was accepted.
    pub standing: Standing,
    /// All that it says about itself but its worlds.
    introduction: Doc,
    library: File,
    process: Mutex<Process>,
}

/// The process that serves all units.
enum Process {
    /// Nobody has needed it yet.
    None,
    /// It is on its way.
    Starting(Starting),
    /// It greeted, and how it is confined.
    Started(Arc<StepProcess>, Vec<Mechanism>),
}

impl LoadedStep {
    /// The step in a library of which this is demanded: loaded, unless what it says about itself is known already.
    ///
    /// # Errors
    /// Why it was refused; see the codes that begin with `PLUGIN`.
    pub fn load(path: &Path, demand: &Demand<'_>, acquaintances: &Acquaintances) -> Result<Self> {
        let known = acquaintances.known(path);
        let sum = known.as_ref().map(|known| &known.sum);
        let Trusted { file: library, sum, standing } = trust::open(path, demand, sum)?;
        let same = known.as_ref().filter(|known| known.sum.sha256 == sum.sha256);
        let (process, document) = match same {
            Some(known) => (Process::None, known.introduction.clone().into()),
            None => {
                let starting = Starting::begin(path, &library, Worlds::Left)?;
                let (process, Introduction { mechanisms, meta }) = starting.greeted()?;
                (Process::Started(Arc::new(process), mechanisms), meta)
            }
        };
        let loaded = Self {
            sdk: built_with(path, &document)?,
            meta: meta(path, &document)?,
            introduction: document,
            path: path.to_owned(),
            sha256: sum.sha256.clone(),
            standing,
            library,
            process: Mutex::new(process),
        };
        loaded.version()?;
        probes::narrow(&loaded.meta)?;
        let new = Acquaintance { sum, introduction: loaded.introduction.as_str().to_owned() };
        if known.as_ref() != Some(&new) {
            acquaintances.keep(&loaded.path, &new);
        }
        Ok(loaded)
    }

    /// The step's own version.
    ///
    /// # Errors
    /// `PLUGIN-META` when it is not semver.
    pub fn version(&self) -> Result<Version> {
        Version::parse(&self.meta.version).map_err(|error| {
            invalid_meta(&self.path, &format!("version `{}`: {error}", self.meta.version))
        })
    }

    /// The worlds in which the step's author tries its laws.
    ///
    /// # Errors
    /// `PLUGIN-META` when they cannot be read, or as [`Self::load`]: it needs a process of its own.
    pub fn rehearsals(&self) -> Result<Vec<World>> {
        let starting = Starting::begin(&self.path, &self.library, Worlds::Told)?;
        let (_, introduction) = starting.greeted()?;
        meta::<MetaDoc>(&self.path, &introduction.meta).map(|document| document.rehearsals)
    }

    /// How its process is confined.
    ///
    /// # Errors
    /// As [`Self::load`], if it was not started yet.
    pub fn confinement(&self) -> Result<Vec<Mechanism>> {
        let mut process = self.lock();
        self.started(&mut process).map(|(_, mechanisms)| mechanisms.to_vec())
    }

    /// Begins to start its process, which is waited for when it is first called.
    pub fn warm_up(&self) {
        let mut process = self.lock();
        if let Process::None = *process
            && let Ok(starting) = Starting::begin(&self.path, &self.library, Worlds::Left)
        {
            *process = Process::Starting(starting);
        }
    }

    /// A seat for the calls of one unit.
    pub fn seat(&self) -> Seat<'_> {
        Seat::new(self)
    }

    /// The process that serves all units; if it has died, the next one.
    pub(super) fn process(&self) -> Result<Arc<StepProcess>> {
        let mut process = self.lock();
        self.started(&mut process).map(|(process, _)| Arc::clone(process))
    }

    /// A further process of the same library.
    pub(super) fn start(&self) -> Result<StepProcess> {
        self.greeted(Starting::begin(&self.path, &self.library, Worlds::Left)?)
            .map(|(process, _)| process)
    }

    fn lock(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process that lives, started if there is none.
    fn started<'p>(
        &self,
        process: &'p mut Process,
    ) -> Result<(&'p Arc<StepProcess>, &'p [Mechanism])> {
        let starting = match std::mem::replace(process, Process::None) {
            Process::Started(started, mechanisms) if !started.is_over() => {
                *process = Process::Started(started, mechanisms);
                None
            }
            Process::Starting(starting) => Some(starting),
            _ => Some(Starting::begin(&self.path, &self.library, Worlds::Left)?),
        };
        if let Some(starting) = starting {
            let (started, mechanisms) = self.greeted(starting)?;
            *process = Process::Started(Arc::new(started), mechanisms);
        }
        match process {
            Process::Started(started, mechanisms) => Ok((started, mechanisms)),
            _ => Err(invalid_meta(&self.path, "its process did not start")),
        }
    }

    /// A process that says the same about the step as was said before.
    fn greeted(&self, starting: Starting) -> Result<(StepProcess, Vec<Mechanism>)> {
        let (process, Introduction { mechanisms, meta }) = starting.greeted()?;
        match meta.as_str() == self.introduction.as_str() {
            true => Ok((process, mechanisms)),
            false => {
                Err(invalid_meta(&self.path, "it is not what it was when it was first loaded"))
            }
        }
    }
}

/// The part of [`MetaDoc`] that is not in [`Meta`]. A run reads these two, and skips the worlds.
#[derive(Deserialize)]
struct Built {
    sdk: String,
    #[serde(default)]
    form: u32,
}

/// The SDK that a step was built with, if its documents can be read.
fn built_with(path: &Path, document: &Doc) -> Result<String> {
    let built: Built = meta(path, document)?;
    if built.form <= FORM {
        return Ok(built.sdk);
    }
    let message = format!("`{}` was built for a newer phoenix-orch", path.display());
    Err(Error::new(ErrorKind::Plugin, "PLUGIN-SDK-MISMATCH", message)
        .cause(format!("its documents are of form {}, and form {FORM} is read here", built.form))
        .hint(
            "Install a newer phoenix-orch, or a version of the step that was built for this one.",
        ))
}

fn meta<T: DeserializeOwned>(path: &Path, document: &Doc) -> Result<T> {
    document.read().map_err(|error| match document.read::<StepError>() {
        Ok(own) => {
            Error::from_step(ErrorKind::Plugin, own).cause(format!("in `{}`", path.display()))
        }
        Err(_) => invalid_meta(path, &error.to_string()),
    })
}

fn invalid_meta(path: &Path, cause: &str) -> Error {
    Error::new(
        ErrorKind::Plugin,
        "PLUGIN-META",
        format!("the metadata of `{}` is not valid", path.display()),
    )
    .cause(cause)
    .hint("Report it to the step's author.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_a_form_that_is_not_known_yet_are_refused() {
        let read = |text: &str| built_with(Path::new("x.so"), &Doc::from(text.to_owned()));
        // The first SDK wrote no form.
        assert_eq!(read(r#"{"sdk":"1.0.0"}"#).unwrap(), "1.0.0");
        assert_eq!(read(r#"{"sdk":"1.1.0","form":1}"#).unwrap(), "1.1.0");
        let newer = read(r#"{"sdk":"1.9.0","form":2}"#).unwrap_err();
        assert_eq!(newer.code, "PLUGIN-SDK-MISMATCH");
        assert_eq!(read("[]").unwrap_err().code, "PLUGIN-META");
    }
}
