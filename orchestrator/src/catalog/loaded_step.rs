//! A loaded step: the author's three verbs again, over the boundary.

use std::path::{Path, PathBuf};

use abi_stable::{sabi_trait::TD_Opaque, sabi_types::RRef, std_types::RResult};
use phoenix_sdk::{
    CheckReport, StepError, VerifyReport,
    boundary::{Doc, Host, Host_TO, HostRef, StepBox},
    wire::{Input, MetaDoc},
};
use semver::Version;
use serde::de::DeserializeOwned;

use super::{
    library,
    trust::{self, Demand, Standing, Trusted},
};
use crate::error::{Error, ErrorKind, Result};

/// A step in its library.
pub struct LoadedStep {
    /// What it says about itself.
    pub meta: MetaDoc,
    /// Where it was loaded from.
    pub path: PathBuf,
    /// SHA-256 of the file that was loaded, in hexadecimal.
    pub sha256: String,
    /// Why that file was accepted.
    pub standing: Standing,
    step: StepBox,
}

impl LoadedStep {
    /// Loads the step in a library of which this is demanded.
    ///
    /// # Errors
    /// Why it was refused; see the codes that begin with `PLUGIN`.
    pub fn load(path: &Path, demand: &Demand<'_>) -> Result<Self> {
        let Trusted { file, sha256, standing } = trust::open(path, demand)?;
        let step = library::step(path, file)?;
        let meta = meta(path, &step)?;
        let loaded = Self { meta, path: path.to_owned(), sha256, standing, step };
        loaded.version()?;
        Ok(loaded)
    }

    /// The step's own version.
    ///
    /// # Errors
    /// `PLUGIN-META` when it is not semver.
    pub fn version(&self) -> Result<Version> {
        Version::parse(&self.meta.meta.version).map_err(|error| {
            invalid_meta(&self.path, &format!("version `{}`: {error}", self.meta.meta.version))
        })
    }

    /// As the step's own `check`.
    ///
    /// # Errors
    /// The step's.
    pub fn check(&self, host: &impl Host, input: &Input) -> Result<CheckReport> {
        answer(self.step.check(lend(host), Doc::write(input)))
    }

    /// As the step's own `apply`.
    ///
    /// # Errors
    /// The step's.
    pub fn apply(&self, host: &impl Host, input: &Input) -> Result<()> {
        answer(self.step.apply(lend(host), Doc::write(input)))
    }

    /// As the step's own `verify`.
    ///
    /// # Errors
    /// The step's.
    pub fn verify(&self, host: &impl Host, input: &Input) -> Result<VerifyReport> {
        answer(self.step.verify(lend(host), Doc::write(input)))
    }
}

fn lend<H: Host>(host: &H) -> HostRef<'_> {
    Host_TO::from_ptr(RRef::new(host), TD_Opaque)
}

fn meta(path: &Path, step: &StepBox) -> Result<MetaDoc> {
    let document = step.meta();
    document.read::<MetaDoc>().map_err(|error| match document.read::<StepError>() {
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

fn answer<T: DeserializeOwned>(outcome: RResult<Doc, Doc>) -> Result<T> {
    let unreadable = |error: serde_json::Error| {
        Error::new(ErrorKind::Plugin, "SDK-DOCUMENT", "the step's answer cannot be read")
            .cause(error)
            .hint("Step and orchestrator do not understand each other; rebuild the step.")
    };
    match outcome.into_result() {
        Ok(document) => document.read().map_err(unreadable),
        Err(document) => match document.read::<StepError>() {
            // The SDK reads the parameters on the step's behalf; what is wrong with them is in plugins.toml.
            Ok(error) if error.code == "PARAMS-INVALID" => {
                Err(Error::from_step(ErrorKind::Config, error))
            }
            Ok(error) => Err(Error::from_step(ErrorKind::Step, error)),
            Err(error) => Err(unreadable(error)),
        },
    }
}
