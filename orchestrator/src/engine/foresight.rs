//! What a step's next check will most likely look at: what its last one did, on a target of the same kind. Looked at
//! beforehand, a converged unit needs no request at all. What this does not do: look, or decide what a step may see;
//! `unit_host` does that, as if the step had asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use phoenix_sdk::{
    FileState, Observed, Subject,
    wire::{Look, MachineId},
};

use crate::graph::{HOST, Unit};

/// How many things are looked at beforehand. A check that looks at more asks for the rest.
pub(super) const MOST: usize = 128;
/// The largest content that is shown unasked, in bytes: 128 of them are well below what a document may have.
const LARGEST: usize = 64 << 10;

/// Something that a check looked at.
pub(super) type Place = (MachineId, Subject);

/// What the checks of each step look at, learned during one run.
#[derive(Default)]
pub(super) struct Foresight {
    /// By the step, and whether it was on the host.
    habits: Mutex<BTreeMap<(String, bool), Habit>>,
}

/// What is known of a step's checks.
#[derive(Clone)]
enum Habit {
    /// The last one that succeeded looked at these.
    Looks(Arc<[Place]>),
    /// It asks for what it was shown: its SDK knows nothing of that.
    Asks,
}

impl Foresight {
    /// What a unit's check will most likely look at.
    pub(super) fn of(&self, unit: &Unit) -> Arc<[Place]> {
        match self.habits().get(&key(unit)) {
            Some(Habit::Looks(places)) => Arc::clone(places),
            Some(Habit::Asks) | None => Arc::from([]),
        }
    }

    /// A unit's check was shown these, did not use those of them at these places, asked for the others, and succeeded.
    pub(super) fn learn(&self, unit: &Unit, shown: &[Look], unused: &[usize], asked: Vec<Place>) {
        if shown.is_empty() && asked.is_empty() {
            return;
        }
        if unused.is_empty() && asked.is_empty() && self.habits().contains_key(&key(unit)) {
            return;
        }
        let is_shown = |(machine, subject): &Place| {
            shown.iter().any(|look| look.machine == *machine && look.subject == *subject)
        };
        if asked.iter().any(is_shown) {
            self.habits().insert(key(unit), Habit::Asks);
            return;
        }
        let used = shown.iter().enumerate().filter(|(place, _)| !unused.contains(place));
        let used = used.map(|(_, look)| (look.machine, look.subject.clone()));
        let mut places: Vec<Place> = Vec::new();
        for place in used.chain(asked) {
            if places.len() < MOST && can_be_foreseen(&place.1) && !places.contains(&place) {
                places.push(place);
            }
        }
        let mut habits = self.habits();
        let habit = habits.entry(key(unit)).or_insert(Habit::Looks(Arc::from([])));
        // Units of several targets learn side by side: one that asks anyway has said so for all.
        if let Habit::Looks(known) = habit {
            *known = places.into();
        }
    }

    fn habits(&self) -> MutexGuard<'_, BTreeMap<(String, bool), Habit>> {
        self.habits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(unit: &Unit) -> (String, bool) {
    (unit.step.clone(), unit.target == HOST)
}

/// Whether something may be looked at without having been asked for. Commands run when a step wants them and not
/// before, and what happens between a mark and a look at denials is the step's own affair.
pub(super) fn can_be_foreseen(subject: &Subject) -> bool {
    match subject {
        Subject::File { .. }
        | Subject::Folder { .. }
        | Subject::Packages { .. }
        | Subject::Service { .. }
        | Subject::Sysctl { .. }
        | Subject::KernelModule { .. }
        | Subject::ContainerOption { .. }
        | Subject::Container
        | Subject::AppArmor
        | Subject::AppArmorProfile { .. } => true,
        Subject::Mark | Subject::Denials { .. } | Subject::Command { .. } => false,
    }
}

/// Whether what was seen is small enough to be shown to somebody who may not want it.
pub(super) fn is_small(seen: &Observed) -> bool {
    let (Observed::File(file) | Observed::AppArmorProfile { file, .. }) = seen else { return true };
    !matches!(file, FileState::Regular { content, .. } if content.0.len() > LARGEST)
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{Mark, Permissions};

    use super::*;

    const INSIDE: MachineId = MachineId::Container;

    fn path(name: &str) -> Subject {
        Subject::File { path: name.to_owned() }
    }

    fn shown(names: &[&str]) -> Vec<Look> {
        let look = |name: &&str| Look {
            machine: INSIDE,
            subject: path(name),
            seen: Observed::File(FileState::Absent),
        };
        names.iter().map(look).collect()
    }

    fn asked(names: &[&str]) -> Vec<Place> {
        names.iter().map(|name| (INSIDE, path(name))).collect()
    }

    fn of(foresight: &Foresight, unit: &Unit) -> Vec<Place> {
        foresight.of(unit).to_vec()
    }

    #[test]
    fn the_last_check_tells_what_the_next_one_looks_at() {
        let (foresight, unit) = (Foresight::default(), Unit::new("s", "web"));
        assert!(of(&foresight, &unit).is_empty());
        foresight.learn(&unit, &[], &[], asked(&["/a", "/b", "/a"]));
        let next = Unit::new("s", "db");
        assert_eq!(of(&foresight, &next), asked(&["/a", "/b"]));
        foresight.learn(&next, &shown(&["/a", "/b"]), &[0], asked(&["/c"]));
        assert_eq!(of(&foresight, &unit), asked(&["/b", "/c"]));
        foresight.learn(&next, &shown(&["/b", "/c"]), &[], Vec::new());
        assert_eq!(of(&foresight, &unit), asked(&["/b", "/c"]));
        // Another step, and the same one on the host, look at something else.
        assert!(of(&foresight, &Unit::new("t", "web")).is_empty());
        assert!(of(&foresight, &Unit::new("s", HOST)).is_empty());
    }

    #[test]
    fn a_step_that_asks_for_what_it_was_shown_is_shown_nothing_any_more() {
        let (foresight, unit) = (Foresight::default(), Unit::new("s", "web"));
        foresight.learn(&unit, &[], &[], asked(&["/a"]));
        foresight.learn(&unit, &shown(&["/a"]), &[], asked(&["/a"]));
        assert!(of(&foresight, &unit).is_empty());
        foresight.learn(&unit, &[], &[], asked(&["/a"]));
        assert!(of(&foresight, &unit).is_empty());
    }

    #[test]
    fn commands_marks_and_denials_are_never_learned_and_nothing_without_end() {
        let (foresight, unit) = (Foresight::default(), Unit::new("s", "web"));
        let since = Mark::default();
        let never = [
            Subject::Command { argv: vec!["true".to_owned()] },
            Subject::Mark,
            Subject::Denials { since },
        ];
        foresight.learn(&unit, &[], &[], never.map(|subject| (INSIDE, subject)).to_vec());
        assert!(of(&foresight, &unit).is_empty());
        let many = (0..MOST + 50).map(|number| (INSIDE, path(&format!("/{number}")))).collect();
        foresight.learn(&unit, &[], &[], many);
        assert_eq!(of(&foresight, &unit).len(), MOST);
    }

    #[test]
    fn large_files_are_shown_to_whoever_asks_only() {
        let permissions = Permissions { mode: 0o644, uid: 0, gid: 0 };
        let file = |size| {
            let content = vec![b'x'; size].into();
            Observed::File(FileState::Regular { content, permissions })
        };
        assert!(is_small(&file(LARGEST)) && !is_small(&file(LARGEST + 1)));
    }
}
