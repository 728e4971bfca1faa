//! How a target is, in one word, and why.

use serde::Serialize;

use super::Confinement;
use crate::{
    engine::{
        State,
        event::{Failure, Outcome},
        state::{End, UnitState},
    },
    error::ErrorKind,
    graph::Unit,
    journal::Standing,
};

/// How a target is; the later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As wanted.
    Converged,
    /// As wanted, as far as nobody asked for confinement: no AppArmor profile is enforced on it.
    NotConfined,
    /// Something is to be changed.
    Drifted,
    /// It cannot be said what is to be changed, or the last run failed there and left something to do.
    Failed,
    /// Nothing can be said of it.
    Unreachable,
}

impl Health {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Converged, Self::NotConfined, Self::Drifted, Self::Failed, Self::Unreachable];

    /// In one word, as documents have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::NotConfined => "not_confined",
            Self::Drifted => "drifted",
            Self::Failed => "failed",
            Self::Unreachable => "unreachable",
        }
    }
}

pub(super) struct Judged {
    pub(super) health: Health,
    pub(super) reason: String,
    pub(super) changes: usize,
}

/// The worst that the look and the last run say.
pub(super) fn judge(
    state: &State,
    units: &[&Unit],
    confined: Option<&Confinement>,
    known: Option<&Standing>,
) -> Judged {
    let all = || units.iter().filter_map(|unit| Some((*unit, state.units.get(unit)?)));
    let changes = all().map(|(_, unit)| unit.planned.len()).sum();
    let judged = |health, reason| Judged { health, reason, changes };
    if let Some((unit, failure)) = all().find_map(|(unit, known)| Some((unit, failed(known)?))) {
        let health = match failure.exit == ErrorKind::Unreachable.exit_code() {
            true => Health::Unreachable,
            false => Health::Failed,
        };
        let reason = format!("{}: {}: {}", unit.step, failure.error.code, failure.error.message);
        return judged(health, reason);
    }
    if let Some((unit, because)) = all().find_map(|(unit, known)| Some((unit, skipped(known)?))) {
        let reason = format!("{}: not looked at, because {because} failed", unit.step);
        return judged(Health::Failed, reason);
    }
    let last_failure = known.and_then(|known| known.last.as_ref()?.failure.clone());
    match (changes, last_failure, confined) {
        (1.., Some(failure), _) => judged(Health::Failed, format!("the last run: {failure}")),
        (1.., None, _) => judged(Health::Drifted, summary(all())),
        (0, _, Some(Confinement::None(why))) => judged(Health::NotConfined, why.clone()),
        (0, ..) => judged(Health::Converged, String::new()),
    }
}

fn failed(unit: &UnitState) -> Option<&Failure> {
    match &unit.end {
        Some(End::Finished(Outcome::Failed { error })) => Some(error),
        _ => None,
    }
}

fn skipped(unit: &UnitState) -> Option<&Unit> {
    match &unit.end {
        Some(End::Skipped(because)) => Some(because),
        _ => None,
    }
}

/// What is to be changed: the first thing of each step, and how many more there are.
fn summary<'s>(units: impl Iterator<Item = (&'s Unit, &'s UnitState)>) -> String {
    let one = |(unit, known): (&Unit, &UnitState)| {
        let (first, rest) = known.planned.split_first()?;
        let more = match rest.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("{}: {}{more}", unit.step, first.summary))
    };
    units.filter_map(one).collect::<Vec<_>>().join("; ")
}
