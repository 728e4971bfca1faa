//! The first place in which two requests differ.

use serde_json::Value;

use crate::{shown, wire::Request};

/// The first difference, such as `/change/mode: 384, recorded: 420`.
pub(super) fn first(asked: &Request, recorded: &Request) -> Option<String> {
    let value = |request| serde_json::to_value(request).ok();
    let (path, asked, recorded) = within("", &value(asked)?, &value(recorded)?)?;
    Some(format!("{path}: {}, recorded: {}", text(asked.as_ref()), text(recorded.as_ref())))
}

/// A place, with what is there on either side.
type Difference = (String, Option<Value>, Option<Value>);

fn within(path: &str, asked: &Value, recorded: &Value) -> Option<Difference> {
    match (asked, recorded) {
        (Value::Object(asked), Value::Object(recorded)) => {
            let keys = asked.keys().chain(recorded.keys().filter(|key| !asked.contains_key(*key)));
            keys.into_iter()
                .find_map(|key| beside(&format!("{path}/{key}"), asked.get(key), recorded.get(key)))
        }
        (Value::Array(asked), Value::Array(recorded)) => (0..asked.len().max(recorded.len()))
            .find_map(|at| beside(&format!("{path}/{at}"), asked.get(at), recorded.get(at))),
        _ if asked == recorded => None,
        _ => Some((path.to_owned(), Some(asked.clone()), Some(recorded.clone()))),
    }
}

fn beside(path: &str, asked: Option<&Value>, recorded: Option<&Value>) -> Option<Difference> {
    match (asked, recorded) {
        (Some(asked), Some(recorded)) => within(path, asked, recorded),
        _ => Some((path.to_owned(), asked.cloned(), recorded.cloned())),
    }
}

fn text(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| shown::name(&value.to_string()))
}
