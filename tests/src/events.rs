//! The events of a run with `--output json`, read.

use anyhow::Result;
use serde_json::Value;

use crate::Finished;

/// All events, after making sure that the run succeeded.
pub fn parse(finished: &Finished) -> Result<Vec<Value>> {
    finished.clone().expect_code(0)?.events()
}

/// The kinds of the changes that were performed, in their order.
pub fn intended(events: &[Value]) -> Vec<String> {
    events
        .iter()
        .filter(|event| event["event"] == "intended")
        .map(|event| event["change"]["kind"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The steps that gave evidence, in the order in which they did.
pub fn verified(events: &[Value]) -> Vec<String> {
    events
        .iter()
        .filter(|event| event["event"] == "verified")
        .map(|event| event["unit"]["step"].as_str().unwrap_or_default().to_owned())
        .collect()
}
