//! The parameters of a step: from TOML to JSON, and what an override does to them.

use std::ops::Range;

use serde_json::{Map, Number, Value as Json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::codes;
use super::source::Source;
use crate::error::Result;

/// The value as JSON. Dates become strings, for JSON has none.
///
/// # Errors
/// `CONFIG-VALUE` for numbers that JSON cannot hold: infinite ones and integers of more than 64 bits.
pub(super) fn to_json(source: &Source, value: &Spanned<DeValue<'_>>) -> Result<Json> {
    let number = |number: Option<Number>| {
        number.map(Json::Number).ok_or_else(|| {
            let message = "a parameter is a number that cannot be passed on";
            source
                .error(value.span(), codes::VALUE, message, "too large, infinite or not a number")
                .hint("Write it as a string if the step accepts one.")
        })
    };
    Ok(match value.get_ref() {
        DeValue::String(text) => Json::String(text.to_string()),
        DeValue::Boolean(bool) => Json::Bool(*bool),
        DeValue::Datetime(time) => Json::String(time.to_string()),
        DeValue::Integer(integer) => {
            number(i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(Number::from))?
        }
        DeValue::Float(float) => number(float.as_str().parse().ok().and_then(Number::from_f64))?,
        DeValue::Array(list) => {
            Json::Array(list.iter().map(|value| to_json(source, value)).collect::<Result<_>>()?)
        }
        DeValue::Table(table) => Json::Object(
            table
                .iter()
                .map(|(key, value)| Ok((key.get_ref().to_string(), to_json(source, value)?)))
                .collect::<Result<Map<_, _>>>()?,
        ),
    })
}

/// Every key of a table, and of the tables inside, with its place.
pub(super) fn keys(table: &DeTable<'_>, visit: &mut impl FnMut(&str, Range<usize>)) {
    for (key, value) in table {
        visit(key.get_ref(), key.span());
        if let DeValue::Table(inside) = value.get_ref() {
            keys(inside, visit);
        }
    }
}

/// Lays an override over parameters: tables are merged key by key at every depth, and everything else,
/// lists too, is replaced.
pub(super) fn overlay(base: &mut Json, over: &Json) {
    match (base, over) {
        (Json::Object(base), Json::Object(over)) => {
            for (key, value) in over {
                overlay(base.entry(key.clone()).or_insert(Json::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

/// Adds parameters to those that are there: tables are joined at every depth, lists get what they have not,
/// and everything else stays if it is there.
pub(super) fn joined(base: Json, more: &Json) -> Json {
    match (base, more) {
        (Json::Object(mut base), Json::Object(more)) => {
            for (key, value) in more {
                let joined = match base.remove(key) {
                    Some(present) => joined(present, value),
                    None => value.clone(),
                };
                base.insert(key.clone(), joined);
            }
            Json::Object(base)
        }
        (Json::Array(mut base), Json::Array(more)) => {
            for value in more {
                if !base.contains(value) {
                    base.push(value.clone());
                }
            }
            Json::Array(base)
        }
        (base, _) => base,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_are_merged_and_all_else_is_replaced() {
        for (base, over, expected) in [
            (json!({}), json!({"a": 1}), json!({"a": 1})),
            (json!({"a": 1, "b": 2}), json!({"a": 3}), json!({"a": 3, "b": 2})),
            (
                json!({"a": {"x": 1, "y": 2}}),
                json!({"a": {"y": 3}}),
                json!({"a": {"x": 1, "y": 3}}),
            ),
            (json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]})),
            (json!({"a": {"x": 1}}), json!({"a": "none"}), json!({"a": "none"})),
            (json!({"a": "none"}), json!({"a": {"x": 1}}), json!({"a": {"x": 1}})),
        ] {
            let mut merged = base.clone();
            overlay(&mut merged, &over);
            assert_eq!(merged, expected, "{base} + {over}");
        }
    }

    #[test]
    fn what_is_added_takes_nothing_away() {
        for (base, more, expected) in [
            (json!({}), json!({"a": ["x y"]}), json!({"a": ["x y"]})),
            (
                json!({"a": ["x", "y"], "b": 1}),
                json!({"a": ["y", "z"], "b": 2}),
                json!({"a": ["x", "y", "z"], "b": 1}),
            ),
            (json!({"a": "no list"}), json!({"a": ["x"]}), json!({"a": "no list"})),
            (json!({"a": {"x": [1]}}), json!({"a": {"x": [2]}}), json!({"a": {"x": [1, 2]}})),
        ] {
            assert_eq!(joined(base.clone(), &more), expected, "{base} + {more}");
        }
    }
}
