//! How a run ended: how many units came to what, what failed where, and what to do about it.

use super::{
    danger::allowances_of,
    style::{BAD, GOOD, WARN, count, duration, status},
    view::View,
    wording::ends,
};
use crate::{
    engine::{State, event::Failure},
    graph::Unit,
    transport::printable,
};

/// Under the status words.
const MARGIN: &str = "             ";

/// The last lines. `verifies`: nothing was to be changed, so that no changes are counted.
pub(super) fn closing(state: &State, run: &str, verifies: bool, view: View) -> String {
    let counts = state.counts();
    let units = count(state.units.len(), "unit");
    let (style, word, what) = match counts.failed {
        0 if counts.unproven > 0 => (WARN, "Finished", units),
        0 => (GOOD, "Finished", units),
        failed => (BAD, "Failed", format!("{failed} of {units}")),
    };
    let parts: String = ends(&counts).map(|part| format!(", {part}")).collect();
    let changes = match verifies {
        true => String::new(),
        false => format!("; {}", count(counts.changes, "change")),
    };
    let took = duration(state.took_ms.unwrap_or_default());
    let words = format!("{what}{parts}{changes} in {took} (run {})", printable(run));
    let mut text = view.folded(&format!("{} ", status(style, word)), MARGIN, &words);
    for (units, failure) in alike(state) {
        let (first, targets) = (units[0], targets(&units));
        let words = format!(
            "{}: {}: {}: {}",
            view.names(&targets),
            printable(&first.step),
            printable(&failure.error.code),
            printable(&failure.error.message)
        );
        text += &view.folded(MARGIN, &format!("{MARGIN}  "), &words);
    }
    let without_consent =
        state.failures().filter(|(_, failure)| failure.error.code == "CONSENT-MISSING");
    let allowances = allowances_of(without_consent.filter_map(|(unit, _)| state.units.get(unit)));
    if !allowances.is_empty() {
        let words = format!(
            "Nothing was done there. If it may be done, give the same command with `--allow {}`.",
            allowances.join(",")
        );
        text += &view.folded(MARGIN, MARGIN, &words);
    }
    text
}

/// The failures, those of one step that say the same together.
fn alike(state: &State) -> Vec<(Vec<&Unit>, &Failure)> {
    let mut alike: Vec<(Vec<&Unit>, &Failure)> = Vec::new();
    for (unit, failure) in state.failures() {
        let same = |(units, other): &(Vec<&Unit>, &Failure)| {
            units[0].step == unit.step
                && (&other.error.code, &other.error.message)
                    == (&failure.error.code, &failure.error.message)
        };
        match alike.iter().position(same) {
            Some(place) => alike[place].0.push(unit),
            None => alike.push((vec![unit], failure)),
        }
    }
    alike
}

fn targets(units: &[&Unit]) -> Vec<String> {
    units.iter().map(|unit| printable(&unit.target)).collect()
}
