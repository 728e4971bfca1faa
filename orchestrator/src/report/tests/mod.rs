//! What people see, whole: each screen at the widths of a narrow, a usual and a wide terminal.

mod plan;
mod run;

use jiff::Timestamp;
use phoenix_sdk::{Change, Kind, StepError};

use super::{Detail, View};
use crate::{
    engine::{
        Body, Event,
        event::{Failure, Outcome},
    },
    graph::Unit,
};

const NARROW: View = view(Detail::Usual, 60);
const USUAL: View = view(Detail::Usual, 80);
const WIDE: View = view(Detail::Usual, 140);
const ENDLESS: View = View { width: None, ..USUAL };

const fn view(detail: Detail, width: usize) -> View {
    View { detail, width: Some(width), ascii: false }
}

fn events(bodies: Vec<Body>) -> Vec<Event> {
    let event = |(seq, body)| Event {
        format: 1,
        run: "20261129T101500Z-7".into(),
        seq,
        at: Timestamp::UNIX_EPOCH,
        body,
    };
    (1..).zip(bodies).map(event).collect()
}

fn started(units: &[Unit]) -> Body {
    Body::RunStarted {
        verb: "run".into(),
        version: "0".into(),
        features: vec!["docker".into()],
        units: units.to_vec(),
        takes_back: None,
        waits_for: Vec::new(),
        environment: None,
    }
}

fn broken() -> Outcome {
    Outcome::Failed {
        error: Failure {
            exit: 7,
            error: StepError::new("APT-DOWNLOAD", "packages cannot be downloaded")
                .cause("E: \u{1b}[31mTemporary failure")
                .hint("Check the target's network and apt sources, then run again."),
        },
    }
}

fn restart() -> Change {
    Change::new(Kind::RestartContainer).because("`/dev/fuse` is not in the container yet")
}

fn ended(unit: &Unit, outcome: Outcome) -> Body {
    Body::UnitFinished { unit: unit.clone(), outcome, took_ms: 1000 }
}
