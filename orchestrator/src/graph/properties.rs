//! What holds for every graph and every run, tried on many.

use std::collections::{BTreeMap, BTreeSet};

use phoenix_sdk::Scope;
use proptest::prelude::*;

use super::{Graph, HOST, Queue, StepNode, Unit};

/// Steps that require only earlier ones, given in any order and under names that say nothing of it.
fn steps() -> impl Strategy<Value = Vec<StepNode>> {
    let scope =
        prop_oneof![Just(Scope::Host), Just(Scope::Container), Just(Scope::HostAndContainers)];
    let step = (scope, proptest::collection::vec(any::<prop::sample::Index>(), 0..4));
    let names: Vec<String> = ('a'..='j').map(String::from).collect();
    (proptest::collection::vec(step, 0..10), Just(names).prop_shuffle()).prop_flat_map(
        |(steps, names)| {
            let steps: Vec<_> = steps
                .into_iter()
                .enumerate()
                .map(|(at, (scope, requires))| {
                    let earlier = |index: prop::sample::Index| names[index.index(at)].clone();
                    let requires = if at == 0 {
                        Vec::new()
                    } else {
                        requires.into_iter().map(earlier).collect()
                    };
                    StepNode { name: names[at].clone(), scope, requires, note: String::new() }
                })
                .collect();
            Just(steps).prop_shuffle()
        },
    )
}

fn containers() -> impl Strategy<Value = Vec<String>> {
    (0..4_usize).prop_map(|count| (0..count).map(|at| format!("ct{at}")).collect())
}

/// The units that there should be.
fn expected_units(
    steps: &[StepNode],
    containers: &[String],
    wanted: impl Fn(&str, &str) -> bool,
) -> BTreeSet<Unit> {
    let mut units = BTreeSet::new();
    for step in steps {
        if step.scope != Scope::Container {
            units.insert(Unit::new(&step.name, HOST));
        }
        if step.scope != Scope::Host {
            let inside = containers.iter().filter(|target| wanted(&step.name, target));
            units.extend(inside.map(|target| Unit::new(&step.name, target)));
        }
    }
    units
}

/// What the rule in [`Graph::build`] says, read back on its own: pairs of before and after.
fn expected_edges(steps: &[StepNode], units: &BTreeSet<Unit>) -> BTreeSet<(Unit, Unit)> {
    let scopes: BTreeMap<_, _> = steps.iter().map(|step| (&step.name, step.scope)).collect();
    let mut edges = BTreeSet::new();
    for after in units {
        let step = steps.iter().find(|step| step.name == after.step).unwrap();
        for before in units {
            let same_target = before.target == after.target;
            let required = step.requires.contains(&before.step);
            let own_host = before.step == after.step && (before.target == HOST) && !same_target;
            let all_containers = step.scope == Scope::Host
                && scopes[&before.step] == Scope::Container
                && after.target == HOST;
            if own_host || required && (same_target || (before.target == HOST) || all_containers) {
                edges.insert((before.clone(), after.clone()));
            }
        }
    }
    edges
}

proptest! {
    #[test]
    fn every_unit_is_there_once_and_after_what_it_waits_for(
        steps in steps(),
        containers in containers(),
        holes in proptest::collection::btree_set((0..10_usize, 0..4_usize), 0..20),
    ) {
        let wanted = |step: &str, container: &str| {
            let place = |name: &str, names: &[String]| names.iter().position(|one| one == name).unwrap();
            let names: Vec<_> = steps.iter().map(|step| step.name.clone()).collect();
            !holes.contains(&(place(step, &names), place(container, &containers)))
        };
        let graph = Graph::build_where(&steps, &containers, &wanted).unwrap();
        let units = expected_units(&steps, &containers, wanted);
        let order: Vec<_> = graph.order().cloned().collect();
        prop_assert_eq!(order.len(), units.len());
        prop_assert_eq!(&BTreeSet::from_iter(order.iter().cloned()), &units);

        let place: BTreeMap<_, _> = order.iter().enumerate().map(|(at, unit)| (unit, at)).collect();
        for (unit, waits_for) in order.iter().zip(graph.waits_for()) {
            prop_assert!(waits_for.iter().map(|&at| &order[at]).eq(graph.dependencies(unit)));
        }
        let mut edges = BTreeSet::new();
        for unit in &order {
            for before in graph.dependencies(unit) {
                prop_assert!(place[before] < place[unit], "{} before {}", before, unit);
                edges.insert((before.clone(), unit.clone()));
            }
        }
        prop_assert_eq!(edges, expected_edges(&steps, &units));

        // The order within a target is part of the whole, and no unit is on two targets.
        let within: Vec<_> = graph.targets().flat_map(|target| graph.target_order(target)).collect();
        prop_assert_eq!(within.len(), order.len());
        for target in graph.targets() {
            prop_assert!(graph.target_order(target).is_sorted_by_key(|unit| place[unit]));
        }
    }

    #[test]
    fn the_order_of_the_input_means_nothing(
        (steps, shuffled) in steps().prop_flat_map(|steps| (Just(steps.clone()), Just(steps).prop_shuffle())),
        containers in containers(),
    ) {
        let one = Graph::build(&steps, &containers).unwrap();
        let other = Graph::build(&shuffled, &containers).unwrap();
        prop_assert!(one.order().eq(other.order()));
    }

    #[test]
    fn whatever_fails_each_unit_runs_or_is_skipped_once(
        steps in steps(),
        containers in containers(),
        failing in proptest::collection::vec(proptest::bool::weighted(0.2), 64),
        jobs in 1..6_usize,
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 64),
    ) {
        let graph = Graph::build(&steps, &containers).unwrap();
        let number: BTreeMap<_, _> = graph.order().enumerate().map(|(at, unit)| (unit, at)).collect();
        let mut queue = Queue::new(&graph);
        let mut running: Vec<&Unit> = Vec::new();
        let (mut succeeded, mut failed) = (BTreeSet::new(), BTreeSet::new());
        let mut skipped = BTreeMap::new();
        let mut ran: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut picks = picks.iter().cycle();
        loop {
            while running.len() < jobs && let Some(unit) = queue.next_ready() {
                prop_assert!(running.iter().all(|other| other.target != unit.target));
                for before in graph.dependencies(unit) {
                    prop_assert!(succeeded.contains(before), "{} before {}", unit, before);
                }
                ran.entry(unit.target.clone()).or_default().push(number[unit]);
                running.push(unit);
            }
            if running.is_empty() {
                break;
            }
            let unit = running.swap_remove(picks.next().unwrap().index(running.len()));
            let ok = !failing[number[unit] % failing.len()];
            let lost = queue.finish(unit, ok);
            prop_assert!(!ok || lost.is_empty());
            let settled = if ok { &mut succeeded } else { &mut failed };
            prop_assert!(settled.insert(unit.clone()));
            for (lost, because) in lost {
                prop_assert_eq!(&because, unit);
                prop_assert!(graph.dependants(&because).contains(&&lost));
                prop_assert!(skipped.insert(lost, because).is_none());
            }
        }
        prop_assert!(queue.is_done());
        prop_assert_eq!(queue.left().count(), 0);
        prop_assert_eq!(succeeded.len() + failed.len() + skipped.len(), number.len());
        for unit in number.keys() {
            let settled = [succeeded.contains(*unit), failed.contains(*unit), skipped.contains_key(*unit)];
            prop_assert_eq!(settled.iter().filter(|is| **is).count(), 1, "{}", unit);
        }
        for order in ran.values() {
            prop_assert!(order.is_sorted());
        }
    }
}
