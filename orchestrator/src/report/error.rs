//! Errors and warnings for people.

use std::io::Write as _;

use phoenix_sdk::StepError;

use super::{
    style::{self, BAD, BOLD, QUIET, WARN, paint},
    view::View,
};
use crate::{engine::event::Failure, error::Error, transport::printable};

/// Writes an error to standard error. If even that fails, there is nobody left to tell.
pub fn error(error: &Error) {
    let view = View::of_messages();
    let mut text = head(&error.code, &error.message, "", view);
    if let Some(excerpt) = &error.excerpt {
        text.push_str(excerpt.trim_end());
        text.push('\n');
    }
    text.push_str(&tail(&error.causes, &error.hints, "  ", view));
    let _ = write!(anstream::stderr(), "{text}");
}

/// Writes a warning to standard error.
pub fn warning(message: &str) {
    let label = format!("{}: ", paint(WARN, "warning"));
    let text = View::of_messages().folded(&label, "  ", &printable(message));
    let _ = write!(anstream::stderr(), "{text}");
}

/// A failure inside a report, behind this margin.
pub(super) fn failure(failure: &Failure, margin: &str, view: View) -> String {
    let StepError { code, message, causes, hints } = &failure.error;
    head(code, message, margin, view) + &tail(causes, hints, &format!("{margin}  "), view)
}

fn head(code: &str, message: &str, margin: &str, view: View) -> String {
    let label = paint(BAD, &format!("error[{}]", printable(code)));
    let label = format!("{margin}{label}{} ", paint(BOLD, ":"));
    view.folded(&label, &format!("{margin}  "), &style::words(BOLD, &printable(message)))
}

fn tail(causes: &[String], hints: &[String], margin: &str, view: View) -> String {
    let line = |name: &str, words: &String| {
        let label = format!("{margin}{} ", paint(QUIET, name));
        view.folded(&label, &format!("{margin}  "), &printable(words))
    };
    let causes = causes.iter().map(|cause| line("cause:", cause));
    causes.chain(hints.iter().map(|hint| line("hint:", hint))).collect()
}
