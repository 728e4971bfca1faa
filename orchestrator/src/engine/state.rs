//! Where a run is: a fold over its events, live or read back. Pure.

use std::collections::BTreeMap;

use phoenix_sdk::Consent;

use super::event::{Body, Event, Failure, Outcome, Planned};
use crate::{error::ErrorKind, graph::Unit};

/// What is known of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// All units in their order.
    pub order: Vec<Unit>,
    /// What is known of each.
    pub units: BTreeMap<Unit, UnitState>,
    /// How long it took, in milliseconds, once it has ended.
    pub took_ms: Option<u64>,
}

/// What is known of a unit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnitState {
    /// What its first check wanted.
    pub planned: Vec<Planned>,
    /// What was fine already at its first check.
    pub notes: Vec<String>,
    /// What the operator must know, each once.
    pub warnings: Vec<String>,
    /// How it ended, once it has.
    pub end: Option<End>,
}

/// How a unit came to its end.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It ran.
    Finished(Outcome),
    /// It did not begin, because this one failed.
    Skipped(Unit),
}

/// How many units came to which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Changed, or would be.
    pub changed: usize,
    /// All was as wanted.
    pub unchanged: usize,
    /// The evidence holds.
    pub verified: usize,
    /// A script ran of which nobody knows what it has changed.
    pub ran: usize,
    /// There is no evidence.
    pub unproven: usize,
    /// Nothing of it can be taken back.
    pub irrevocable: usize,
    /// Left as it is, in whole or in part, because something still needs it.
    pub kept: usize,
    /// Failed.
    pub failed: usize,
    /// Did not begin.
    pub skipped: usize,
    /// Changes in all.
    pub changes: usize,
}

impl State {
    /// Takes in one event.
    pub fn fold(&mut self, event: &Event) {
        match &event.body {
            Body::RunStarted { units, .. } => {
                self.order.clone_from(units);
                self.units =
                    units.iter().map(|unit| (unit.clone(), UnitState::default())).collect();
            }
            Body::Checked { unit, round, changes, notes, warnings } => {
                let state = self.unit(unit);
                if *round == 1 {
                    state.planned.clone_from(changes);
                    state.notes.clone_from(notes);
                }
                state.warn(warnings);
            }
            Body::Verified { unit, warnings, .. } => self.unit(unit).warn(warnings),
            Body::UnitFinished { unit, outcome, .. } => {
                self.unit(unit).end = Some(End::Finished(outcome.clone()));
            }
            Body::UnitSkipped { unit, because } => {
                self.unit(unit).end = Some(End::Skipped(because.clone()));
            }
            Body::RunFinished { took_ms, .. } => self.took_ms = Some(*took_ms),
            Body::UnitStarted { .. }
            | Body::Intended { .. }
            | Body::Output { .. }
            | Body::Done { .. }
            | Body::EffectFailed { .. }
            | Body::Settled { .. }
            | Body::Recorded { .. }
            | Body::Leftovers { .. } => {}
        }
    }

    fn unit(&mut self, unit: &Unit) -> &mut UnitState {
        self.units.entry(unit.clone()).or_default()
    }

    /// How many units came to which end.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for state in self.units.values() {
            match &state.end {
                Some(End::Finished(Outcome::Unchanged)) => counts.unchanged += 1,
                Some(End::Finished(Outcome::Verified)) => counts.verified += 1,
                Some(End::Finished(Outcome::Ran { .. })) => counts.ran += 1,
                Some(End::Finished(Outcome::Unproven)) => counts.unproven += 1,
                Some(End::Finished(Outcome::Irrevocable)) => counts.irrevocable += 1,
                Some(End::Finished(
                    Outcome::Changed { changes } | Outcome::WouldChange { changes },
                )) => {
                    counts.changed += 1;
                    counts.changes += changes;
                }
                Some(End::Finished(Outcome::Kept { changes })) => {
                    counts.kept += 1;
                    counts.changes += changes;
                }
                Some(End::Finished(Outcome::Failed { .. })) => counts.failed += 1,
                Some(End::Skipped(_)) => counts.skipped += 1,
                None => {}
            }
        }
        counts
    }

    /// Every failure, in the order of the units.
    pub fn failures(&self) -> impl Iterator<Item = (&Unit, &Failure)> {
        self.order.iter().filter_map(|unit| match &self.units.get(unit)?.end {
            Some(End::Finished(Outcome::Failed { error })) => Some((unit, error)),
            _ => None,
        })
    }

    /// The run's exit code: 0, or that of the gravest failure. Interruption stands above all, for the
    /// run is then not finished; next comes what is our own defect, then what failed at work.
    pub fn exit(&self) -> u8 {
        const GRAVEST_FIRST: [ErrorKind; 9] = [
            ErrorKind::Interrupted,
            ErrorKind::Internal,
            ErrorKind::Usage,
            ErrorKind::Config,
            ErrorKind::Plugin,
            ErrorKind::Conflict,
            ErrorKind::Step,
            ErrorKind::Verify,
            ErrorKind::Unreachable,
        ];
        GRAVEST_FIRST
            .map(ErrorKind::exit_code)
            .into_iter()
            .find(|exit| self.failures().any(|(_, failure)| failure.exit == *exit))
            .unwrap_or_default()
    }
}

impl UnitState {
    /// What the operator has to allow for the changes that its first check wanted.
    pub fn consents(&self) -> impl Iterator<Item = Consent> {
        self.planned.iter().filter_map(|one| one.consent)
    }

    fn warn(&mut self, warnings: &[String]) {
        for warning in warnings {
            if !self.warnings.contains(warning) {
                self.warnings.push(warning.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::StepError;

    use super::{Body, Event, Failure, Outcome, State, Unit};

    fn event(body: Body) -> Event {
        Event { format: 1, run: "r".into(), seq: 1, at: jiff::Timestamp::UNIX_EPOCH, body }
    }

    fn ends(exits: &[u8]) -> State {
        let units: Vec<Unit> =
            (0..exits.len()).map(|n| Unit { step: "s".into(), target: n.to_string() }).collect();
        let mut state = State::default();
        state.fold(&event(Body::RunStarted {
            verb: "run".into(),
            version: "0".into(),
            features: vec![],
            units: units.clone(),
            waits_for: Vec::new(),
            environment: None,
            takes_back: None,
        }));
        for (unit, exit) in units.into_iter().zip(exits) {
            let outcome = match exit {
                0 => Outcome::Unchanged,
                exit => Outcome::Failed {
                    error: Failure { exit: *exit, error: StepError::new("X", "m") },
                },
            };
            state.fold(&event(Body::UnitFinished { unit, outcome, took_ms: 1 }));
        }
        state
    }

    #[test]
    fn the_gravest_failure_gives_the_exit_code() {
        for (exits, expected) in
            [(&[0, 0][..], 0), (&[0, 6], 6), (&[6, 7, 0], 7), (&[8, 6], 8), (&[7, 130, 1], 130)]
        {
            assert_eq!(ends(exits).exit(), expected, "{exits:?}");
        }
    }

    #[test]
    fn every_unit_is_counted_once() {
        let counts = ends(&[0, 7, 0]).counts();
        assert_eq!((counts.unchanged, counts.failed, counts.changed, counts.skipped), (2, 1, 0, 0));
    }
}
