//! The only place that writes for people (and, as JSON lines, for programs).
//!
//! Results go to standard output, progress and messages to standard error. Whatever a machine printed is
//! made harmless before it reaches a terminal.

mod bundle;
mod change;
mod closing;
mod config;
mod danger;
mod denials;
mod doctor;
mod error;
mod human;
mod interruption;
mod json;
mod metrics;
mod page;
mod plan;
mod progress;
mod question;
mod runs;
mod script_log;
mod status;
mod step;
mod style;
#[cfg(test)]
mod tests;
mod view;
mod wording;

pub use bundle::bundled;
pub use config::{Checked, CheckedStep, checked_json, faults, fine, written};
pub use denials::{denials, denials_json};
pub use doctor::{doctor, doctor_json};
pub use error::{error, warning};
pub use human::Human;
pub use interruption::{abandoned, interrupted};
pub use json::JsonLines;
pub use metrics::metrics;
pub use page::page;
pub use plan::{plan, proposal};
pub use progress::Progress;
pub use question::{approval, question};
pub use runs::{document, pruned, run_end, runs};
pub use script_log::{Level, ScriptLog};
pub use status::{status, status_json};
pub use step::{asks, laws_hold, tried};
pub use view::{Detail, View};

use std::io;

use crate::error::{Error, ErrorKind};

/// Standard output is gone: `phoenix-orch plan | head` is no defect, and no reason to go on.
fn unwritable(error: &io::Error) -> Error {
    Error::new(ErrorKind::Internal, "OUTPUT", "standard output cannot be written")
        .cause(error)
        .hint("Make room where the output goes, or keep its reader open until the end; then run again.")
}

/// The errors of this module.
pub const CODES: &[phoenix_sdk::Code] = &[
    phoenix_sdk::Code::new(
        "METRICS",
        "The metrics of `status` contradict each other. Nothing was written.",
        "This is a defect of phoenix-orch; please report it.",
    ),
    phoenix_sdk::Code::new(
        "OUTPUT",
        "Standard output could not be written to the end: its reader has gone, or its disk is full. No further change was started.",
        "Make room where the output goes, or keep its reader open until the end; then run again.",
    ),
];
