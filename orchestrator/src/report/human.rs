//! A run or a verification for people: a block for each unit as it ends, then a closing line.

use std::{collections::BTreeMap, fmt::Write as _, io::Write};

use phoenix_sdk::Evidence;

use super::{
    error::failure,
    plan::step,
    progress::{Progress, beside},
    style::{BAD, BOLD, GOOD, QUIET, WARN, count, duration, paint, status},
    unwritable,
};
use crate::{
    effect::{Image, Judgement},
    engine::{Body, Event, Sink, State, event::Outcome},
    error::Result,
    graph::Unit,
    transport::printable,
};

/// Under the status words.
const MARGIN: &str = "             ";

/// Writes what happens for people.
pub struct Human<W> {
    out: W,
    progress: Progress,
    verbose: bool,
    /// A rollback is shown as a plan before it is done.
    takes_back: bool,
    /// Of `verify`, evidence is the whole result: how it was gathered is shown, and no count of changes.
    verifies: bool,
    state: State,
    details: BTreeMap<Unit, String>,
}

impl<W: Write + Send> Human<W> {
    /// To this writer; with `verbose` every line that commands print, and what was fine already.
    pub fn new(out: W, verbose: bool) -> Self {
        Self {
            out,
            progress: Progress::new(),
            verbose,
            takes_back: false,
            verifies: false,
            state: State::default(),
            details: BTreeMap::new(),
        }
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let out = &mut self.out;
        beside(|| out.write_all(text.as_bytes()).and_then(|()| out.flush()))
            .map_err(|error| unwritable(&error))
    }

    fn detail(&mut self, unit: &Unit, text: &str) {
        self.details.entry(unit.clone()).or_default().push_str(text);
    }

    fn finished(&mut self, unit: &Unit, outcome: &Outcome, took_ms: u64) -> String {
        let (style, word, what) = match outcome {
            Outcome::Unchanged => (GOOD, "Unchanged", String::new()),
            Outcome::Verified => (GOOD, "Verified", String::new()),
            Outcome::Ran { proven: true } => {
                (GOOD, "Ran", "no check, the evidence holds, ".to_owned())
            }
            Outcome::Ran { proven: false } => (WARN, "Ran", "nobody looked, ".to_owned()),
            Outcome::Unproven => (WARN, "No evidence", String::new()),
            Outcome::Irrevocable => (WARN, "Stays", "cannot be taken back, ".to_owned()),
            Outcome::Changed { changes } => (GOOD, "Changed", count(*changes, "change") + ", "),
            Outcome::Kept { changes } => (WARN, "Kept", count(*changes, "change") + ", "),
            Outcome::WouldChange { changes } => {
                (WARN, "To change", count(*changes, "change") + ", ")
            }
            Outcome::Failed { .. } => (BAD, "Failed", String::new()),
        };
        let took = paint(QUIET, &format!("({what}{})", duration(took_ms)));
        let mut text = format!("{} {} {took}\n", status(style, word), title(unit));
        text.push_str(&self.details.remove(unit).unwrap_or_default());
        if let Outcome::Failed { error } = outcome {
            text.push_str(&failure(error, MARGIN));
        }
        if let Some(state) = self.state.units.get(unit) {
            for warning in &state.warnings {
                let _ = writeln!(text, "{} {}", status(WARN, "Warning"), printable(warning));
            }
        }
        text
    }

    fn evidence(&self, evidence: &Evidence) -> String {
        let (style, word) = if evidence.holds { (GOOD, "holds") } else { (BAD, "does not hold") };
        let claim = printable(&evidence.claim);
        let mut text = format!("{MARGIN}{} {claim}\n", paint(style, &format!("{word}:")));
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "{MARGIN}  {} {}", paint(QUIET, name), printable(value));
        };
        if !evidence.holds {
            line("expected:", &evidence.expected);
        }
        if !evidence.holds || self.verifies || self.verbose {
            line("observed:", &evidence.observed);
            line("looked at:", &evidence.how);
        }
        text
    }

    fn closing(&self, took_ms: u64) -> String {
        let counts = self.state.counts();
        let units = count(self.state.units.len(), "unit");
        let (style, word, what) = match counts.failed {
            0 if counts.unproven > 0 => (WARN, "Finished", units),
            0 => (GOOD, "Finished", units),
            failed => (BAD, "Failed", format!("{failed} of {units}")),
        };
        let parts: String = [
            (counts.changed, "changed"),
            (counts.unchanged, "unchanged"),
            (counts.verified, "verified"),
            (counts.ran, "ran without a check"),
            (counts.unproven, "without evidence"),
            (counts.irrevocable, "cannot be taken back"),
            (counts.kept, "kept"),
            (counts.skipped, "skipped"),
        ]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!(", {number} {word}"))
        .collect();
        let changes = match self.verifies {
            true => String::new(),
            false => format!("; {}", count(counts.changes, "change")),
        };
        let took = duration(took_ms);
        let mut text = format!("{} {what}{parts}{changes} in {took}\n", status(style, word));
        for (unit, failure) in self.state.failures() {
            let (code, message) = (&failure.error.code, printable(&failure.error.message));
            let _ = writeln!(text, "{MARGIN}{}: {}: {message}", title(unit), printable(code));
        }
        text
    }
}

/// What was found of something that an earlier run had begun.
fn settled(unit: &Unit, run: &str, about: &str, found: (Judgement, &Image)) -> String {
    let what = match found {
        (_, Image::Unseen) => "may have been done, in whole or in part; nobody can tell",
        (Judgement::AsBefore, _) => "had not been done yet",
        (Judgement::AsAfter, _) => "had been done, in whole or in part",
        (Judgement::Conflict, _) => "was changed by somebody since",
    };
    format!(
        "{} {}: run {} was cut off; what it was about to do {what}\n{MARGIN}{}\n",
        status(WARN, "Recovered"),
        title(unit),
        printable(run),
        printable(about)
    )
}

/// `web: docker-install`.
fn title(unit: &Unit) -> String {
    format!("{}: {}", paint(BOLD, &printable(&unit.target)), printable(&unit.step))
}

impl<W: Write + Send> Sink for Human<W> {
    fn hear(&mut self, event: &Event) -> Result<()> {
        self.state.fold(event);
        match &event.body {
            Body::RunStarted { verb, takes_back, .. } => {
                self.verifies = verb == "verify";
                self.takes_back = takes_back.is_some();
                Ok(())
            }
            Body::EffectFailed { .. } => Ok(()),
            Body::Done { unit, left, .. } => {
                for line in left {
                    self.detail(
                        unit,
                        &format!("{MARGIN}{} {}\n", paint(WARN, "left:"), printable(line)),
                    );
                }
                Ok(())
            }
            Body::Settled { unit, of, about, found, after, .. } => {
                let text = settled(unit, of, about, (*found, after));
                self.write(&text)
            }
            Body::Recorded { unit, name, .. } => {
                let line = format!("{MARGIN}{} {}\n", paint(QUIET, "recorded:"), printable(name));
                self.detail(unit, &line);
                Ok(())
            }
            Body::UnitStarted { unit } => {
                self.progress.begin(unit);
                Ok(())
            }
            Body::Checked { unit, .. } if self.takes_back => {
                let state = self.state.units.get(unit).cloned().unwrap_or_default();
                let heading = paint(BOLD, &printable(&unit.target));
                self.write(&format!("{heading}\n{}", step(&unit.step, &state)))
            }
            Body::Checked { unit, notes, round, .. } => {
                if self.verbose && *round == 1 {
                    let notes: String = notes
                        .iter()
                        .map(|note| {
                            format!("{MARGIN}{} {}\n", paint(QUIET, "fine:"), printable(note))
                        })
                        .collect();
                    self.detail(unit, &notes);
                }
                Ok(())
            }
            Body::Intended { unit, deed, .. } => {
                let summary = printable(&deed.to_string());
                self.progress.say(unit, &summary);
                let why = if deed.why().is_empty() {
                    String::new()
                } else {
                    paint(QUIET, &format!(" ({})", printable(deed.why())))
                };
                self.detail(unit, &format!("{MARGIN}{summary}{why}\n"));
                Ok(())
            }
            Body::Output { unit, line } => {
                self.progress.say(unit, line);
                if self.verbose {
                    let line = paint(QUIET, &printable(line));
                    self.write(&format!("{MARGIN}{} | {line}\n", title(unit)))?;
                }
                Ok(())
            }
            Body::Verified { unit, evidence, .. } => {
                let text: String = evidence.iter().map(|one| self.evidence(one)).collect();
                self.detail(unit, &text);
                Ok(())
            }
            Body::UnitFinished { unit, outcome, took_ms } => {
                self.progress.end(unit);
                let text = self.finished(unit, outcome, *took_ms);
                self.write(&text)
            }
            Body::UnitSkipped { unit, because } => {
                let text = format!(
                    "{} {}, because {} failed\n",
                    status(WARN, "Skipped"),
                    title(unit),
                    title(because)
                );
                self.write(&text)
            }
            Body::Leftovers { target, ended } => {
                let what = format!("a killed run had left in `{}`", printable(target));
                let text: String = ended
                    .iter()
                    .map(|command| {
                        let warning = status(WARN, "Warning");
                        format!("{warning} ended {}, which {what}\n", printable(command))
                    })
                    .collect();
                self.write(&text)
            }
            Body::RunFinished { took_ms, .. } => {
                let text = self.closing(*took_ms);
                self.write(&text)
            }
        }
    }
}
