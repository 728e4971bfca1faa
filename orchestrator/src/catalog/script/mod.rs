//! Scripts: may this program be run, run it.
//!
//! What this module does not do: decide when it runs, or what its exit codes mean for a unit.

mod codes;
mod command_line;
mod run;
mod running;
mod trusted;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    config::{Call, Manifest, Script},
    error::{Error, Result},
};

pub use codes::CODES;
pub use command_line::command_line;
pub use run::{Ran, meaning};

/// A script whose programs may be run.
#[derive(Debug)]
pub struct LoadedScript {
    /// What plugins.toml says of it.
    pub script: Script,
}

/// One of the things that a script can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// To act.
    Apply,
    /// Whether there is something to do.
    Check,
    /// Whether it works.
    Verify,
}

impl Verb {
    /// As plugins.toml calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Check => "check",
            Self::Verify => "verify",
        }
    }
}

impl LoadedScript {
    /// The command line for this, if the script has one.
    pub fn call(&self, verb: Verb) -> Option<&Call> {
        match verb {
            Verb::Apply => Some(&self.script.apply),
            Verb::Check => self.script.check.as_ref(),
            Verb::Verify => self.script.verify.as_ref(),
        }
    }

    /// What it is, in a few words.
    pub(super) fn note(&self) -> String {
        let has = |verb: Verb| match self.call(verb) {
            Some(_) => verb.name().to_owned(),
            None => format!("no {}", verb.name()),
        };
        format!("script with {}, {}", has(Verb::Check), has(Verb::Verify))
    }
}

/// Looks at all programs of these scripts; names that are no scripts are left out.
///
/// # Errors
/// The first that must not or cannot be run: `SCRIPT-UNTRUSTED`, `SCRIPT-MISSING` or
/// `SCRIPT-NOT-EXECUTABLE`, with its place in plugins.toml.
pub fn load(
    manifest: &Manifest,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, LoadedScript>> {
    let scripts = names.iter().filter_map(|name| manifest.scripts.get(name));
    scripts
        .map(|script| {
            let loaded = LoadedScript { script: script.clone() };
            for verb in [Verb::Apply, Verb::Check, Verb::Verify] {
                let Some(call) = loaded.call(verb) else { continue };
                trusted::look(&script.name, verb, &call.program).map_err(|error| Error {
                    excerpt: Some(manifest.excerpt_of_call(call, trusted::label(&error.code))),
                    ..error
                })?;
            }
            Ok((script.name.clone(), loaded))
        })
        .collect()
}
