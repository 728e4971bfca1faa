//! Credentials in documents: the texts in them, and what stands beside a telling name.

use std::mem;

use phoenix_sdk::MASKED;
use serde_json::{Map, Value};

use super::is_telling;

/// Masks in a document: each text by `text`, and whole what its name tells of. The document's form stays.
pub(super) fn mask(value: &mut Value, text: &dyn Fn(&str) -> String) {
    match value {
        Value::String(string) => *string = text(string),
        Value::Array(list) => {
            let mut after_option = false;
            for item in list {
                let is_option = item.as_str().is_some_and(|word| {
                    word.starts_with('-') && is_telling(word) && !word.contains('=')
                });
                match item {
                    // `["--password", "hunter2"]`
                    Value::String(string) if after_option && !string.starts_with('-') => {
                        MASKED.clone_into(string);
                    }
                    item => mask(item, text),
                }
                after_option = is_option;
            }
        }
        Value::Object(map) => {
            let masked: Map<String, Value> = mem::take(map)
                .into_iter()
                .map(|(key, mut value)| {
                    match is_telling(&key) {
                        true => hide(&mut value),
                        false => mask(&mut value, text),
                    }
                    (text(&key), value)
                })
                .collect();
            *map = masked;
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// All of it but what can be no secret.
fn hide(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::String(_) | Value::Number(_) => *value = Value::String(MASKED.to_owned()),
        Value::Array(list) => list.iter_mut().for_each(hide),
        Value::Object(map) => map.values_mut().for_each(hide),
    }
}
