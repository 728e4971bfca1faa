//! A run or a verification for people: a block for each unit as it ends, then a closing line.

use std::{collections::BTreeMap, io::Write};

use phoenix_sdk::Evidence;

use super::{
    closing::closing,
    error::failure,
    plan::tree,
    progress::beside,
    style::{self, BAD, BOLD, GOOD, QUIET, WARN, count, duration, paint, status},
    unwritable,
    view::View,
    wording,
};
use crate::{
    engine::{Body, Event, Sink, State, event::Outcome},
    error::Result,
    graph::Unit,
    transport::printable,
};

/// Under the status words.
const MARGIN: &str = "             ";
/// Under something that is under them.
const INSIDE: &str = "               ";

/// Writes what happens for people.
pub struct Human<W> {
    out: W,
    view: View,
    run: String,
    /// A rollback is shown as a plan before it is done.
    takes_back: bool,
    /// Of `verify`, evidence is the whole result: how it was gathered is shown, and no count of changes.
    verifies: bool,
    state: State,
    details: BTreeMap<Unit, String>,
    /// The units that are as they should be, which are told together at the end.
    unchanged: Vec<Unit>,
}

impl<W: Write + Send> Human<W> {
    /// To this writer.
    pub fn new(out: W, view: View) -> Self {
        Self {
            out,
            view,
            run: String::new(),
            takes_back: false,
            verifies: false,
            state: State::default(),
            details: BTreeMap::new(),
            unchanged: Vec::new(),
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
        let details = self.details.remove(unit).unwrap_or_default();
        let mut text = String::new();
        let folded =
            *outcome == Outcome::Unchanged && details.is_empty() && !self.view.is_verbose();
        let shown = !folded && (style != GOOD || !self.view.is_quiet());
        if folded {
            self.unchanged.push(unit.clone());
        }
        if shown {
            let took = style::words(QUIET, &format!("({what}{})", duration(took_ms)));
            text += &self.line(&status(style, word), &format!("{} {took}", title(unit)));
            text += &details;
        }
        if let Outcome::Failed { error } = outcome {
            text += &failure(error, MARGIN, self.view);
        }
        if let Some(state) = self.state.units.get(unit) {
            for warning in state.warnings.iter().map(|warning| printable(warning)) {
                text += &match shown {
                    true => {
                        let label = format!("{MARGIN}{} ", paint(WARN, "warning:"));
                        self.view.folded(&label, INSIDE, &warning)
                    }
                    false => {
                        let words = format!("{}: {warning}", title(unit));
                        self.line(&status(WARN, "Warning"), &words)
                    }
                };
            }
        }
        text
    }

    /// Behind a status word.
    fn line(&self, word: &str, words: &str) -> String {
        self.view.folded(&format!("{word} "), MARGIN, words)
    }

    /// The targets of which all steps are as they should be, and the steps of the others.
    fn unchanged(&self) -> String {
        let mut whole: Vec<String> = Vec::new();
        let mut parts = String::new();
        let mut all: BTreeMap<&str, usize> = BTreeMap::new();
        self.state.order.iter().for_each(|unit| *all.entry(&unit.target).or_default() += 1);
        let mut targets: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
        self.unchanged.iter().for_each(|unit| targets.entry(&unit.target).or_default().push(unit));
        for (target, units) in targets {
            if all.get(target) == Some(&units.len()) {
                whole.push(printable(target));
            } else {
                let steps: Vec<String> = units.iter().map(|unit| printable(&unit.step)).collect();
                let words = format!("{}: {}", paint(BOLD, &printable(target)), steps.join(", "));
                parts += &self.line(&status(GOOD, "Unchanged"), &words);
            }
        }
        if !whole.is_empty() {
            parts += &self.line(&status(GOOD, "Unchanged"), &self.view.names(&whole));
        }
        parts
    }

    /// Of evidence that is not asked for, and all holds, the last, to which the others lead.
    fn all_evidence(&self, evidence: &[Evidence]) -> String {
        let wanted = self.verifies || self.view.is_verbose();
        match evidence {
            [others @ .., last]
                if others.len() > 1 && !wanted && evidence.iter().all(|one| one.holds) =>
            {
                let claim = format!(
                    "{}, and {} more (-v shows them)",
                    printable(&last.claim),
                    others.len()
                );
                self.view.folded(&holding(last), INSIDE, &claim)
            }
            _ => evidence.iter().map(|one| self.evidence(one)).collect(),
        }
    }

    fn evidence(&self, evidence: &Evidence) -> String {
        let mut text = self.view.folded(&holding(evidence), INSIDE, &printable(&evidence.claim));
        let mut line = |name: &str, value: &str| {
            let label = format!("{INSIDE}{} ", style::words(QUIET, name));
            text += &self.view.folded(&label, &format!("{INSIDE}  "), &printable(value));
        };
        if !evidence.holds {
            line("expected:", &evidence.expected);
        }
        if !evidence.holds || self.verifies || self.view.is_verbose() {
            line("observed:", &evidence.observed);
            line("looked at:", &evidence.how);
        }
        text
    }
}

/// The label of a claim.
fn holding(evidence: &Evidence) -> String {
    let (style, word) = if evidence.holds { (GOOD, "holds") } else { (BAD, "does not hold") };
    format!("{MARGIN}{} ", style::words(style, &format!("{word}:")))
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
                self.run.clone_from(&event.run);
                self.verifies = verb == "verify";
                self.takes_back = takes_back.is_some();
                Ok(())
            }
            Body::EffectFailed { .. } | Body::UnitStarted { .. } => Ok(()),
            Body::Done { unit, left, .. } => {
                for line in left {
                    let label = format!("{MARGIN}{} ", paint(WARN, "left:"));
                    let line = self.view.folded(&label, INSIDE, &printable(line));
                    self.detail(unit, &line);
                }
                Ok(())
            }
            Body::Settled { unit, of, about, found, after, .. } => {
                let what = wording::found(*found, after);
                let words = format!(
                    "{}: run {} was cut off; what it was about to do {what}",
                    title(unit),
                    printable(of)
                );
                let text = self.line(&status(WARN, "Recovered"), &words)
                    + &self.view.folded(MARGIN, INSIDE, &printable(about));
                self.write(&text)
            }
            Body::Recorded { unit, name, .. } => {
                let line = format!("{MARGIN}{} {}\n", paint(QUIET, "recorded:"), printable(name));
                self.detail(unit, &line);
                Ok(())
            }
            Body::Checked { unit, .. } if self.takes_back => {
                let state = self.state.units.get(unit).cloned().unwrap_or_default();
                let heading = paint(BOLD, &printable(&unit.target));
                self.write(&format!("{heading}\n{}", tree(&[(unit, &state)], self.view)))
            }
            Body::Checked { unit, notes, round, .. } => {
                if self.view.is_verbose() && *round == 1 {
                    let label = format!("{MARGIN}{} ", paint(QUIET, "fine:"));
                    let note = |note: &String| self.view.folded(&label, INSIDE, &printable(note));
                    let notes: String = notes.iter().map(note).collect();
                    self.detail(unit, &notes);
                }
                Ok(())
            }
            Body::Intended { unit, deed, .. } => {
                let summary = printable(&deed.to_string());
                let why = match deed.why() {
                    "" => String::new(),
                    why => format!(" {}", style::words(QUIET, &format!("({})", printable(why)))),
                };
                let line = self.view.folded(MARGIN, INSIDE, &format!("{summary}{why}"));
                self.detail(unit, &line);
                Ok(())
            }
            Body::Output { unit, line } => {
                if self.view.is_verbose() {
                    let line = paint(QUIET, &printable(line));
                    self.write(&format!("{MARGIN}{} | {line}\n", title(unit)))?;
                }
                Ok(())
            }
            Body::Verified { unit, evidence, .. } => {
                let text = self.all_evidence(evidence);
                self.detail(unit, &text);
                Ok(())
            }
            Body::UnitFinished { unit, outcome, took_ms } => {
                let text = self.finished(unit, outcome, *took_ms);
                self.write(&text)
            }
            Body::UnitSkipped { unit, because } => {
                let words = format!("{}, because {} failed", title(unit), title(because));
                let text = self.line(&status(WARN, "Skipped"), &words);
                self.write(&text)
            }
            Body::Leftovers { target, ended } => {
                let what = format!("a killed run had left in `{}`", printable(target));
                let ended = ended.iter().map(|command| {
                    let words = format!("ended {}, which {what}", printable(command));
                    self.line(&status(WARN, "Warning"), &words)
                });
                let text: String = ended.collect();
                self.write(&text)
            }
            Body::RunFinished { .. } => {
                let unchanged = if self.view.is_quiet() { String::new() } else { self.unchanged() };
                let closing = closing(&self.state, &self.run, self.verifies, self.view);
                self.write(&(unchanged + &closing))
            }
        }
    }
}
