//! Past runs for people: a list, what became of one, and what was forgotten.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
};

use super::style::{BAD, BOLD, GOOD, QUIET, WARN, count, paint};
use crate::{
    journal::{Pruned, RunRow},
    transport::printable,
};

/// One line for each run.
pub fn runs(runs: &[RunRow]) -> String {
    if runs.is_empty() {
        return "There were no runs yet.\n".to_owned();
    }
    let mut text = String::new();
    for run in runs {
        let changes = usize::try_from(run.changes).unwrap_or(usize::MAX);
        let _ = write!(
            text,
            "{}  {:<8}  {}  {}",
            paint(BOLD, &printable(&run.run)),
            printable(&run.verb),
            end(run),
            count(changes, "change"),
        );
        let relation = relation(run);
        if !relation.is_empty() {
            let _ = write!(text, ",{relation}");
        }
        text.push('\n');
    }
    text
}

/// Below the replayed report of a run.
pub fn run_end(run: &RunRow) -> String {
    let mut text = String::new();
    if run.finished.is_none() {
        let what = "This run has not ended: it still works, or was cut off. The next run on its targets settles what it had begun.";
        let _ = writeln!(text, "{}", paint(WARN, what));
    }
    let relation = relation(run);
    if !relation.is_empty() {
        let _ = writeln!(text, "This run{relation}.");
    } else if run.in_force > 0 {
        let _ =
            writeln!(text, "It can be taken back: phoenix-orch rollback {}", printable(&run.run));
    }
    text
}

/// A document that a step recorded on a target. Only a reader who stopped reading makes this fail.
pub fn document(target: &str, content: &[u8]) {
    let mut out = std::io::stdout();
    let _ = match out.is_terminal() {
        false => out.write_all(content),
        true => {
            let text = String::from_utf8_lossy(content);
            let lines = text.lines().map(|line| format!("{}\n", printable(line)));
            let text: String = lines.collect();
            out.write_all(format!("# {}\n{text}", printable(target)).as_bytes())
        }
    };
}

/// What was forgotten, and what was not and why.
pub fn pruned(pruned: &Pruned) -> String {
    let mut text = format!("Forgotten: {}.\n", count(pruned.removed.len(), "run"));
    let mut kept = |runs: &[RunRow], why: &str| {
        for run in runs {
            let _ = writeln!(text, "Kept {}: {why}", printable(&run.run));
        }
    };
    kept(&pruned.needed, "it can still be rolled back (--even-needed forgets it all the same)");
    kept(
        &pruned.in_doubt,
        "something that it began is not settled; the next run on its target does that",
    );
    text
}

fn end(run: &RunRow) -> String {
    match (run.finished, run.exit) {
        (None, _) => paint(WARN, "not ended"),
        (_, Some(0)) => paint(GOOD, "ok       "),
        (_, Some(exit)) => paint(BAD, &format!("exit {exit:<4}")),
        (_, None) => paint(QUIET, "ended    "),
    }
}

fn relation(run: &RunRow) -> String {
    let mut text = String::new();
    if let Some(other) = &run.takes_back {
        let how = if run.exit == Some(0) { "took back" } else { "was to take back" };
        let _ = write!(text, " {how} {}", printable(other));
    }
    if let Some(other) = &run.taken_back_by {
        let _ = write!(
            text,
            "{}was taken back by {}",
            if text.is_empty() { " " } else { " and " },
            printable(other)
        );
    }
    text
}
