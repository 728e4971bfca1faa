//! One event of the log as a flat document: what the JSON formatter wrote, masked, with the fields of the spans that it
//! happened in.

use serde_json::{Map, Value};

use crate::secret::Mask;

/// The formatter's names of what every event has, and ours: `target` is a container or the host here, and not a module.
const NAMES: [(&str, &str); 4] =
    [("timestamp", "at"), ("level", "level"), ("message", "message"), ("target", "module")];

/// Nothing if that is no line of the formatter.
pub(super) fn of(line: &[u8]) -> Option<Map<String, Value>> {
    let Value::Object(mut line) = serde_json::from_slice(line).ok()? else { return None };
    let mut record = Map::new();
    for (theirs, ours) in NAMES {
        if let Some(value) = line.remove(theirs) {
            record.insert(ours.to_owned(), value);
        }
    }
    let spans = match line.remove("spans") {
        Some(Value::Array(spans)) => spans,
        _ => Vec::new(),
    };
    // The innermost has the last word, and the event itself after it.
    for span in spans {
        let Value::Object(fields) = span else { continue };
        record.extend(fields.into_iter().filter(|(name, _)| name != "name"));
    }
    record.extend(line);
    let mut record = Value::Object(record);
    Mask::new().document(&mut record);
    match record {
        Value::Object(record) => Some(record),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::of;

    #[test]
    fn what_spans_know_is_a_field_of_the_event() {
        let line = br#"{"timestamp":"T","level":"INFO","message":"see http://a:b@c/","effect":2,"target":"phoenix_orch::x",
            "spans":[{"run":"R","name":"run"},{"step":"docker-install","target":"web","name":"unit"}]}"#;
        let record = Value::Object(of(line).unwrap()).to_string();
        assert_eq!(
            record,
            r#"{"at":"T","level":"INFO","message":"see http://[masked]@c/","module":"phoenix_orch::x","run":"R","step":"docker-install","target":"web","effect":2}"#
        );
        assert_eq!(of(b"no line"), None);
    }
}
