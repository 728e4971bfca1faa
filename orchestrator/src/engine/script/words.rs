//! What is said of scripts, in plans and reports. Pure.

use phoenix_sdk::Evidence;

use super::ends::Answer;
use crate::{
    catalog::{
        Ran, Verb,
        script::{command_line, meaning},
    },
    transport::printable,
};

/// What running it is, in the imperative.
pub(super) fn about(argv: &[String]) -> String {
    format!("run the script `{}`", command_line(argv))
}

/// Why it runs; its effects are opaque in any case.
pub(super) fn why(answer: Answer) -> &'static str {
    match answer {
        Answer::NotAsked => {
            "it has no check, so it runs each time, and nobody can tell what it changes: its effects are not known to phoenix-orch"
        }
        _ => {
            "its check says that there is something to do; its effects are not known to phoenix-orch"
        }
    }
}

/// The note for a script whose check was content.
pub(super) fn as_wanted() -> String {
    "the script's own check says so".to_owned()
}

/// The warning of the verb `verify` for a script that can prove nothing.
pub(super) fn no_evidence(name: &str) -> String {
    format!("there is no evidence for script `{name}`: it has neither `verify` nor `check`")
}

/// What a verify or a check has shown.
pub(super) fn evidence(name: &str, verb: Verb, ran: &Ran) -> Evidence {
    let claim = match verb {
        Verb::Verify => format!("script `{name}` has worked, its verify says"),
        _ => format!("script `{name}` has nothing to do, its check says"),
    };
    let said: Vec<String> = ran.last.iter().map(|line| printable(line)).collect();
    let observed = match said.is_empty() {
        true => meaning(ran.exit),
        false => format!("{}: {}", meaning(ran.exit), said.join(" | ")),
    };
    Evidence {
        claim,
        how: printable(&command_line(&ran.argv)),
        expected: meaning(0),
        observed,
        holds: ran.exit == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exit_code_0_is_evidence_and_its_last_lines_are_shown() {
        let ran = |exit, last: &[&str]| Ran {
            argv: vec!["/x.sh".to_owned(), "a b".to_owned()],
            exit,
            last: last.iter().map(|&line| line.to_owned()).collect(),
        };
        let good = evidence("x", Verb::Verify, &ran(0, &["GPU 0", "\u{7}fine"]));
        assert!(good.holds);
        assert_eq!(
            (good.observed.as_str(), good.how.as_str()),
            ("exit code 0: GPU 0 | \\u{7}fine", "/x.sh 'a b'")
        );
        for exit in [1, 2, 127, 137] {
            assert!(!evidence("x", Verb::Verify, &ran(exit, &[])).holds);
        }
        let silent = evidence("x", Verb::Check, &ran(1, &[]));
        assert_eq!((silent.holds, silent.observed.as_str()), (false, "exit code 1"));
    }
}
