//! A loaded step: who it is, and the processes that it works in.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use phoenix_sdk::{
    Meta, StepError, World,
    boundary::Doc,
    wire::{FORM, MetaDoc},
};
use semver::Version;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Seat,
    host::{Introduction, Mechanism, StepProcess},
    probes,
    trust::{self, Demand, Standing, Trusted},
};
use crate::error::{Error, ErrorKind, Result};

/// A step in its library, and a process in which that is loaded.
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
    /// How its process is confined.
    pub confinement: Vec<Mechanism>,
    /// All that it says about itself, its worlds included.
    introduction: Doc,
    library: File,
    process: Mutex<Arc<StepProcess>>,
}

impl LoadedStep {
    /// Loads the step in a library of which this is demanded.
    ///
    /// # Errors
    /// Why it was refused; see the codes that begin with `PLUGIN`.
    pub fn load(path: &Path, demand: &Demand<'_>) -> Result<Self> {
        let Trusted { file: library, sha256, standing } = trust::open(path, demand)?;
        let (process, introduction) = StepProcess::start(path, &library)?;
        let Introduction { mechanisms, meta: document } = introduction;
        let loaded = Self {
            sdk: built_with(path, &document)?,
            meta: meta(path, &document)?,
            introduction: document,
            path: path.to_owned(),
            sha256,
            standing,
            confinement: mechanisms,
            library,
            process: Mutex::new(Arc::new(process)),
        };
        loaded.version()?;
        probes::narrow(&loaded.meta)?;
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
    /// `PLUGIN-META` when they cannot be read.
    pub fn rehearsals(&self) -> Result<Vec<World>> {
        meta::<MetaDoc>(&self.path, &self.introduction).map(|document| document.rehearsals)
    }

    /// A seat for the calls of one unit.
    pub fn seat(&self) -> Seat<'_> {
        Seat::new(self)
    }

    /// The process that serves all units; if it has died, the next one.
    pub(super) fn process(&self) -> Result<Arc<StepProcess>> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        if process.is_over() {
            *process = Arc::new(self.start()?);
        }
        Ok(Arc::clone(&process))
    }

    /// A further process of the same library.
    pub(super) fn start(&self) -> Result<StepProcess> {
        let (process, introduction) = StepProcess::start(&self.path, &self.library)?;
        match introduction.meta.as_str() == self.introduction.as_str() {
            true => Ok(process),
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
