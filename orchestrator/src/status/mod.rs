//! How the fleet stands: what a fresh look says of each target, together with what is remembered of it.
//!
//! Everything here is pure. What it does not do: look, or remember.

mod confinement;
mod health;
mod since;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    engine::State,
    graph::Unit,
    journal::{LastRun, Standing},
};

pub use confinement::Confinement;
pub use health::Health;

/// A look at a fleet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Look {
    /// [`FORMAT`].
    pub format: u32,
    /// Of phoenix-orch.
    pub version: String,
    /// The steps that looked, and the version of each; a script has none.
    pub steps: BTreeMap<String, String>,
    /// When, by the host's clock.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The targets, by their names.
    pub targets: Vec<Target>,
}

/// The version of the document's form. It changes when a reader of the former one would be wrong.
pub const FORMAT: u32 = 1;

/// How one target stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Its name.
    pub target: String,
    /// In one word.
    pub health: Health,
    /// Why, in one line; empty if all is as it should be.
    pub reason: String,
    /// How many changes a run would make.
    pub changes: usize,
    /// When it was first seen so, and each time since.
    pub since: Timestamp,
    /// When it was last known to be as wanted, before this look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<Timestamp>,
    /// The last run that was to change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<LastRun>,
}

/// What a look at `at` says, whose plan ended in this state.
pub fn targets(
    state: &State,
    confined: &BTreeMap<String, Confinement>,
    remembered: &[Standing],
    at: Timestamp,
) -> Vec<Target> {
    let mut units: BTreeMap<&str, Vec<&Unit>> = BTreeMap::new();
    state.order.iter().for_each(|unit| units.entry(&unit.target).or_default().push(unit));
    units
        .into_iter()
        .map(|(target, units)| {
            let known = remembered.iter().find(|standing| standing.target == target);
            let judged = health::judge(state, &units, confined.get(target), known);
            Target {
                target: target.to_owned(),
                since: since::since(judged.health, known, at),
                health: judged.health,
                reason: judged.reason,
                changes: judged.changes,
                last_good: known.and_then(|known| known.good),
                last_run: known.and_then(|known| known.last.clone()),
            }
        })
        .collect()
}
