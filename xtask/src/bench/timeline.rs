//! Where the time of a run went, by the events of its journal. Pure.

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;

/// Parts of a run's wall time, in milliseconds.
#[derive(Debug, PartialEq)]
pub(crate) struct Timeline {
    /// While apt and dpkg had something to say: whatever is behind their last line, or while nothing is said of a change yet, is not
    /// theirs.
    pub(crate) packages: f64,
    /// While a step made sure that its work holds.
    pub(crate) evidence: f64,
}

#[derive(Deserialize)]
struct Event {
    at: Timestamp,
    event: String,
}

impl Timeline {
    /// Of a run over one container, so that one thing is done at a time. `events` are what `runs show --output json` prints.
    pub(crate) fn of(events: &str) -> Result<Self> {
        let mut timeline = Self { packages: 0.0, evidence: 0.0 };
        let mut before: Option<Timestamp> = None;
        for line in events.lines() {
            let Event { at, event } =
                serde_json::from_str(line).with_context(|| format!("no event of a run: {line}"))?;
            let took = before.map_or(0.0, |before| at.duration_since(before).as_secs_f64());
            match event.as_str() {
                "output" => timeline.packages += took * 1000.0,
                "verified" => timeline.evidence += took * 1000.0,
                _ => {}
            }
            before = Some(at);
        }
        Ok(timeline)
    }
}

#[cfg(test)]
mod tests {
    use super::Timeline;

    #[test]
    fn each_span_belongs_to_the_event_at_its_end() {
        let events = [
            ("00.000", "run_started"),
            ("00.010", "checked"),
            ("00.040", "output"),
            ("00.100", "intended"),
            ("00.150", "output"),
            ("01.150", "output"),
            ("01.200", "done"),
            ("01.201", "checked"),
            ("01.701", "verified"),
            ("01.800", "run_finished"),
        ];
        let line = |(at, event)| format!(r#"{{"at":"2026-11-29T13:55:{at}Z","event":"{event}"}}"#);
        let text = events.map(line).join("\n");
        let Timeline { packages, evidence } = Timeline::of(&text).unwrap();
        assert_eq!((packages.round(), evidence.round()), (1080.0, 500.0));
        assert!(Timeline::of("no event").is_err());
    }
}
