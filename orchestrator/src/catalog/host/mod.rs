//! The step host: each plugin lives in a process of its own that has given up everything, and all that it
//! can do is send documents to the orchestrator.
//!
//! `process` and `workers` run inside that process, `confine` is what it gives up; `step_process`, `keeper`
//! and `calls` are the orchestrator's side; `lanes` lead from one to the other. What this module does not do: decide what a step may have; the
//! engine answers its requests.

#![cfg_attr(feature = "in-process", expect(dead_code, reason = "a build that starts no processes"))]

mod calls;
mod codes;
mod confine;
mod death;
pub mod frame;
#[cfg(feature = "in-process")]
mod in_process;
mod keeper;
mod lane;
mod lanes;
mod library;
mod process;
mod step_process;
mod workers;

use phoenix_sdk::{HostCalls, StepError, boundary::Doc, wire::Request};

use self::frame::LARGEST_TO_STEP;
use crate::error::Error;

pub use self::{
    codes::CODES,
    confine::Mechanism,
    process::{VERB, run},
};

#[cfg(feature = "in-process")]
pub(super) use self::in_process::{Starting, StepProcess};
#[cfg(not(feature = "in-process"))]
pub(super) use self::step_process::{Starting, StepProcess};

/// Whether a process tells the worlds, too, in which its step can be rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worlds {
    /// For somebody who rehearses.
    Told,
    /// They are most of what a step says about itself, and a run has no use for them.
    Left,
}

/// What a process said when it was ready.
pub(super) struct Introduction {
    pub(super) mechanisms: Vec<Mechanism>,
    /// The step's metadata, not read yet.
    pub(super) meta: Doc,
}

/// How a call ended.
pub(super) enum End {
    /// With the step's own answer.
    Reply(Doc),
    /// With the step's own error.
    ReplyError(Doc),
    /// There is no process any more; the error is about this call, if it was alone.
    Died {
        /// Why.
        error: Error,
        /// Whether other calls were under way, so that nobody can tell whose fault it is.
        company: bool,
    },
    /// There was no process any more when the call was to begin.
    Gone,
}

/// What a step asks for is read here, at the border.
fn answer(request: &Doc, host: &dyn HostCalls) -> Result<Doc, Doc> {
    let request: Request = request.read().map_err(|error| {
        Doc::write(
            &StepError::new("SDK-DOCUMENT", "the step's request cannot be read")
                .cause(error.to_string())
                .hint("Step and orchestrator do not understand each other; rebuild the step."),
        )
    })?;
    let answer = host.call(request).map_err(|error| Doc::write(&error))?;
    let answer = Doc::write(&answer);
    match answer.as_str().len() {
        size if size > LARGEST_TO_STEP => Err(too_large("an answer", size)),
        _ => Ok(answer),
    }
}

/// The error for a document that is too large to be sent, on either side.
fn too_large(what: &str, size: usize) -> Doc {
    let message = format!("{what} of {size} bytes is too large");
    Doc::write(
        &StepError::new("STEP-TOO-LARGE", message)
            .hint("Ask for less at once; the largest file that a step can want has 4 MiB."),
    )
}
