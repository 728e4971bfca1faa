//! Where words go. A task's all go to standard output, but for its last error.

use std::io::{Write, stderr, stdout};

/// What speaks: a plain command, or a task with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Plain,
    Task,
}

impl Voice {
    /// Says something that is no result.
    pub(super) fn remark(self, line: &str) {
        match self {
            Self::Plain => error(line),
            Self::Task => print(&format!("{line}\n")),
        }
    }
}

/// Writes to standard output.
pub(super) fn print(text: &str) {
    // A reader that has gone away is no matter of ours, as it is none of Perl's.
    let _ = stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush());
}

/// Writes a line to standard error.
pub(super) fn error(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}
