//! Why a step's process is no more, and the error that says so. Pure.

use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus, time::Duration};

use super::{
    confine::{FORBIDDEN_EXIT, forbidden_call},
    frame::Garbage,
};
use crate::{
    error::{Error, ErrorKind},
    transport::printable,
};

/// How many characters of a process's last words are repeated.
const WORDS: usize = 400;

/// Why a process was ended, or how it ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Death {
    /// It ended by itself, with these last words.
    Ended(ExitStatus, String),
    /// What it sent was no frame.
    Garbage(Garbage),
    /// What it sent was a frame, and made no sense.
    Nonsense(String),
    /// It said nothing for so long.
    Silent(Duration),
    /// It asked so many things in one call.
    Insatiable(usize),
    /// It has used up all threads that it may have, and none is left for a call.
    Full,
    /// It did not take what it was sent.
    Deaf,
    /// It was not needed any more.
    Dismissed,
}

impl Death {
    /// The error of a call that was under way, or of the start of a process. `whose` is the step, or its
    /// library while the step is not known yet; `when` says what it was asked for.
    pub(super) fn error(&self, kind: ErrorKind, whose: &str, when: &str) -> Error {
        let error = |code, what: &str| Error::new(kind, code, format!("{whose} {what} {when}"));
        let defect = "This is a defect of the step; report it to its author with the causes.";
        match self {
            Self::Ended(status, words) => match forbidden(*status, words) {
                Some(call) => error("STEP-FORBIDDEN", "made a system call that no step may make,")
                    .cause(format!("the system call {call}"))
                    .hint("A step asks the orchestrator for whatever it needs (docs/writing-a-step.md); report it to its author.")
                    .hint("If it has no business doing that, do not use it: take it out of plugins.toml."),
                None => {
                    let error = error("STEP-DIED", "died").cause(ended(*status));
                    last(words).into_iter().fold(error, Error::cause).hint(defect)
                }
            },
            Self::Garbage(Garbage::TooLarge { announced, limit }) => {
                error("STEP-TOO-LARGE", "sent too large a document")
                    .cause(format!("it announced {announced} bytes, and {limit} are accepted"))
                    .hint(defect)
            }
            Self::Garbage(garbage) => error("STEP-PROTOCOL", "sent what cannot be understood,")
                .cause(garbage)
                .hint(defect),
            Self::Nonsense(what) => error("STEP-PROTOCOL", "sent what cannot be understood,")
                .cause(what)
                .hint(defect),
            Self::Silent(limit) => error("STEP-SILENT", "gave no sign of life for too long,")
                .cause(format!("a step may think for {} s in one call", limit.as_secs()))
                .hint(defect),
            Self::Insatiable(most) => error("STEP-INSATIABLE", "asked for too much")
                .cause(format!("a step may make {most} requests in one call"))
                .hint(defect),
            Self::Full => error("STEP-DIED", "had started too many threads, and was ended")
                .hint(defect),
            Self::Deaf => {
                error("STEP-SILENT", "did not take its answers,").hint(defect)
            }
            Self::Dismissed => Error::new(
                ErrorKind::Internal,
                "STEP-DIED",
                format!("{whose} was dismissed {when}"),
            )
            .hint("This is a defect of phoenix-orch; please report it."),
        }
    }
}

fn forbidden(status: ExitStatus, words: &str) -> Option<String> {
    if status.code() == Some(FORBIDDEN_EXIT) {
        return forbidden_call(words);
    }
    // Where the handler could not run, or the call was one of another architecture.
    (status.signal() == Some(libc::SIGSYS)).then(|| "that its process was ended for".to_owned())
}

fn ended(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(libc::SIGSEGV), _) => "its process was ended by signal 11 (SIGSEGV)".to_owned(),
        (Some(libc::SIGABRT), _) => "its process was ended by signal 6 (SIGABRT)".to_owned(),
        (Some(libc::SIGKILL), _) => "its process was ended by signal 9 (SIGKILL)".to_owned(),
        (Some(signal), _) => format!("its process was ended by signal {signal}"),
        (None, code) => format!("its process ended itself with exit code {}", code.unwrap_or(-1)),
    }
}

/// The last lines, made harmless.
fn last(words: &str) -> Option<String> {
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let text = lines[lines.len().saturating_sub(3)..].join("; ");
    let text: String = text.chars().take(WORDS).collect();
    (!text.is_empty()).then(|| format!("its last words: {}", printable(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(death: &Death) -> String {
        let error = death.error(ErrorKind::Step, "step `x`", "in `check`");
        assert!(!error.hints.is_empty());
        format!("{error}")
    }

    #[test]
    fn each_death_says_whose_it_was_and_why() {
        let status = ExitStatus::from_raw;
        let cases = [
            (
                Death::Ended(status(11), String::new()),
                "STEP-DIED: step `x` died in `check`: its process was ended by signal 11 (SIGSEGV)",
            ),
            (
                Death::Ended(status(6), "a\n\nb\u{1b}[2J\nc\nd\n".to_owned()),
                "STEP-DIED: step `x` died in `check`: its process was ended by signal 6 (SIGABRT): its last words: b\\u{1b}[2J; c; d",
            ),
            (
                Death::Ended(
                    status(159 << 8),
                    "phoenix-orch: forbidden system call 59\n".to_owned(),
                ),
                "STEP-FORBIDDEN: step `x` made a system call that no step may make, in `check`: the system call `execve`",
            ),
            (
                Death::Silent(Duration::from_secs(30)),
                "STEP-SILENT: step `x` gave no sign of life for too long, in `check`: a step may think for 30 s in one call",
            ),
            (
                Death::Full,
                "STEP-DIED: step `x` had started too many threads, and was ended in `check`",
            ),
            (
                Death::Garbage(Garbage::Kind(99)),
                "STEP-PROTOCOL: step `x` sent what cannot be understood, in `check`: a frame of the unknown kind 99",
            ),
            (
                Death::Garbage(Garbage::TooLarge { announced: 9, limit: 7 }),
                "STEP-TOO-LARGE: step `x` sent too large a document in `check`: it announced 9 bytes, and 7 are accepted",
            ),
        ];
        for (death, expected) in cases {
            assert_eq!(seen(&death), expected);
        }
    }
}
