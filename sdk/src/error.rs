//! The one error of a step: a code, a sentence, causes and hints kept apart.

use serde::{Deserialize, Serialize};

/// Why a step could not do its work. Errors are never a quiet "no": whatever could not be found out is
/// an error, and reaches the operator with all that is in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// Stable, upper-case, made of words joined by hyphens: `DOCKER-DRIVER-HIDES-DATA`.
    pub code: String,
    /// One lower-case fragment without a full stop; names are in backticks.
    pub message: String,
    /// What lies behind it, the nearest cause first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What the operator can do next, each a whole sentence in the imperative.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// The result of everything that a step does.
pub type Result<T, E = StepError> = std::result::Result<T, E>;

impl StepError {
    /// An error without causes and hints yet.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    /// Adds a cause behind those already there.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl std::fmt::Display for StepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for StepError {}
