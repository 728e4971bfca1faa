//! A plan for people: what disturbs something first, then for each target and step what would change, why, and the
//! difference in texts. What stays as it is, and what is the same elsewhere, is folded.

use std::{collections::HashMap, fmt::Write as _};

use super::{
    change::change,
    danger::{allowances_of, dangers},
    error::failure,
    style::{self, BOLD, GOOD, QUIET, WARN, count, duration, paint},
    view::View,
};
use crate::{
    engine::{
        State,
        event::Outcome,
        state::{End, UnitState},
    },
    graph::{HOST, Unit},
    transport::printable,
};

/// The whole plan, and what a run of it needs to be allowed.
pub fn plan(state: &State, view: View) -> String {
    let mut text = proposal(state, view);
    let allowances = allowances_of(state.units.values());
    if !allowances.is_empty() && state.counts().failed == 0 {
        let words = format!("A run needs `--allow {}`.", allowances.join(","));
        text += &view.folded("", "", &words);
    }
    text
}

/// The whole plan, for whoever is asked about it.
pub fn proposal(state: &State, view: View) -> String {
    let mut text = dangers(state, view);
    let (mut alike, mut unchanged): (Vec<Alike>, Vec<String>) = Default::default();
    for (target, units) in by_target(state) {
        let known = || units.iter().filter_map(|unit| Some((*unit, state.units.get(unit)?)));
        let name = printable(target);
        if known().all(|(_, unit)| is_nothing(unit)) && !view.is_verbose() {
            unchanged.push(name);
            continue;
        }
        let said = tree(&known().collect::<Vec<_>>(), view);
        // The same but for the container's name, as in the path of its configuration.
        let anonymous = said.replace(&name, "\u{0}");
        match alike.iter_mut().find(|other| other.anonymous == anonymous && target != HOST) {
            Some(other) => other.targets.push(name),
            None => alike.push(Alike { targets: vec![name], text: said, anonymous }),
        }
    }
    if !view.is_quiet() {
        alike.iter().for_each(|one| text.push_str(&one.shown(view)));
    }
    if !unchanged.is_empty() && !view.is_quiet() {
        let label = format!("{} ", paint(GOOD, "unchanged:"));
        text += &view.folded(&label, "  ", &view.names(&unchanged));
        text.push('\n');
    }
    text + &closing(state, view)
}

/// Targets on which the same is to be done.
struct Alike {
    targets: Vec<String>,
    text: String,
    anonymous: String,
}

impl Alike {
    fn shown(&self, view: View) -> String {
        let (first, others) = self.targets.split_first().map_or(("", &[][..]), |(a, b)| (a, b));
        let mut text = format!("{}\n{}", paint(BOLD, first), self.text);
        if !others.is_empty() {
            let words = format!("the same in {}", view.names(others));
            text += &view.folded("", "  ", &style::words(BOLD, &words));
        }
        text + "\n"
    }
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

/// Whether there is nothing to say of it but that it stays as it is.
fn is_nothing(unit: &UnitState) -> bool {
    unit.end == Some(End::Finished(Outcome::Unchanged)) && unit.warnings.is_empty()
}

/// What would change in each unit of a target; those in which nothing does are named together.
pub(super) fn tree(units: &[(&Unit, &UnitState)], view: View) -> String {
    let (nothing, rest): (Vec<_>, Vec<_>) =
        units.iter().copied().partition(|(_, unit)| is_nothing(unit) && !view.is_verbose());
    let mut branches: Vec<(String, Vec<String>)> =
        rest.iter().map(|(unit, known)| branch(&unit.step, known, view)).collect();
    let mut quiet: Vec<String> = nothing.iter().map(|(unit, _)| printable(&unit.step)).collect();
    if !quiet.is_empty() {
        let steps = std::mem::take(&mut quiet).join(", ");
        branches.push((format!("{} {steps}", paint(GOOD, "unchanged:")), Vec::new()));
    }
    let last = branches.len().saturating_sub(1);
    let mut text = String::new();
    for (at, (title, lines)) in branches.iter().enumerate() {
        let (knot, bar) = match at == last {
            true => (view.draw("└─", "`-"), "  "),
            false => (view.draw("├─", "|-"), view.draw("│ ", "| ")),
        };
        let _ = writeln!(text, "{} {title}", paint(QUIET, knot));
        for line in lines {
            let _ = writeln!(text, "{}{line}", paint(QUIET, bar));
        }
    }
    text
}

/// One unit: its title, and the lines below it.
fn branch(step: &str, known: &UnitState, view: View) -> (String, Vec<String>) {
    let name = printable(step);
    let inside = view.narrower(3);
    let (title, mut text) = match &known.end {
        Some(End::Finished(Outcome::Failed { error })) => {
            (format!("{name}: {}", paint(WARN, "cannot be planned")), failure(error, " ", inside))
        }
        Some(End::Skipped(because)) => {
            let because = printable(&because.step);
            (format!("{name}: not looked at, because {because} failed"), String::new())
        }
        _ if known.planned.is_empty() => {
            (format!("{name}: {}", paint(GOOD, "unchanged")), String::new())
        }
        _ => {
            let changes = count(known.planned.len(), "change");
            (format!("{name}: {}", paint(WARN, &changes)), String::new())
        }
    };
    for planned in &known.planned {
        text += &change(planned, " ", inside);
    }
    if view.is_verbose() {
        for note in &known.notes {
            text +=
                &inside.folded(&format!(" {} ", paint(QUIET, "fine:")), "   ", &printable(note));
        }
    }
    for warning in &known.warnings {
        let label = format!(" {} ", paint(WARN, "warning:"));
        text += &inside.folded(&label, "   ", &printable(warning));
    }
    (title, text.lines().map(str::to_owned).collect())
}

fn closing(state: &State, view: View) -> String {
    let counts = state.counts();
    let took = match state.took_ms {
        Some(millis) => format!(" Looked in {}.", duration(millis)),
        None => String::new(),
    };
    if counts.failed > 0 {
        let words = format!(
            "{} {}; {} failed, {} skipped.{took}",
            style::words(WARN, "Planned what could be looked at:"),
            count(counts.changes, "change"),
            count(counts.failed, "unit"),
            counts.skipped
        );
        return view.folded("", "", &words);
    }
    if counts.changes == 0 {
        let units = count(counts.unchanged, "unit");
        let words =
            format!("{} {units} unchanged.{took}", style::words(GOOD, "Nothing to change:"));
        return view.folded("", "", &words);
    }
    let changed = state.units.iter().filter(|(_, unit)| !unit.planned.is_empty());
    let mut targets: Vec<&str> = changed.map(|(unit, _)| unit.target.as_str()).collect();
    targets.sort_unstable();
    targets.dedup();
    let words = format!(
        "{} in {} on {}; {} unchanged.{took} Nothing has been changed yet.",
        style::words(BOLD, &count(counts.changes, "change")),
        count(counts.changed, "unit"),
        count(targets.len(), "target"),
        counts.unchanged,
    );
    view.folded("", "", &words)
}
