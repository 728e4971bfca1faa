//! What is done to a machine: a change that a step wants, or one that is taken back.

use std::fmt;

use phoenix_sdk::{Change, Consent};
use serde::{Deserialize, Serialize};

use crate::effect::{self, Image};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// What a step wants.
    Change(Change),
    /// What is taken back.
    Restore(Box<Restore>),
}

/// Brings something back to what it was before some effects of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// Whose effects.
    pub run: String,
    /// Which, in their order.
    pub effects: Vec<u64>,
    /// What they left.
    pub from: Image,
    /// What was there before them.
    pub to: Image,
    /// Whether nobody came to look after the last of them, so that `from` is only what had to be expected.
    #[serde(default)]
    pub in_doubt: bool,
}

impl Deed {
    /// Why, as a fragment; empty if it says it all.
    pub fn why(&self) -> &str {
        match self {
            Self::Change(change) => &change.why,
            Self::Restore(_) => "",
        }
    }

    /// What the operator must have allowed.
    pub fn consent(&self) -> Option<Consent> {
        match self {
            Self::Change(change) => change.kind.consent(),
            Self::Restore(_) => None,
        }
    }
}

impl fmt::Display for Deed {
    /// In the imperative, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(change) => change.kind.fmt(f),
            Self::Restore(restore) => f.write_str(&effect::describe(&restore.from, &restore.to)),
        }
    }
}
