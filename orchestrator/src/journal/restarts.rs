//! How long a container was away when it was restarted, by the events of a run. Pure.

use phoenix_sdk::Kind;

use crate::engine::{Body, Deed, Event};

/// How long the last restart of this container took that was done, in milliseconds.
pub(super) fn last(events: &[Event], target: &str) -> Option<u64> {
    let ended = |number: u64| {
        events
            .iter()
            .find(|event| matches!(&event.body, Body::Done { effect, .. } if *effect == number))
    };
    events.iter().rev().find_map(|begun| match &begun.body {
        Body::Intended { unit, effect, deed, .. } if unit.target == target && restarts(deed) => {
            let took = ended(*effect)?.at.duration_since(begun.at);
            u64::try_from(took.as_millis()).ok()
        }
        _ => None,
    })
}

fn restarts(deed: &Deed) -> bool {
    matches!(deed, Deed::Change(change) if change.kind == Kind::RestartContainer)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use phoenix_sdk::Change;

    use super::*;
    use crate::{effect::Image, graph::Unit};

    fn event(seconds: i64, body: Body) -> Event {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        Event { format: 2, run: "r".into(), seq: 1, at, body }
    }

    fn begun(seconds: i64, target: &str, effect: u64, kind: Kind) -> Event {
        let deed = Box::new(Deed::Change(Change::new(kind)));
        let (unit, before) = (Unit::new("s", target), Box::new(Image::Unseen));
        event(seconds, Body::Intended { unit, effect, deed, before, expected: None })
    }

    fn done(seconds: i64, target: &str, effect: u64) -> Event {
        let unit = Unit::new("s", target);
        event(seconds, Body::Done { unit, effect, after: Image::Unseen, left: Vec::new() })
    }

    #[test]
    fn the_last_restart_that_was_done() {
        let absent = Kind::Absent { path: "/x".into() };
        let events = [
            begun(0, "web", 1, Kind::RestartContainer),
            begun(1, "db", 2, Kind::RestartContainer),
            done(5, "db", 2),
            done(12, "web", 1),
            begun(20, "web", 3, absent),
            done(29, "web", 3),
            begun(30, "web", 4, Kind::RestartContainer),
        ];
        assert_eq!(last(&events, "web"), Some(12_000));
        assert_eq!(last(&events, "db"), Some(4_000));
        assert_eq!(last(&events, "mail"), None);
    }
}
