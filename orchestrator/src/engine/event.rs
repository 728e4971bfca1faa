//! What happens, as facts: owned, serialisable, with a version. `--output json` is one of these a line.

use std::time::Duration;

use jiff::Timestamp;
use phoenix_sdk::{Consent, Evidence, StepError};
use serde::{Deserialize, Serialize};

use super::{Deed, Environment};
use crate::{
    effect::{Digest, Image, Installation, Judgement},
    error::Error,
    graph::Unit,
};

/// The version of the events' form. It changes when a reader of the former one would be wrong.
pub const FORMAT: u32 = 2;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// [`FORMAT`].
    pub format: u32,
    /// The run's name.
    pub run: String,
    /// Counts from 1 within the run.
    pub seq: u64,
    /// When, by the host's clock.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub body: Body,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Body {
    /// The first event.
    RunStarted {
        /// `plan`, `run` or `verify`.
        verb: String,
        /// Of phoenix-orch.
        version: String,
        /// Of the features asked for.
        features: Vec<String>,
        /// All units in their order.
        units: Vec<Unit>,
        /// Of each unit, the places in `units` of those that it waits for. Older runs do not say, and a rollback
        /// has none: it goes by its order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        waits_for: Vec<Vec<usize>>,
        /// Where the run was made; older runs do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<Box<Environment>>,
        /// For `rollback`: the run that is taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        takes_back: Option<String>,
    },
    /// A unit began.
    UnitStarted {
        /// Which.
        unit: Unit,
    },
    /// A check came back.
    Checked {
        /// Of which unit.
        unit: Unit,
        /// Counts from 1.
        round: u32,
        /// What it wants, in order.
        changes: Vec<Planned>,
        /// What is fine already.
        notes: Vec<String>,
        /// What the operator must know.
        warnings: Vec<String>,
    },
    /// A change is about to be performed; nothing has happened yet.
    Intended {
        /// By which unit.
        unit: Unit,
        /// Counts from 1 within the run.
        effect: u64,
        /// What.
        #[serde(flatten)]
        deed: Box<Deed>,
        /// What the orchestrator itself saw just before.
        before: Box<Image>,
        /// What has to be expected afterwards, as far as that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<Box<Image>>,
    },
    /// A command wrote a line (raw: it may come from a container).
    Output {
        /// For which unit.
        unit: Unit,
        /// The line.
        line: String,
    },
    /// A change was performed.
    Done {
        /// By which unit.
        unit: Unit,
        /// As in `Intended`.
        effect: u64,
        /// What the orchestrator itself saw just after.
        after: Image,
        /// What had to be left as it is, and why.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        left: Vec<String>,
    },
    /// A change could not be performed.
    EffectFailed {
        /// By which unit.
        unit: Unit,
        /// As in `Intended`.
        effect: u64,
        /// Why.
        error: Failure,
        /// What the orchestrator itself saw then, if it could look.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Image>,
    },
    /// What an earlier run had begun and not ended was looked at.
    Settled {
        /// By which unit it was begun.
        unit: Unit,
        /// In which run.
        of: String,
        /// As in that run's `Intended`.
        effect: u64,
        /// What was to be done.
        about: String,
        /// What was found.
        found: Judgement,
        /// What is there now.
        after: Image,
    },
    /// A step had a document kept; its contents are in the journal.
    Recorded {
        /// Of which unit.
        unit: Unit,
        /// What it is called.
        name: String,
        /// Its contents, by hash.
        content: Digest,
    },
    /// Evidence was gathered.
    Verified {
        /// Of which unit.
        unit: Unit,
        /// All of it.
        evidence: Vec<Evidence>,
        /// What the operator must know.
        warnings: Vec<String>,
    },
    /// A unit ended.
    UnitFinished {
        /// Which.
        unit: Unit,
        /// How.
        outcome: Outcome,
        /// How long it took, in milliseconds.
        took_ms: u64,
    },
    /// A unit will not begin because another one failed.
    UnitSkipped {
        /// Which.
        unit: Unit,
        /// The one that failed.
        because: Unit,
    },
    /// The last event.
    RunFinished {
        /// How long the run took, in milliseconds.
        took_ms: u64,
        /// The process's exit code will be this.
        exit: u8,
    },
    /// Commands of a run that was killed were ended, before anything of the target was looked at.
    Leftovers {
        /// The container.
        target: String,
        /// Each command and its process (made harmless already).
        ended: Vec<String>,
    },
}

/// A change that a check wants, as people and programs read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// What is to be done.
    #[serde(flatten)]
    pub deed: Deed,
    /// In one line.
    pub summary: String,
    /// What it does to a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// What the operator must allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// What it will take, as far as that is known. Only plans ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
}

/// What a change will take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forecast {
    /// Of an installation.
    Installation(Installation),
    /// How long the same took on this target the last time, in milliseconds.
    LastTook(u64),
}

/// How a unit ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// All was as wanted.
    Unchanged,
    /// Changes were made.
    Changed {
        /// How many.
        changes: usize,
    },
    /// A script without a check ran: nobody can say what it has changed, or whether it had to.
    Ran {
        /// Whether its own verify has looked afterwards, and was content.
        proven: bool,
    },
    /// Planning only: changes would be made.
    WouldChange {
        /// How many.
        changes: usize,
    },
    /// Verifying only: the evidence holds.
    Verified,
    /// Verifying only: there is nothing that could give evidence, neither for it nor against it.
    Unproven,
    /// Taking back only: nothing of what it did can be taken back.
    Irrevocable,
    /// Taking back only: some of it was left as it is, because something still needs it.
    Kept {
        /// How many changes were made all the same.
        changes: usize,
    },
    /// It failed.
    Failed {
        /// Why.
        error: Failure,
    },
}

/// An error in an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The exit code that this kind of error gives.
    pub exit: u8,
    /// What is said of it.
    #[serde(flatten)]
    pub error: StepError,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self { exit: error.kind.exit_code(), error: error.clone().into_step() }
    }
}

/// Milliseconds for an event.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
