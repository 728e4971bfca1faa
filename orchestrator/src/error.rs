//! The one error of the orchestrator: a kind, which gives the exit code; a stable code, which
//! `phoenix-orch explain` knows; a sentence, causes and hints kept apart.

use phoenix_sdk::StepError;

/// What kind of failure it is. The number is the exit code, and public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A defect of ours, or of the machine that we run on.
    Internal = 1,
    /// The command line asks for something impossible.
    Usage = 2,
    /// `plugins.toml` is wrong.
    Config = 4,
    /// A plugin was refused.
    Plugin = 5,
    /// A target cannot be reached.
    Unreachable = 6,
    /// A step failed.
    Step = 7,
    /// The work is done, and the evidence does not hold.
    Verify = 8,
    /// What is to be taken back was changed by somebody since.
    Conflict = 9,
    /// The operator interrupted.
    Interrupted = 130,
}

impl ErrorKind {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        self as u8
    }
}

/// Why the orchestrator could not do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Gives the exit code.
    pub kind: ErrorKind,
    /// Stable, upper-case words joined by hyphens.
    pub code: String,
    /// One lower-case fragment; names in backticks.
    pub message: String,
    /// What lies behind it, the nearest first.
    pub causes: Vec<String>,
    /// What to do next, each a whole sentence.
    pub hints: Vec<String>,
    /// The place in a source file, rendered with line and caret, for errors that have one.
    pub excerpt: Option<String>,
}

/// The result of whatever can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error without causes and hints yet.
    pub fn new(kind: ErrorKind, code: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.to_owned(),
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            excerpt: None,
        }
    }

    /// A panic of the orchestrator itself, caught where it can do no harm.
    pub fn panic() -> Self {
        Self::new(ErrorKind::Internal, "PANIC", "phoenix-orch panicked")
            .hint("This is a defect of phoenix-orch; please report it with the lines above.")
    }

    /// Adds a cause behind those already there.
    #[must_use]
    pub fn cause(mut self, cause: impl ToString) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A step's error, as the orchestrator's error of this kind.
    pub fn from_step(kind: ErrorKind, error: StepError) -> Self {
        Self {
            kind,
            code: error.code,
            message: error.message,
            causes: error.causes,
            hints: error.hints,
            excerpt: None,
        }
    }

    /// The part of it that crosses the boundary to a step.
    pub fn into_step(self) -> StepError {
        StepError { code: self.code, message: self.message, causes: self.causes, hints: self.hints }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for Error {}
