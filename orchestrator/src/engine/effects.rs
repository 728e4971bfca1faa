//! The effects of a run: a fold over its events. Pure.

use std::collections::BTreeMap;

use super::{Body, Deed, Event};
use crate::{effect::Image, graph::Unit};

/// One effect, as far as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// In which run.
    pub run: String,
    /// Counts from 1 within the run.
    pub number: u64,
    /// By which unit.
    pub unit: Unit,
    /// What was to be done.
    pub deed: Deed,
    /// What was there before.
    pub before: Image,
    /// What had to be expected afterwards.
    pub expected: Option<Image>,
    /// What was seen afterwards, by the run itself or by one that settled it.
    pub after: Option<Image>,
    /// Whether the run itself heard of its end.
    pub ended: bool,
    /// Whether that was a failure.
    pub failed: bool,
}

impl Effect {
    /// What it left, as well as that is known.
    pub fn left(&self) -> Option<&Image> {
        self.after.as_ref().or(self.expected.as_ref())
    }
}

/// All effects of a run, by their number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects(BTreeMap<u64, Effect>);

impl Effects {
    /// Takes in one event.
    pub fn fold(&mut self, event: &Event) {
        match &event.body {
            Body::Intended { unit, effect, deed, before, expected } => {
                let new = Effect {
                    run: event.run.clone(),
                    number: *effect,
                    unit: unit.clone(),
                    deed: (**deed).clone(),
                    before: (**before).clone(),
                    expected: expected.as_deref().cloned(),
                    after: None,
                    ended: false,
                    failed: false,
                };
                self.0.insert(*effect, new);
            }
            Body::Done { effect, after, .. } => self.end(*effect, Some(after), false),
            Body::EffectFailed { effect, after, .. } => self.end(*effect, after.as_ref(), true),
            _ => {}
        }
    }

    /// Takes in what another run found of one of these effects.
    pub fn settle(&mut self, number: u64, after: &Image) {
        if let Some(effect) = self.0.get_mut(&number) {
            effect.after = Some(after.clone());
        }
    }

    fn end(&mut self, number: u64, after: Option<&Image>, failed: bool) {
        if let Some(effect) = self.0.get_mut(&number) {
            effect.after = after.cloned();
            effect.ended = true;
            effect.failed = failed;
        }
    }

    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = &Effect> {
        self.0.values()
    }

    /// Those of one unit.
    pub fn of(&self, unit: &Unit) -> Vec<Effect> {
        self.0.values().filter(|effect| effect.unit == *unit).cloned().collect()
    }
}
