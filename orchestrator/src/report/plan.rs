//! A plan for people: for each target and step what would change, why, and the difference in texts.

use std::{collections::HashMap, fmt::Write as _};

use super::{
    error::failure,
    style::{BOLD, GOOD, QUIET, WARN, count, diff, paint},
};
use crate::{
    engine::{
        State,
        event::{Outcome, Planned},
        state::{End, UnitState},
    },
    graph::{HOST, Unit},
    transport::printable,
};

/// The whole plan.
pub fn plan(state: &State) -> String {
    let mut text = String::new();
    for (target, units) in by_target(state) {
        let _ = writeln!(text, "{}", paint(BOLD, &printable(target)));
        for unit in units {
            if let Some(known) = state.units.get(unit) {
                text.push_str(&step(&unit.step, known));
            }
        }
    }
    text.push_str(&closing(state));
    text
}

/// The units of each target, in the order of the run.
fn by_target(state: &State) -> Vec<(&str, Vec<&Unit>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut targets: Vec<(&str, Vec<&Unit>)> = Vec::new();
    for unit in &state.order {
        let place = *places.entry(&unit.target).or_insert_with(|| {
            targets.push((&unit.target, Vec::new()));
            targets.len() - 1
        });
        targets[place].1.push(unit);
    }
    // What is done on the host concerns all of them, whenever it comes.
    targets.sort_by_key(|(target, _)| *target != HOST);
    targets
}

/// What would change in one unit.
pub(super) fn step(name: &str, state: &UnitState) -> String {
    let name = printable(name);
    let mut text = match &state.end {
        Some(End::Finished(Outcome::Failed { error })) => {
            format!("  {name}: cannot be planned\n{}", failure(error, "    "))
        }
        Some(End::Skipped(because)) => {
            format!("  {name}: not looked at, because {} failed\n", printable(&because.step))
        }
        _ if state.planned.is_empty() => format!("  {name}: {}\n", paint(GOOD, "unchanged")),
        _ => format!("  {name}: {}\n", paint(WARN, &count(state.planned.len(), "change"))),
    };
    for planned in &state.planned {
        text.push_str(&change(planned));
    }
    for warning in &state.warnings {
        let _ = writeln!(text, "    {} {}", paint(WARN, "warning:"), printable(warning));
    }
    text
}

fn change(planned: &Planned) -> String {
    let mut text = String::from("    ");
    match planned.consent {
        Some(consent) => {
            let _ = write!(text, "{} {}", paint(WARN, "!"), printable(&planned.summary));
            let _ = write!(text, " {}", paint(WARN, &format!("(needs --allow {consent})")));
        }
        None => {
            let _ = write!(text, "{} {}", paint(GOOD, "+"), printable(&planned.summary));
        }
    }
    text.push('\n');
    let why = planned.deed.why();
    if !why.is_empty() {
        let _ = writeln!(text, "        {}", paint(QUIET, &printable(why)));
    }
    if let Some(difference) = &planned.diff {
        text.push_str(&diff(difference, "        "));
    }
    text
}

fn closing(state: &State) -> String {
    let counts = state.counts();
    if counts.failed > 0 {
        return format!(
            "Planned what could be looked at: {}; {} failed, {} skipped.\n",
            count(counts.changes, "change"),
            count(counts.failed, "unit"),
            counts.skipped
        );
    }
    match counts.changes {
        0 => "Nothing to change.\n".to_owned(),
        changes => format!(
            "{} in {}; {} unchanged. Nothing has been changed yet.\n",
            count(changes, "change"),
            count(counts.changed, "unit"),
            counts.unchanged
        ),
    }
}
