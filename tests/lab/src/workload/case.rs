//! What a case of the workload is, and what came of it.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::target::Target;

/// One thing that must work in a confined container.
pub(crate) struct Case {
    /// The name by which it is asked for.
    pub(crate) id: &'static str,
    /// What it shows, as a sentence.
    pub(crate) shows: &'static str,
    /// Cases that must have passed before in the same run, because it builds on what they made.
    pub(crate) needs: &'static [&'static str],
    pub(crate) how: How,
}

/// How a case is tried.
pub(crate) enum How {
    /// By a shell script in the container. It passes with exit code 0, and could not be tried with
    /// [`SKIPPED`]; its last lines then say why.
    Script(&'static str),
    /// From the host. What it gives back is said in the report.
    Host(fn(&Target) -> Result<Verdict>),
}

/// The exit code of a script that could not be tried here.
pub(crate) const SKIPPED: i32 = 77;

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "said", rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// It works; with what is worth saying about it.
    Passed(String),
    /// It does not, with the last lines that were printed.
    Failed(String),
    /// It cannot be tried on this system, and why.
    Skipped(String),
}

/// One case after it was tried.
#[derive(Debug, Serialize)]
pub(crate) struct Tried {
    pub(crate) id: &'static str,
    pub(crate) shows: &'static str,
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub(crate) took: Duration,
    /// When it began and ended, in seconds since 1970, for denials to be laid to its door.
    #[serde(skip)]
    pub(crate) span: (f64, f64),
}

impl Tried {
    pub(crate) fn passed(&self) -> bool {
        matches!(self.verdict, Verdict::Passed(_))
    }

    pub(crate) fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

fn seconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((time.as_secs_f64() * 10.0).round() / 10.0)
}
