//! What an attempt is.

use std::io::Result;

use serde::{Deserialize, Serialize};

/// One thing that root in the container tries and must not manage. It does no harm if it is managed:
/// what is opened for writing is not written, values are written back, and mounts are made in a mount
/// namespace that ends with the attempt.
pub(crate) struct Attempt {
    /// The name by which it is asked for.
    pub(crate) id: &'static str,
    /// What is tried, to be read behind "root in the container".
    pub(crate) tries: &'static str,
    /// What was managed, or the kernel's refusal.
    pub(crate) act: fn() -> Result<String>,
}

/// Attempts of one kind.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) attempts: &'static [Attempt],
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// It got through, and how that was seen.
    Managed(String),
    /// It did not, and the reason as the process in the container saw it.
    Stopped(String),
}

/// One line that the child in the container prints about one attempt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) outcome: Outcome,
}
