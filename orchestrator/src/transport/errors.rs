//! The errors that both kinds of machine give, so that they read alike.

use std::time::Duration;

use phoenix_sdk::Output;

use super::{Exec, printable};
use crate::error::{Error, ErrorKind, Result};

/// Refuses what no machine can run.
pub(super) fn validate(exec: &Exec) -> Result<()> {
    let problem = match exec.argv.first().map(String::as_str) {
        None | Some("") => "it names no program",
        Some(program) if program.starts_with('-') => "its program begins with a hyphen",
        Some(_) if exec.argv.iter().any(|word| word.contains('\0')) => "it contains a NUL byte",
        Some(_) => return Ok(()),
    };
    Err(step("EXEC-INVALID", format!("the command {} cannot be run", command(&exec.argv)))
        .cause(problem)
        .hint("Mend the command where it is written."))
}

/// Refuses a path that no machine has.
pub(super) fn validate_path(code: &str, path: &str) -> Result<()> {
    if path.starts_with('/') && !path.contains('\0') {
        return Ok(());
    }
    Err(step(code, format!("`{}` is not an absolute path", printable(path)))
        .hint("Write the path from the root on."))
}

/// The command in an error message, cut where it gets long.
pub(super) fn command(argv: &[String]) -> String {
    let words = printable(&argv.join(" "));
    if words.chars().count() <= 120 {
        return format!("`{words}`");
    }
    format!("`{}...`", words.chars().take(120).collect::<String>())
}

pub(super) fn not_found(program: &str, machine: &str) -> Error {
    step("EXEC-NOT-FOUND", format!("{machine} has no program `{}`", printable(program)))
        .hint("Install it there, or let a step that runs earlier install it.")
}

pub(super) fn timed_out(what: &str, machine: &str, limit: Duration) -> Error {
    step("EXEC-TIMEOUT", format!("{what} on {machine} did not end within {limit:?}"))
        .hint("Run it by hand on that machine to see what it waits for.")
}

pub(super) fn flooded(what: &str, machine: &str, limit: usize) -> Error {
    step("EXEC-OUTPUT-LIMIT", format!("{what} on {machine} wrote more than {limit} bytes"))
        .hint("Run it by hand on that machine to see what it writes.")
}

pub(super) fn unreadable(path: &str, machine: &str, cause: impl ToString) -> Error {
    step("FILE-READ", format!("`{}` on {machine} cannot be looked at", printable(path)))
        .cause(printable(&cause.to_string()))
        .hint("Look at the path by hand on that machine.")
}

pub(super) fn changed(path: &str, machine: &str, now: impl ToString) -> Error {
    step("FILE-CHANGED", format!("`{}` on {machine} is not what it was", printable(path)))
        .cause(printable(&now.to_string()))
        .hint("Find out who else changes it, then make a new plan.")
}

pub(super) fn unwritable(path: &str, machine: &str, cause: impl ToString) -> Error {
    step("FILE-WRITE", format!("`{}` on {machine} cannot be changed", printable(path)))
        .cause(printable(&cause.to_string()))
        .hint("Mend what the cause says and run again; what was there before is whole.")
}

/// The last words of a failed tool, whole enough to be a cause.
pub(super) fn complaint(output: &Output) -> String {
    printable(&output.complaint())
}

fn step(code: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Step, code, message)
}

#[cfg(test)]
mod tests {
    use super::{validate, validate_path};
    use crate::transport::Exec;

    #[test]
    fn impossible_commands_and_paths_are_refused() {
        for argv in [vec![], vec![""], vec!["-x"], vec!["a", "b\0c"]] {
            assert_eq!(validate(&Exec::new(argv)).unwrap_err().code, "EXEC-INVALID");
        }
        assert!(validate(&Exec::new(["echo", "", "-", "\x1b"])).is_ok());
        for path in ["", "etc", "/a\0"] {
            assert!(validate_path("FILE-READ", path).is_err());
        }
    }
}
