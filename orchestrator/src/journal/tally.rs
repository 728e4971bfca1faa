//! How a run leaves each of its targets, by its events. Pure.

use std::collections::BTreeMap;

use crate::engine::{Body, Event, event::Outcome};

/// What is known of the run's targets until now.
#[derive(Debug, Default)]
pub(super) struct Tally {
    features: Vec<String>,
    targets: BTreeMap<String, Left>,
    takes_back: bool,
    /// Only what changes targets says how they stand.
    counts: bool,
}

/// How a run has left a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// Units that have not ended.
    pub(super) open: usize,
    /// Of its units together, in milliseconds.
    pub(super) took_ms: u64,
    /// Why the first that failed did, or why one was not begun.
    pub(super) failure: Option<String>,
}

/// What the end of a run says of its targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standings {
    /// They are to have these features, and were left so.
    Left { features: Vec<String>, targets: BTreeMap<String, Left> },
    /// Something of them was taken back.
    TakenBack { targets: Vec<String> },
}

impl Tally {
    /// Hears an event, and says at the end of a run how it leaves its targets.
    pub(super) fn hear(&mut self, event: &Event) -> Option<Standings> {
        match &event.body {
            Body::RunStarted { verb, features, units, takes_back, .. } => {
                *self = Self {
                    features: features.clone(),
                    targets: BTreeMap::new(),
                    takes_back: takes_back.is_some(),
                    counts: verb == "run" || takes_back.is_some(),
                };
                units.iter().for_each(|unit| self.left(&unit.target).open += 1);
            }
            Body::UnitFinished { unit, outcome, took_ms } => {
                let left = self.left(&unit.target);
                left.open = left.open.saturating_sub(1);
                left.took_ms += took_ms;
                if let Outcome::Failed { error } = outcome {
                    let failure =
                        format!("{}: {}: {}", unit.step, error.error.code, error.error.message);
                    left.failure.get_or_insert(failure);
                }
            }
            Body::UnitSkipped { unit, because } => {
                let left = self.left(&unit.target);
                left.open = left.open.saturating_sub(1);
                let failure = format!("{}: not begun, because {because} failed", unit.step);
                left.failure.get_or_insert(failure);
            }
            Body::RunFinished { .. } if self.counts => {
                let targets = std::mem::take(&mut self.targets);
                return Some(match self.takes_back {
                    true => Standings::TakenBack { targets: targets.into_keys().collect() },
                    false => Standings::Left { features: self.features.clone(), targets },
                });
            }
            _ => {}
        }
        None
    }

    fn left(&mut self, target: &str) -> &mut Left {
        self.targets.entry(target.to_owned()).or_default()
    }
}
