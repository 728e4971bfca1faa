//! What holds for every run and every rollback, tried on many.

use std::collections::BTreeMap;

use phoenix_sdk::{Change, Kind, Permissions, StepError};
use proptest::prelude::*;

use super::{
    Body, Deed, Effect, Event, State,
    event::{FORMAT, Failure, Outcome},
    reverse,
};
use crate::{
    effect::{
        Digest, Image, Judgement,
        image::{FileImage, Node},
        judge,
    },
    graph::Unit,
};

fn file(path: &str, value: u8) -> Image {
    let permissions = Permissions { mode: 0o644, uid: 0, gid: 0 };
    let node = match value {
        0 => Node::Absent,
        value => {
            Node::Regular { content: Digest::of(&[value]), permissions, xattrs: BTreeMap::new() }
        }
    };
    Image::File(FileImage { path: path.to_owned(), node, missing_folders: Vec::new() })
}

/// A thing on a target, and what it is worth.
type World = BTreeMap<(String, String), u8>;

fn at(world: &World, target: &str, path: &str) -> u8 {
    world.get(&(target.to_owned(), path.to_owned())).copied().unwrap_or_default()
}

/// Which unit does what to which thing; a worth of 9 is a restart.
type Doing = (usize, usize, usize, u8, bool);

/// Does all that, as a run would, and says what it did.
fn run(world: &mut World, doings: &[Doing]) -> Vec<Effect> {
    // Units of one target come one after another, as in a run.
    let mut doings = doings.to_vec();
    doings.sort_by_key(|(step, target, ..)| (*target, *step));
    let mut effects = Vec::new();
    for (number, (step, target, path, value, seen)) in (1..).zip(doings) {
        let (target, path) = (format!("ct{target}"), format!("/{path}"));
        let unit = Unit::new(format!("s{step}"), &target);
        let (deed, before, after) = if value == 9 {
            let running = Image::Running { running: true, services: [].into() };
            (Kind::RestartContainer, running.clone(), running)
        } else {
            let before = file(&path, at(world, &target, &path));
            world.insert((target, path.clone()), value);
            (Kind::Absent { path: path.clone() }, before, file(&path, value))
        };
        effects.push(Effect {
            run: "r".into(),
            number,
            unit,
            deed: Deed::Change(Change::new(deed)),
            before,
            expected: Some(after.clone()),
            after: seen.then_some(after),
            ended: seen,
            failed: false,
        });
    }
    effects
}

fn doings() -> impl Strategy<Value = Vec<Doing>> {
    let value = prop_oneof![4 => 0..4_u8, 1 => Just(9)];
    proptest::collection::vec((0..3_usize, 0..2_usize, 0..3_usize, value, any::<bool>()), 0..14)
}

proptest! {
    /// Every restoration finds what it starts from, and all of them together bring the first world back.
    #[test]
    fn a_rollback_brings_the_first_world_back(first in proptest::collection::vec(0..4_u8, 6), doings in doings()) {
        let mut world = World::new();
        for (index, value) in first.into_iter().enumerate() {
            world.insert((format!("ct{}", index / 3), format!("/{}", index % 3)), value);
        }
        let before = world.clone();
        let effects = run(&mut world, &doings);
        let mut restarted: Vec<String> = Vec::new();
        for reversal in reverse(&effects) {
            let mut only_restarts = false;
            for deed in reversal.deeds {
                match deed {
                    Deed::Change(_) => {
                        only_restarts = true;
                        prop_assert!(!restarted.contains(&reversal.unit.target), "restarted twice");
                        restarted.push(reversal.unit.target.clone());
                    }
                    Deed::Restore(restore) => {
                        prop_assert!(!only_restarts, "a restart before what it is for");
                        let (Image::File(from), Image::File(to)) = (&restore.from, &restore.to) else {
                            return Err(TestCaseError::fail("no file"));
                        };
                        let target = &reversal.unit.target;
                        let now = file(&to.path, at(&world, target, &to.path));
                        let judged = judge(&restore.to, Some(&restore.from), &now);
                        prop_assert!(judged != Judgement::Conflict, "{from:?} is not what is there");
                        let value = (0..4).find(|value| file(&to.path, *value) == restore.to);
                        world.insert((target.clone(), to.path.clone()), value.unwrap_or_default());
                    }
                }
            }
        }
        prop_assert_eq!(world, before);
    }

    /// Of three states, two that are the same decide; three that differ are nobody's to decide.
    #[test]
    fn the_three_way_rule(before in 0..3_u8, after in proptest::option::of(0..3_u8), now in 0..3_u8) {
        let image = |value| file("/x", value);
        let judged = judge(&image(before), after.map(image).as_ref(), &image(now));
        let expected = if now == before {
            Judgement::AsBefore
        } else if after == Some(now) {
            Judgement::AsAfter
        } else {
            Judgement::Conflict
        };
        prop_assert_eq!(judged, expected);
    }

    /// A run read back is in the same state, and events of other units that came in between change nothing.
    #[test]
    fn a_state_is_what_its_events_say(ends in proptest::collection::vec(0..6_u8, 1..6), swaps in any::<u64>()) {
        let units: Vec<Unit> = (0..ends.len()).map(|n| Unit::new("s", n.to_string())).collect();
        let event = |seq, body| Event {
            format: FORMAT,
            run: "r".into(),
            seq,
            at: jiff::Timestamp::UNIX_EPOCH,
            body,
        };
        let mut bodies: Vec<Body> = Vec::new();
        for (unit, end) in units.iter().zip(&ends) {
            let outcome = match end {
                0 => Outcome::Unchanged,
                1 => Outcome::Changed { changes: 2 },
                2 => Outcome::Verified,
                4 => Outcome::Ran { proven: false },
                5 => Outcome::Unproven,
                _ => Outcome::Failed { error: Failure { exit: 7, error: StepError::new("X-Y", "m") } },
            };
            bodies.push(Body::UnitStarted { unit: unit.clone() });
            bodies.push(Body::UnitFinished { unit: unit.clone(), outcome, took_ms: 1 });
        }
        let fold = |bodies: &[Body]| {
            let mut state = State::default();
            let started = Body::RunStarted {
                verb: "run".into(),
                version: "0".into(),
                features: Vec::new(),
                units: units.clone(),
                waits_for: Vec::new(),
                environment: None,
                takes_back: None,
            };
            for (seq, body) in (1..).zip(std::iter::once(&started).chain(bodies)) {
                let written = serde_json::to_string(&event(seq, body.clone())).unwrap();
                state.fold(&serde_json::from_str(&written).unwrap());
            }
            state
        };
        let whole = fold(&bodies);
        let counts = whole.counts();
        prop_assert_eq!(
            counts.changed
                + counts.unchanged
                + counts.verified
                + counts.ran
                + counts.unproven
                + counts.failed
                + counts.skipped,
            units.len()
        );
        prop_assert_eq!(whole.exit(), if ends.contains(&3) { 7 } else { 0 });
        // Neighbours of other units change places.
        for place in 0..bodies.len().saturating_sub(1) {
            let other = |body: &Body| match body {
                Body::UnitStarted { unit } | Body::UnitFinished { unit, .. } => unit.clone(),
                _ => Unit::new("", ""),
            };
            if swaps >> (place % 64) & 1 == 1 && other(&bodies[place]) != other(&bodies[place + 1]) {
                bodies.swap(place, place + 1);
            }
        }
        prop_assert_eq!(fold(&bodies), whole);
    }
}
