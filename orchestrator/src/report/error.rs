//! Errors and warnings for people.

use std::{fmt::Write as _, io::Write as _};

use phoenix_sdk::StepError;

use super::style::{BAD, BOLD, QUIET, WARN, paint};
use crate::{engine::event::Failure, error::Error, transport::printable};

/// Writes an error to standard error. If even that fails, there is nobody left to tell.
pub fn error(error: &Error) {
    let mut text = head(&error.code, &error.message);
    if let Some(excerpt) = &error.excerpt {
        text.push_str(excerpt.trim_end());
        text.push('\n');
    }
    text.push_str(&tail(&error.causes, &error.hints, "  "));
    let _ = write!(anstream::stderr(), "{text}");
}

/// Writes a warning to standard error.
pub fn warning(message: &str) {
    let _ = writeln!(anstream::stderr(), "{}: {}", paint(WARN, "warning"), printable(message));
}

/// A failure inside a report, behind this margin.
pub(super) fn failure(failure: &Failure, margin: &str) -> String {
    let StepError { code, message, causes, hints } = &failure.error;
    let text = head(code, message) + &tail(causes, hints, "  ");
    text.lines().map(|line| format!("{margin}{line}\n")).collect()
}

fn head(code: &str, message: &str) -> String {
    format!(
        "{}{} {}\n",
        paint(BAD, &format!("error[{}]", printable(code))),
        paint(BOLD, ":"),
        paint(BOLD, &printable(message))
    )
}

fn tail(causes: &[String], hints: &[String], margin: &str) -> String {
    let mut text = String::new();
    for cause in causes {
        let _ = writeln!(text, "{margin}{} {}", paint(QUIET, "cause:"), printable(cause));
    }
    for hint in hints {
        let _ = writeln!(text, "{margin}{} {}", paint(QUIET, "hint:"), printable(hint));
    }
    text
}
