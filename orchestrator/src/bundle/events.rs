//! The events of a run without the contents of files.

use std::collections::BTreeSet;

use phoenix_sdk::{Bytes, Kind, MASKED};
use serde_json::{Value, json};

use super::public::Public;
use crate::{
    effect::Digest,
    engine::{Body, Deed, Event},
    graph::Unit,
    secret::Mask,
    transport::printable,
};

/// Events that may be told.
#[derive(Debug)]
pub struct Events {
    /// In the journal's own form.
    pub documents: Vec<Value>,
    /// The same, for whoever shows them.
    pub events: Vec<Event>,
    /// What was left out of them, and why.
    pub left_out: Vec<String>,
}

impl Events {
    /// Takes the contents of files and all credentials out of a run's events.
    pub fn cleaned(events: &[Event], mask: &Mask) -> Self {
        let public = Public::of(events);
        let mut left_out = BTreeSet::new();
        let documents: Vec<Value> =
            events.iter().map(|event| document(event, &public, mask, &mut left_out)).collect();
        // The form is kept, so that each is an event still.
        let cleaned =
            documents.iter().filter_map(|event| serde_json::from_value(event.clone()).ok());
        let cleaned = cleaned.collect();
        Self { documents, events: cleaned, left_out: left_out.into_iter().collect() }
    }
}

fn document(event: &Event, public: &Public, mask: &Mask, left_out: &mut BTreeSet<String>) -> Value {
    let mut event = event.clone();
    match &mut event.body {
        Body::Checked { unit, changes, .. } => {
            for planned in changes {
                let untold = public.untold(&unit.target, &planned.deed);
                if let (Some(path), Some(diff)) = (&untold, &mut planned.diff) {
                    left_out.insert(private(unit, path));
                    *diff = format!("[lines left out: {}]\n", diff.lines().count());
                }
                without_contents(&mut planned.deed, untold.is_some());
            }
        }
        Body::Intended { unit, deed, .. } => {
            let untold = public.untold(&unit.target, deed).is_some();
            without_contents(deed, untold);
        }
        _ => {}
    }
    // Events are plain data.
    let mut document = serde_json::to_value(&event).unwrap_or_default();
    without_bytes(&mut document);
    mask.document(&mut document);
    document
}

fn private(unit: &Unit, path: &str) -> String {
    format!(
        "what changed in `{}` on `{}`: not everybody may read it, or nobody knows who may",
        printable(path),
        printable(&unit.target)
    )
}

/// Takes out what a file or a profile is to contain; of a private file, its values too.
fn without_contents(deed: &mut Deed, is_private: bool) {
    let Deed::Change(change) = deed else { return };
    match &mut change.kind {
        Kind::File { content: Some(content), .. } => {
            *content = Bytes::from(summary(&content.0));
        }
        Kind::AppArmorProfile { text, .. } => *text = summary(text.as_bytes()),
        Kind::JsonKeys { keys, .. } if is_private => {
            keys.values_mut().for_each(|value| *value = json!(MASKED));
        }
        _ => {}
    }
}

fn summary(content: &[u8]) -> String {
    format!("[left out: {} bytes, SHA-256 {}]", content.len(), Digest::of(content).as_str())
}

/// Takes out whatever has the form of bytes and was not taken out yet, such as extended attributes.
fn without_bytes(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let only = if map.len() == 1 { map.iter().next() } else { None };
            let bytes = match only {
                Some((key, Value::String(text))) if key == "text" || key == "base64" => {
                    Some(text.clone())
                }
                _ => None,
            };
            match bytes {
                Some(text) if text.starts_with("[left out: ") => {}
                Some(text) => {
                    *value = json!({ "text": format!("[left out: {} bytes]", text.len()) })
                }
                None => map.values_mut().for_each(without_bytes),
            }
        }
        Value::Array(list) => list.iter_mut().for_each(without_bytes),
        _ => {}
    }
}
