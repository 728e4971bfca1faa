//! Targets in which nothing is changed: their events wait until the target is settled, and go into one row then.
//!
//! Only events that may be lost with the process wait. As soon as one comes that says anything else about a target, what
//! waits for it comes before, and the target has rows like any other. Pure.

use std::collections::HashMap;

use super::tally::Standings;
use crate::{
    engine::{Body, Event, event::Outcome},
    graph::Unit,
};

/// Of one target. A check with many rounds or a step that talks much is written at once.
const MOST: usize = 64;

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entry {
    /// A row of its own.
    Event(Box<Event>),
    /// All events of a target, in one row.
    Quiet(Vec<Event>),
    /// At this end of a run: how it leaves its targets.
    Standings(Box<Event>, Standings),
}

/// The targets of a run that may still turn out to be quiet.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    targets: HashMap<String, Target>,
}

#[derive(Debug, Default)]
struct Target {
    /// Units that have not ended.
    left: usize,
    waiting: Vec<Event>,
}

impl Quiet {
    /// Hears an event, and gives what is to be written for it.
    pub(super) fn hear(&mut self, event: &Event) -> Vec<Entry> {
        let unit = match &event.body {
            Body::RunStarted { units, takes_back, .. } => {
                self.begin(units, takes_back.is_some());
                return vec![one(event.clone())];
            }
            Body::RunFinished { .. } => {
                let left = std::mem::take(&mut self.targets).into_values();
                let mut waiting: Vec<Event> = left.flat_map(|target| target.waiting).collect();
                waiting.sort_by_key(|event| event.seq);
                let all = waiting.into_iter().chain([event.clone()]);
                return all.map(one).collect();
            }
            Body::Leftovers { target, .. } => return self.loud(target, event),
            Body::UnitStarted { unit }
            | Body::Checked { unit, .. }
            | Body::Intended { unit, .. }
            | Body::Output { unit, .. }
            | Body::Done { unit, .. }
            | Body::EffectFailed { unit, .. }
            | Body::Settled { unit, .. }
            | Body::Recorded { unit, .. }
            | Body::Verified { unit, .. }
            | Body::UnitFinished { unit, .. }
            | Body::UnitSkipped { unit, .. } => unit,
        };
        let Some(target) = self.targets.get_mut(&unit.target) else {
            return vec![one(event.clone())];
        };
        if !is_quiet(&event.body) || target.waiting.len() == MOST {
            return self.loud(&unit.target, event);
        }
        target.waiting.push(event.clone());
        if matches!(event.body, Body::UnitFinished { .. }) {
            target.left = target.left.saturating_sub(1);
        }
        match target.left {
            0 => {
                let waiting = self.targets.remove(&unit.target).unwrap_or_default().waiting;
                vec![Entry::Quiet(waiting)]
            }
            _ => Vec::new(),
        }
    }

    /// A rollback marks what it has taken back at the end of each unit, which must be a row of its own.
    fn begin(&mut self, units: &[Unit], takes_back: bool) {
        self.targets.clear();
        for unit in units.iter().filter(|_| !takes_back) {
            self.targets.entry(unit.target.clone()).or_default().left += 1;
        }
    }

    fn loud(&mut self, target: &str, event: &Event) -> Vec<Entry> {
        let waiting = self.targets.remove(target).unwrap_or_default().waiting;
        waiting.into_iter().chain([event.clone()]).map(one).collect()
    }
}

fn one(event: Event) -> Entry {
    Entry::Event(Box::new(event))
}

fn is_quiet(body: &Body) -> bool {
    match body {
        Body::UnitStarted { .. } | Body::Output { .. } => true,
        Body::Checked { changes, .. } => changes.is_empty(),
        Body::UnitFinished { outcome, .. } => *outcome == Outcome::Unchanged,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn event(seq: u64, body: Body) -> Event {
        Event { format: 2, run: "r".to_owned(), seq, at: Timestamp::UNIX_EPOCH, body }
    }

    fn started(targets: usize, takes_back: Option<&str>) -> Event {
        let units = (0..targets)
            .flat_map(|target| ["a", "b"].map(|step| Unit::new(step, target.to_string())));
        event(
            1,
            Body::RunStarted {
                verb: "run".to_owned(),
                version: "0".to_owned(),
                features: Vec::new(),
                units: units.collect(),
                waits_for: Vec::new(),
                environment: None,
                takes_back: takes_back.map(str::to_owned),
            },
        )
    }

    /// What one unit says: quiet, loud by evidence, or cut off before its end.
    fn unit(step: &str, target: usize, how: u8) -> Vec<Body> {
        let unit = Unit::new(step, target.to_string());
        let mut bodies = vec![
            Body::UnitStarted { unit: unit.clone() },
            Body::Checked {
                unit: unit.clone(),
                round: 1,
                changes: Vec::new(),
                notes: vec!["fine".to_owned()],
                warnings: Vec::new(),
            },
        ];
        if how == 1 {
            let (evidence, warnings) = (Vec::new(), Vec::new());
            bodies.push(Body::Verified { unit: unit.clone(), evidence, warnings });
        }
        if how != 2 {
            bodies.push(Body::UnitFinished { unit, outcome: Outcome::Unchanged, took_ms: 1 });
        }
        bodies
    }

    fn written(events: &[Event]) -> Vec<Entry> {
        let mut quiet = Quiet::default();
        events.iter().flat_map(|event| quiet.hear(event)).collect()
    }

    proptest! {
        #[test]
        fn every_event_is_written_once_and_quiet_targets_have_one_row(
            hows in proptest::collection::vec((0_u8..3, 0_u8..3), 1..8),
            picks in proptest::collection::vec(any::<proptest::sample::Index>(), 60),
        ) {
            // The targets' events come mixed, and those of one in their order.
            let mut lanes: Vec<std::collections::VecDeque<Body>> = hows.iter().enumerate()
                .map(|(target, (a, b))| [unit("a", target, *a), unit("b", target, *b)].concat().into())
                .collect();
            let mut events = vec![started(hows.len(), None)];
            for pick in picks {
                let lane = pick.index(lanes.len());
                if let Some(body) = lanes[lane].pop_front() {
                    events.push(event(events.len() as u64 + 1, body));
                }
            }
            let complete = lanes.iter().map(|lane| lane.is_empty()).collect::<Vec<_>>();
            let last = events.len() as u64 + 1;
            events.push(event(last, Body::RunFinished { took_ms: 1, exit: 0 }));
            let entries = written(&events);
            let rows = entries.iter().filter(|entry| matches!(entry, Entry::Quiet(_))).count();
            let expected = hows.iter().zip(complete)
                .filter(|(how, complete)| **how == (0, 0) && *complete).count();
            prop_assert_eq!(rows, expected);
            let mut all: Vec<Event> = entries.into_iter().flat_map(|entry| match entry {
                Entry::Event(event) => vec![*event],
                Entry::Quiet(events) => events,
                Entry::Standings(..) => Vec::new(),
            }).collect();
            all.sort_by_key(|event| event.seq);
            prop_assert_eq!(all, events);
        }
    }

    #[test]
    fn what_waited_comes_before_whatever_ends_the_quiet() {
        let bodies = unit("a", 0, 1);
        let events: Vec<Event> = [started(1, None)]
            .into_iter()
            .chain((2..).zip(bodies).map(|(seq, body)| event(seq, body)))
            .collect();
        let entries = written(&events);
        assert_eq!(entries, events.into_iter().map(one).collect::<Vec<_>>());
    }

    #[test]
    fn a_rollback_has_a_row_for_each_event() {
        let bodies = [unit("a", 0, 0), unit("b", 0, 0)].concat();
        let events: Vec<Event> = [started(1, Some("x"))]
            .into_iter()
            .chain((2..).zip(bodies).map(|(seq, body)| event(seq, body)))
            .collect();
        assert!(written(&events).iter().all(|entry| matches!(entry, Entry::Event(_))));
    }

    #[test]
    fn a_unit_that_talks_much_is_written_at_once() {
        let unit = Unit::new("a", "0");
        let line = |seq| event(seq, Body::Output { unit: unit.clone(), line: "x".to_owned() });
        let events: Vec<Event> = [started(1, None)].into_iter().chain((2..500).map(line)).collect();
        assert_eq!(written(&events).len(), events.len());
    }
}
