//! A step of either kind, ready to be asked.

use std::collections::BTreeMap;

use phoenix_sdk::Scope;
use semver::Version;

use super::{LoadedScript, LoadedStep};
use crate::error::Result;

/// A step of either kind.
pub enum Loaded {
    /// A plugin: it speaks to the orchestrator, which does what it asks.
    Plugin(Box<LoadedStep>),
    /// A script: it acts by itself, and nobody knows what it does.
    Script(Box<LoadedScript>),
}

impl Loaded {
    /// On which targets it has units.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Plugin(step) => step.meta.scope,
            Self::Script(loaded) => loaded.script.scope,
        }
    }

    /// Begins what the first unit would wait for.
    pub fn warm_up(&self) {
        if let Self::Plugin(step) = self {
            step.warm_up();
        }
    }

    /// What a list of steps says of it besides its name and scope; nothing of a plugin.
    pub fn note(&self) -> String {
        match self {
            Self::Plugin(_) => String::new(),
            Self::Script(loaded) => loaded.note(),
        }
    }
}

/// The version of each step; a script has none.
///
/// # Errors
/// `PLUGIN-META` when a plugin's version is not semver.
pub fn versions(steps: &BTreeMap<String, Loaded>) -> Result<BTreeMap<String, Option<Version>>> {
    let version = |step: &Loaded| match step {
        Loaded::Plugin(step) => step.version().map(Some),
        Loaded::Script(_) => Ok(None),
    };
    steps.iter().map(|(name, step)| Ok((name.clone(), version(step)?))).collect()
}
