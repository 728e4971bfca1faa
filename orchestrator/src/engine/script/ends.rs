//! What the exit codes of a script mean. Pure.

use crate::{
    catalog::{
        Ran,
        script::{command_line, meaning},
    },
    error::{Error, ErrorKind, Result},
    transport::printable,
};

/// What is known before a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Its check says that all is as wanted.
    AsWanted,
    /// Its check says that there is something to do.
    ToDo,
    /// It has no check.
    NotAsked,
}

/// What a check has answered.
///
/// # Errors
/// `SCRIPT-CHECK-FAILED` for whatever is neither a yes nor a no.
pub(super) fn answer(name: &str, ran: &Ran) -> Result<Answer> {
    match ran.exit {
        0 => Ok(Answer::AsWanted),
        1 => Ok(Answer::ToDo),
        exit => {
            let message = format!("the check of script `{name}` gave no answer: {}", meaning(exit));
            let hint = "A check ends with 0 if all is as wanted, with 1 if the script has to run.";
            Err(told("SCRIPT-CHECK-FAILED", message, ran).hint(hint).hint(by_hand(ran)))
        }
    }
}

/// Whether it has done its work.
///
/// # Errors
/// `SCRIPT-FAILED`.
pub(super) fn applied(name: &str, ran: &Ran) -> Result<()> {
    let what = match ran.exit {
        0 => return Ok(()),
        1 => "exit code 1 (a fatal error)".to_owned(),
        exit => meaning(exit),
    };
    let error = told("SCRIPT-FAILED", format!("script `{name}` failed: {what}"), ran);
    let error = match ran.exit {
        2 => error.hint(format!("Correct `args` in [scripts.{name}].")),
        126 => error.hint("Its first line has to name an interpreter, such as `#!/bin/bash`."),
        _ => error,
    };
    Err(error.hint(by_hand(ran)))
}

/// It ran, said that all went well, and its check says otherwise.
pub(super) fn not_converged(name: &str) -> Error {
    let message = format!("script `{name}` ended well, and its check still wants it to run");
    Error::new(ErrorKind::Step, "SCRIPT-NOT-CONVERGED", message)
        .hint("Find out which of the two is mistaken. The script is not run a second time.")
}

fn told(code: &str, message: String, ran: &Ran) -> Error {
    let error = Error::new(ErrorKind::Step, code, message);
    ran.last.iter().fold(error, |error, line| error.cause(printable(line)))
}

fn by_hand(ran: &Ran) -> String {
    format!("Run it by hand: {}", printable(&command_line(&ran.argv)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(exit: i32) -> Ran {
        let argv = ["/x.sh", "101", "a b"].map(str::to_owned).to_vec();
        Ran { argv, exit, last: vec!["one".to_owned(), "\u{1b}[31mtwo".to_owned()] }
    }

    #[test]
    fn only_0_and_1_are_answers() {
        assert_eq!(answer("x", &ran(0)), Ok(Answer::AsWanted));
        assert_eq!(answer("x", &ran(1)), Ok(Answer::ToDo));
        for (exit, means) in [
            (2, "exit code 2 (wrong arguments)"),
            (3, "exit code 3"),
            (126, "exit code 126 (it could not be executed)"),
            (127, "exit code 127 (a command was not found)"),
            (137, "exit code 137 (ended by signal 9)"),
            (255, "exit code 255"),
        ] {
            let error = answer("x", &ran(exit)).unwrap_err();
            assert_eq!(error.code, "SCRIPT-CHECK-FAILED");
            assert_eq!(error.message, format!("the check of script `x` gave no answer: {means}"));
            let error = applied("x", &ran(exit)).unwrap_err();
            assert_eq!(error.message, format!("script `x` failed: {means}"));
        }
    }

    #[test]
    fn a_failure_says_what_the_code_means_what_was_said_and_what_to_do() {
        applied("x", &ran(0)).unwrap();
        let error = applied("x", &ran(1)).unwrap_err();
        assert_eq!(error.message, "script `x` failed: exit code 1 (a fatal error)");
        assert_eq!(error.causes, ["one", "\\u{1b}[31mtwo"]);
        assert_eq!(error.hints, ["Run it by hand: /x.sh 101 'a b'"]);
        assert!(applied("x", &ran(2)).unwrap_err().hints[0].contains("`args` in [scripts.x]"));
    }
}
