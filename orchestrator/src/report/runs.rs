//! Past runs for people: a list, what became of one, and what was forgotten.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
};

use super::style::{BAD, BOLD, GOOD, QUIET, WARN, count, duration, paint};
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
    let longest = runs.iter().map(|run| printable(&run.run).len()).max().unwrap_or_default();
    for run in runs {
        let changes = usize::try_from(run.changes).unwrap_or(usize::MAX);
        let name = printable(&run.run);
        let _ = write!(
            text,
            "{}  {:<8}  {}  {}",
            paint(BOLD, &format!("{name:<longest$}")),
            printable(&run.verb),
            end(run),
            count(changes, "change"),
        );
        if let Some(finished) = run.finished {
            let took = finished.duration_since(run.started).as_millis();
            // A clock that was set back in between knows nothing of it.
            if let Ok(took) = u64::try_from(took) {
                let _ = write!(text, " in {}", duration(took));
            }
        }
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

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    #[test]
    fn one_below_the_other() {
        let row = |run: &str, exit, took| RunRow {
            run: run.into(),
            verb: "run".into(),
            started: Timestamp::UNIX_EPOCH,
            finished: Some(Timestamp::UNIX_EPOCH + SignedDuration::from_millis(took)),
            exit: Some(exit),
            changes: 2,
            takes_back: None,
            in_force: 2,
            taken_back_by: None,
        };
        let cut_off = RunRow { finished: None, exit: None, ..row("20261129T101500Z-7", 0, 0) };
        let backwards = row("20261129T101400Z-7777", 6, -3000);
        let text = runs(&[row("20261129T101500Z-70000", 0, 1400), cut_off, backwards]);
        insta::assert_snapshot!(anstream::adapter::strip_str(&text), @r"
        20261129T101500Z-70000  run       ok         2 changes in 1.4 s
        20261129T101500Z-7      run       not ended  2 changes
        20261129T101400Z-7777   run       exit 6     2 changes
        ");
    }
}
