//! What an attempt came to.

use std::io;

use phoenix_sdk::StepError;

/// What an attempt came to, if the process is still there.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was refused, and so.
    Held(String),
    /// It got through, with this as proof.
    Succeeded(String),
}

impl Outcome {
    /// The kernel's answer, where a good one is a success.
    pub fn of<T>(answer: io::Result<T>, proof: impl Into<String>) -> Self {
        match answer {
            Ok(_) => Self::Succeeded(proof.into()),
            Err(error) => Self::Held(error.to_string()),
        }
    }

    /// The orchestrator's answer, where a good one is a success.
    pub fn of_request<T>(
        answer: Result<T, StepError>,
        proof: impl Into<String>,
    ) -> Result<Self, StepError> {
        match answer {
            Ok(_) => Ok(Self::Succeeded(proof.into())),
            // A step that hides what it was refused would be held all the same; this one shows it.
            Err(error) => Err(error),
        }
    }

    /// As the error of the unit that tried.
    pub fn error(&self, what: &str) -> StepError {
        let (code, text) = match self {
            Self::Held(text) => ("HOSTILE-HELD", text),
            Self::Succeeded(text) => ("HOSTILE-SUCCEEDED", text),
        };
        StepError::new(code, format!("`{what}`: {text}")).hint("Read tests/plugins/hostile.")
    }
}
