//! From effects to what takes them back, in an order that works. Pure.
//!
//! Effects on one thing become one restoration, from what the last of them left to what the first of them
//! found: what was changed and changed back in the same run is not touched. Units are taken back in the
//! reverse of their order, and within a unit the newest first. Restarts come last in their unit, for they
//! are what makes the rest count; a container is restarted once, in the last unit that needs it.

use std::collections::{BTreeMap, BTreeSet};

use phoenix_sdk::{Change, Kind};

use super::{Deed, Effect, Restore};
use crate::{
    effect::{Image, Item},
    graph::Unit,
};

/// What takes a unit's effects back.
#[derive(Debug, Clone, PartialEq)]
pub struct Reversal {
    /// Whose effects.
    pub unit: Unit,
    /// What is to be done, in this order.
    pub deeds: Vec<Deed>,
    /// What cannot be taken back, in words.
    pub impossible: Vec<String>,
    /// Whether all of it has to stay, because something else still needs it.
    pub kept: bool,
}

/// What takes these effects of one run back. They are in the order in which they were made.
pub fn reverse(effects: &[Effect]) -> Vec<Reversal> {
    let mut units: Vec<&Unit> = Vec::new();
    for effect in effects {
        if !units.contains(&&effect.unit) {
            units.push(&effect.unit);
        }
    }
    let mut reversals: Vec<Reversal> = units
        .into_iter()
        .rev()
        .map(|unit| {
            let own: Vec<&Effect> = effects.iter().filter(|effect| effect.unit == *unit).collect();
            reversal(unit, &own)
        })
        .filter(|reversal| !reversal.deeds.is_empty() || !reversal.impossible.is_empty())
        .collect();
    one_restart_for_each_container(&mut reversals);
    reversals
}

fn reversal(unit: &Unit, effects: &[&Effect]) -> Reversal {
    let mut reversal =
        Reversal { unit: unit.clone(), deeds: Vec::new(), impossible: Vec::new(), kept: false };
    let mut restarts: Vec<Change> = Vec::new();
    // The item's place is that of its last effect.
    let mut items: BTreeMap<Item, Vec<&Effect>> = BTreeMap::new();
    let mut order: Vec<Item> = Vec::new();
    for effect in effects {
        match restart(effect) {
            Some(change) => restarts.push(change),
            None => {
                let item = effect.before.item();
                order.retain(|other| *other != item || item == Item::Unseen);
                order.push(item.clone());
                items.entry(item).or_default().push(effect);
            }
        }
    }
    for item in order.into_iter().rev() {
        if item == Item::Unseen {
            command(items.get_mut(&item).and_then(Vec::pop), &mut reversal);
        } else if let Some(effects) = items.remove(&item) {
            reversal.deeds.extend(restoration(&effects).map(Box::new).map(Deed::Restore));
        }
    }
    let changed = !reversal.deeds.is_empty();
    if changed {
        reversal.deeds.extend(sensible(restarts).into_iter().map(Deed::Change));
    }
    reversal
}

/// A restart is not taken back: it is made again, once what it was for is back.
pub(super) fn restart(effect: &Effect) -> Option<Change> {
    let Deed::Change(change) = &effect.deed else { return None };
    matches!(change.kind, Kind::RestartService { .. } | Kind::RestartContainer)
        .then(|| Change::new(change.kind.clone()).because("what it runs with was brought back"))
}

/// A service comes back with its container, and nothing is restarted twice.
fn sensible(restarts: Vec<Change>) -> Vec<Change> {
    let container = restarts.iter().find(|change| change.kind == Kind::RestartContainer);
    if let Some(container) = container {
        return vec![container.clone()];
    }
    let mut seen = BTreeSet::new();
    let name = |change: &Change| match &change.kind {
        Kind::RestartService { name, .. } => name.clone(),
        _ => String::new(),
    };
    restarts.into_iter().filter(|change| seen.insert(name(change))).collect()
}

fn restoration(effects: &[&Effect]) -> Option<Restore> {
    let (first, last) = (effects.first()?, effects.last()?);
    // Without any knowledge of what it left, what is there now decides alone.
    let from = last.left().unwrap_or(&first.before).clone();
    let to = first.before.clone();
    let in_doubt = last.after.is_none();
    if from == to && !in_doubt {
        return None;
    }
    let numbers = effects.iter().map(|effect| effect.number).collect();
    Some(Restore {
        run: first.run.clone(),
        effects: numbers,
        from,
        to: planned(to, effects),
        in_doubt,
    })
}

/// Of several installations, all that was planned counts.
fn planned(to: Image, effects: &[&Effect]) -> Image {
    let Image::Packages(mut packages) = to else { return to };
    for effect in effects {
        if let Image::Packages(before) = &effect.before {
            packages.planned.extend(before.planned.iter().cloned());
        }
    }
    Image::Packages(packages)
}

fn command(effect: Option<&Effect>, reversal: &mut Reversal) {
    let Some(Effect { deed: Deed::Change(change), .. }) = effect else { return };
    let Kind::Command { about, argv, undo, time_limit_s, .. } = &change.kind else { return };
    match undo {
        None => reversal.impossible.push(format!("cannot be taken back: {about}")),
        Some(undo) => {
            let kind = Kind::Command {
                about: format!("take back: {about}"),
                argv: undo.clone(),
                unless: Vec::new(),
                undo: Some(argv.clone()),
                consent: None,
                time_limit_s: *time_limit_s,
            };
            reversal.deeds.push(Deed::Change(Change::new(kind)));
        }
    }
}

fn one_restart_for_each_container(reversals: &mut [Reversal]) {
    let is_restart =
        |deed: &Deed| matches!(deed, Deed::Change(change) if change.kind == Kind::RestartContainer);
    let mut seen = BTreeSet::new();
    for reversal in reversals.iter_mut().rev() {
        let restarts = reversal.deeds.iter().any(is_restart);
        if restarts && !seen.insert(reversal.unit.target.clone()) {
            reversal.deeds.retain(|deed| !is_restart(deed));
        }
    }
}
