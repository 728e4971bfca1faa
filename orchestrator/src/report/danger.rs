//! What of a plan disturbs something, or cannot be undone: it is to be seen before all else.

use std::collections::BTreeSet;

use phoenix_sdk::{Change, Consent, Kind};

use super::{
    style::{self, BOLD, QUIET, WARN, duration, paint},
    view::View,
};
use crate::{
    engine::{
        Deed, State,
        event::{Forecast, Planned},
        state::UnitState,
    },
    transport::printable,
};

/// The same danger on some targets.
struct Danger {
    summary: String,
    consent: Option<Consent>,
    targets: Vec<String>,
    whys: BTreeSet<String>,
    /// How long it took the last time, at the longest.
    took: Option<u64>,
}

/// All of it, the same on several targets once; nothing if there is none.
pub(super) fn dangers(state: &State, view: View) -> String {
    let mut dangers: Vec<Danger> = Vec::new();
    for unit in &state.order {
        let planned = state.units.get(unit).map_or(&[][..], |known| &known.planned);
        for one in planned.iter().filter(|one| is_danger(one)) {
            let place = dangers
                .iter()
                .position(|other| other.summary == one.summary && other.consent == one.consent);
            let place = place.unwrap_or_else(|| {
                dangers.push(Danger {
                    summary: one.summary.clone(),
                    consent: one.consent,
                    targets: Vec::new(),
                    whys: BTreeSet::new(),
                    took: None,
                });
                dangers.len() - 1
            });
            let danger = &mut dangers[place];
            let target = printable(&unit.target);
            if !danger.targets.contains(&target) {
                danger.targets.push(target);
            }
            danger.whys.insert(printable(one.deed.why()));
            if let Some(Forecast::LastTook(millis)) = one.forecast {
                danger.took = danger.took.max(Some(millis));
            }
        }
    }
    if dangers.is_empty() {
        return String::new();
    }
    let text: String = dangers.iter().map(|danger| one(danger, view)).collect();
    format!("{}\n{text}\n", paint(WARN, "Look at this first"))
}

fn one(danger: &Danger, view: View) -> String {
    let Danger { summary, consent, targets, whys, took } = danger;
    let allow = match consent {
        Some(consent) => format!(" {}", style::words(WARN, &format!("(needs --allow {consent})"))),
        None => String::new(),
    };
    let words =
        format!("{}: {}{allow}", style::words(BOLD, &view.names(targets)), printable(summary));
    let mut text = view.folded(&format!("  {} ", paint(WARN, "!")), "    ", &words);
    let mut line = |words: &str| {
        text += &view.folded("      ", "      ", &style::words(QUIET, words));
    };
    whys.iter().filter(|why| !why.is_empty()).for_each(|why| line(why));
    if let Some(millis) = took {
        let each = if targets.len() > 1 { " each at most" } else { "" };
        line(&format!("{}{each} without service, as the last time", duration(*millis)));
    }
    text
}

/// Whether it disturbs something that runs, or no rollback can bring back what was there.
pub(super) fn is_danger(planned: &Planned) -> bool {
    let for_good = matches!(
        &planned.deed,
        Deed::Change(Change { kind: Kind::Command { undo: None, .. }, .. })
    );
    planned.consent.is_some() || for_good
}

/// The words behind `--allow` that these units need.
pub(super) fn allowances_of<'u>(units: impl Iterator<Item = &'u UnitState>) -> Vec<String> {
    let needed: BTreeSet<Consent> = units.flat_map(UnitState::consents).collect();
    needed.iter().map(Consent::to_string).collect()
}
