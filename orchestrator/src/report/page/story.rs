//! What is told of a run: a fold over its events. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use phoenix_sdk::{Consent, Evidence};

use super::super::wording;
use crate::{
    engine::{
        Body, Deed, Environment, Event, State,
        event::{Failure, Outcome, Planned},
        state::End,
    },
    graph::Unit,
};

/// A run as its events tell it.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    pub(super) verb: String,
    pub(super) version: String,
    pub(super) features: Vec<String>,
    pub(super) takes_back: Option<String>,
    pub(super) environment: Option<Environment>,
    /// Of each unit in the order of the run, the places of those that it waits for; nothing if the run does not say.
    pub(super) waits_for: Vec<Vec<usize>>,
    /// When it began, and when it was last heard of.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    pub(super) took_ms: Option<u64>,
    pub(super) exit: Option<u8>,
    pub(super) state: State,
    pub(super) units: BTreeMap<Unit, Chapter>,
    /// What earlier runs had left behind on a target, and what was done about it.
    pub(super) inherited: Vec<(String, String)>,
}

/// What is told of a unit.
#[derive(Debug, Clone, Default)]
pub(super) struct Chapter {
    pub(super) began: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
    pub(super) took_ms: Option<u64>,
    pub(super) rounds: u32,
    pub(super) changes: Vec<Doing>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) recorded: Vec<String>,
    pub(super) output: Vec<String>,
}

/// A change, from being wanted to being done.
#[derive(Debug, Clone)]
pub(super) struct Doing {
    pub(super) deed: Deed,
    pub(super) round: u32,
    pub(super) summary: String,
    pub(super) diff: Option<String>,
    pub(super) consent: Option<Consent>,
    pub(super) effect: Option<u64>,
    pub(super) fate: Fate,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fate {
    /// A check wants it; nothing has happened.
    Wanted,
    /// It was begun, and nothing was heard of it since.
    Begun,
    /// It was done; this had to be left as it is.
    Done(Vec<String>),
    /// It could not be done.
    Failed(Failure),
}

impl Story {
    /// Of these events, in their order.
    pub(super) fn of(events: &[Event]) -> Self {
        let mut story = Self::default();
        events.iter().for_each(|event| story.hear(event));
        story
    }

    fn hear(&mut self, event: &Event) {
        self.state.fold(event);
        let began = self.span.map_or(event.at, |(began, _)| began);
        self.span = Some((began, event.at.max(began)));
        match &event.body {
            Body::RunStarted {
                verb,
                version,
                features,
                waits_for,
                environment,
                takes_back,
                ..
            } => {
                self.verb.clone_from(verb);
                self.version.clone_from(version);
                self.features.clone_from(features);
                self.waits_for.clone_from(waits_for);
                self.environment = environment.as_deref().cloned();
                self.takes_back.clone_from(takes_back);
            }
            Body::UnitStarted { unit } => self.unit(unit).began = Some(event.at),
            Body::Checked { unit, round, changes, .. } => {
                let chapter = self.unit(unit);
                chapter.rounds = chapter.rounds.max(*round);
                chapter.changes.extend(changes.iter().map(|one| Doing::wanted(one, *round)));
            }
            Body::Intended { unit, effect, deed, .. } => self.unit(unit).begin(*effect, deed),
            Body::Output { unit, line } => self.unit(unit).output.push(line.clone()),
            Body::Done { unit, effect, left, .. } => {
                self.unit(unit).end(*effect, Fate::Done(left.clone()));
            }
            Body::EffectFailed { unit, effect, error, .. } => {
                self.unit(unit).end(*effect, Fate::Failed(error.clone()));
            }
            Body::Settled { unit, of, about, found, after, .. } => {
                let what = wording::found(*found, after);
                let text = format!(
                    "{}: run `{of}` was cut off; what it was about to do ({about}) {what}",
                    unit.step
                );
                self.inherited.push((unit.target.clone(), text));
            }
            Body::Recorded { unit, name, .. } => self.unit(unit).recorded.push(name.clone()),
            Body::Verified { unit, evidence, .. } => {
                self.unit(unit).evidence.extend(evidence.iter().cloned());
            }
            Body::UnitFinished { unit, took_ms, .. } => {
                let chapter = self.unit(unit);
                (chapter.ended, chapter.took_ms) = (Some(event.at), Some(*took_ms));
            }
            Body::UnitSkipped { .. } => {}
            Body::RunFinished { took_ms, exit } => {
                (self.took_ms, self.exit) = (Some(*took_ms), Some(*exit));
            }
            Body::Leftovers { target, ended } => {
                let texts = ended.iter().map(|command| {
                    (target.clone(), format!("ended {command}, which a killed run had left"))
                });
                self.inherited.extend(texts);
            }
        }
    }

    fn unit(&mut self, unit: &Unit) -> &mut Chapter {
        self.units.entry(unit.clone()).or_default()
    }

    /// Its units by target, each with its place in the order of the run: the host first, as in a plan.
    pub(super) fn targets(&self) -> Vec<(&str, Vec<usize>)> {
        let mut targets: Vec<(&str, Vec<usize>)> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, unit) in self.state.order.iter().enumerate() {
            let place = *places.entry(&unit.target).or_insert_with(|| {
                targets.push((&unit.target, Vec::new()));
                targets.len() - 1
            });
            targets[place].1.push(at);
        }
        targets.sort_by_key(|(target, _)| *target != crate::graph::HOST);
        targets
    }

    /// How the unit at this place of the order ended.
    pub(super) fn end(&self, at: usize) -> Option<&End> {
        self.state.units.get(&self.state.order[at])?.end.as_ref()
    }

    /// What is told of the unit at this place of the order.
    pub(super) fn chapter(&self, at: usize) -> Option<&Chapter> {
        self.units.get(&self.state.order[at])
    }

    /// When it was at work, in milliseconds since the run began. A rollback looks at all units before it works on the
    /// first one, so that what a unit took is reckoned from its end.
    pub(super) fn work(&self, at: usize) -> Option<(u64, u64)> {
        let (chapter, (began, last)) = (self.chapter(at)?, self.span?);
        let since = |at: Timestamp| {
            u64::try_from(at.as_millisecond() - began.as_millisecond()).unwrap_or_default()
        };
        match (chapter.began, chapter.ended, chapter.took_ms) {
            (_, Some(ended), Some(took)) => {
                let end = since(ended);
                Some((end.saturating_sub(took), end))
            }
            (Some(began), _, _) if self.end(at).is_none() => Some((since(began), since(last))),
            _ => None,
        }
    }

    /// How long it took, or has been heard of.
    pub(super) fn length(&self) -> u64 {
        let heard =
            self.span.map_or(0, |(began, last)| last.as_millisecond() - began.as_millisecond());
        u64::try_from(heard).unwrap_or_default().max(self.took_ms.unwrap_or_default())
    }

    /// Whether it only looks.
    pub(super) fn only_looks(&self) -> bool {
        matches!(self.verb.as_str(), "plan" | "verify")
    }
}

impl Chapter {
    fn begin(&mut self, effect: u64, deed: &Deed) {
        let summary = deed.to_string();
        // A rollback words its deeds by what it has found meanwhile; what they are called stays.
        let open = |doing: &&mut Doing| doing.fate == Fate::Wanted && doing.effect.is_none();
        let place = self
            .changes
            .iter_mut()
            .filter(open)
            .find(|doing| doing.deed == *deed || doing.summary == summary);
        let doing = match place {
            Some(doing) => doing,
            None => {
                let consent = deed.consent();
                let planned =
                    Planned { deed: deed.clone(), summary, diff: None, consent, forecast: None };
                self.changes.push(Doing::wanted(&planned, self.rounds));
                let Some(last) = self.changes.last_mut() else { return };
                last
            }
        };
        (doing.effect, doing.fate) = (Some(effect), Fate::Begun);
    }

    fn end(&mut self, effect: u64, fate: Fate) {
        if let Some(doing) = self.changes.iter_mut().find(|doing| doing.effect == Some(effect)) {
            doing.fate = fate;
        }
    }
}

impl Doing {
    fn wanted(planned: &Planned, round: u32) -> Self {
        Self {
            deed: planned.deed.clone(),
            round,
            summary: planned.summary.clone(),
            diff: planned.diff.clone(),
            consent: planned.consent,
            effect: None,
            fate: Fate::Wanted,
        }
    }
}

/// How a unit ended, for whoever only wants to know that.
pub(super) fn finished(end: Option<&End>) -> Option<&Outcome> {
    match end {
        Some(End::Finished(outcome)) => Some(outcome),
        _ => None,
    }
}
