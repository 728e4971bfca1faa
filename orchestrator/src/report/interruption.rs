//! What is said when somebody interrupts. It goes past the lines of what goes on now: they may be held by
//! a thread that cannot write.

use std::io::{IsTerminal as _, Write as _};

use super::{error, warning};
use crate::error::Result;

/// Says on standard error what the first interruption does.
pub fn interrupted() {
    line("interrupted: what runs is being finished; press Ctrl-C again to stop waiting");
}

/// Says on standard error that nothing is waited for any more, and which commands could not be killed.
pub fn abandoned(left: &Result<Vec<String>>) {
    line("interrupted again: what ran was killed; the next run looks at what is done and goes on");
    match left {
        Ok(left) => {
            for command in left {
                warning(&format!("{command} could not be killed"));
            }
        }
        Err(failure) => error(failure),
    }
}

fn line(text: &str) {
    let mut to = anstream::stderr();
    // Behind the terminal's own `^C`, or a line that is being drawn.
    let begin = if std::io::stderr().is_terminal() { "\n" } else { "" };
    // If even that fails, there is nobody left to tell.
    let _ = writeln!(to, "{begin}{text}");
}
