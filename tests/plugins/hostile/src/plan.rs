//! What is to be tried now.

use std::path::Path;

use phoenix_sdk::{Change, CheckReport, Context, Result};

use crate::Outcome;

/// How something is tried.
#[derive(Clone, Copy)]
pub enum Attempt {
    /// Without anybody's help, at every moment.
    Alone(fn() -> Outcome),
    /// In a call: with requests, and for `apply` with the changes that were announced.
    Asking(fn(&Context<'_>, &[Change]) -> Result<Outcome>),
    /// With the report of `check`.
    Reporting(fn() -> CheckReport),
}

/// When it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// In a constructor of the library.
    Load,
    /// In the constructor of the step.
    New,
    /// When the step says what it is.
    Meta,
    /// In `check`.
    Check,
    /// In `apply`.
    Apply,
    /// In `verify`.
    Verify,
}

impl Moment {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "load" => Self::Load,
            "new" => Self::New,
            "meta" => Self::Meta,
            "check" => Self::Check,
            "apply" => Self::Apply,
            "verify" => Self::Verify,
            _ => return None,
        })
    }
}

/// What is to be tried at this moment, and its name. Nothing for a file of another name.
pub fn asked(attempts: &[(&str, Attempt)], now: Moment) -> Option<(String, Attempt)> {
    let file = std::env::args().find(|word| word.ends_with(".so"))?;
    let (name, moment) = {
        let stem = Path::new(&file).file_stem()?.to_str()?.strip_prefix("lib")?;
        stem.rsplit_once('.')?
    };
    let attempt = attempts.iter().find(|(known, _)| *known == name)?.1;
    (Moment::named(moment) == Some(now)).then(|| (name.to_owned(), attempt))
}
