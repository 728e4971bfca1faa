//! Owned keys in somebody else's JSON file: every other byte that can stay, stays.

use std::collections::BTreeMap;

use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstObject, CstRootNode},
};
use serde_json::Value;

use crate::{Bytes, Result, StepError};

/// Which of the wanted values a file does not have, each as a fragment for people.
///
/// # Errors
/// As [`merge`].
pub fn missing(
    path: &str,
    before: Option<&Bytes>,
    keys: &BTreeMap<String, Value>,
) -> Result<Vec<String>> {
    let document = document(path, before)?;
    Ok(keys
        .iter()
        .filter_map(|(pointer, wanted)| {
            let name = pointer.trim_start_matches('/').replace('/', ".");
            match document.pointer(pointer) {
                Some(now) if now == wanted => None,
                Some(now) => Some(format!("{name} is {now}, not {wanted}")),
                None => Some(format!("{name} is not set")),
            }
        })
        .collect())
}

/// The file with the wanted values: other keys, their order and the way they are written are kept. A
/// missing or empty file becomes an object with just these keys.
///
/// # Errors
/// `JSON-BROKEN` when the text is not one JSON object (comments and trailing commas are not JSON:
/// Docker refuses them too) or has a key twice; `JSON-NOT-OBJECT` when a key on the way to a wanted
/// value holds something that is not an object. Nothing is guessed and nothing is overwritten.
pub fn merge(path: &str, before: Option<&Bytes>, keys: &BTreeMap<String, Value>) -> Result<Bytes> {
    let text = text(path, before)?;
    document(path, before)?;
    let root =
        CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| broken(path, error))?;
    let top = root.object_value_or_create().ok_or_else(|| not_object(path, ""))?;
    for (pointer, wanted) in keys {
        let mut words: Vec<_> = pointer.split('/').skip(1).map(unescape).collect();
        let Some(last) = words.pop() else { continue };
        let mut object = top.clone();
        for word in words {
            object = object.object_value_or_create(&word).ok_or_else(|| not_object(path, &word))?;
        }
        set(&object, &last, input(wanted));
    }
    let mut after = root.to_string();
    if !after.ends_with('\n') {
        after.push('\n');
    }
    Ok(after.into())
}

fn set(object: &CstObject, name: &str, value: CstInputValue) {
    match object.get(name) {
        Some(property) => property.set_value(value),
        None => {
            object.append(name, value);
        }
    }
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(value) => CstInputValue::Number(value.to_string()),
        Value::String(value) => CstInputValue::String(value.clone()),
        Value::Array(values) => CstInputValue::Array(values.iter().map(input).collect()),
        Value::Object(values) => CstInputValue::Object(
            values.iter().map(|(name, value)| (name.clone(), input(value))).collect(),
        ),
    }
}

/// The meaning of `~0` and `~1` in a JSON pointer (RFC 6901).
fn unescape(word: &str) -> String {
    word.replace("~1", "/").replace("~0", "~")
}

fn text<'a>(path: &str, before: Option<&'a Bytes>) -> Result<&'a str> {
    let bytes = before.map_or(&[][..], |bytes| &bytes.0);
    let text = std::str::from_utf8(bytes).map_err(|error| broken(path, error))?;
    Ok(if text.trim().is_empty() { "{}\n" } else { text })
}

fn document(path: &str, before: Option<&Bytes>) -> Result<Value> {
    let text = text(path, before)?;
    // This parser is the strict one; the other, which can edit, would let comments through.
    let document: Value = serde_json::from_str(text).map_err(|error| broken(path, error))?;
    if !document.is_object() {
        return Err(broken(path, "the top level is not an object"));
    }
    let root =
        CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| broken(path, error))?;
    if let Some(name) = root.object_value().and_then(|object| twice(&object)) {
        return Err(broken(path, format!("`{name}` is there twice")));
    }
    Ok(document)
}

/// A key that is there twice: JSON readers disagree on which counts, so nobody may choose for the user.
fn twice(object: &CstObject) -> Option<String> {
    let mut seen = std::collections::HashSet::new();
    object.properties().into_iter().find_map(|property| {
        let name = property.name()?.decoded_value().ok()?;
        if !seen.insert(name.clone()) {
            return Some(name);
        }
        property.object_value().and_then(|inner| twice(&inner))
    })
}

fn broken(path: &str, cause: impl ToString) -> StepError {
    StepError::new("JSON-BROKEN", format!("`{path}` is not valid JSON"))
        .cause(cause.to_string())
        .hint(format!("Mend `{path}` by hand; it is left exactly as it is."))
}

fn not_object(path: &str, name: &str) -> StepError {
    StepError::new("JSON-NOT-OBJECT", format!("`{name}` in `{path}` is not an object"))
        .hint(format!("Mend `{path}` by hand; it is left exactly as it is."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{BTreeMap, Bytes, merge, missing};

    fn keys() -> BTreeMap<String, serde_json::Value> {
        [
            ("/storage-driver".to_owned(), json!("fuse-overlayfs")),
            ("/features/containerd-snapshotter".to_owned(), json!(false)),
        ]
        .into()
    }

    #[test]
    fn a_new_file_has_just_the_keys() {
        let text = merge("d", None, &keys()).unwrap().to_text();
        assert_eq!(
            text,
            "{\n  \"features\": {\n    \"containerd-snapshotter\": false\n  },\n  \
             \"storage-driver\": \"fuse-overlayfs\"\n}\n"
        );
    }

    #[test]
    fn other_keys_their_order_and_form_are_kept() {
        let before = "{\n\t\"log-opts\": { \"max-size\":\"10m\" },\n\t\"storage-driver\": \"vfs\",\n\t\
                      \"mtu\": 1.40e3,\n\t\"features\": {\"buildkit\": true}\n}\n";
        let after = merge("d", Some(&before.into()), &keys()).unwrap().to_text();
        for kept in
            ["\t\"log-opts\": { \"max-size\":\"10m\" }", "\"mtu\": 1.40e3", "\"buildkit\": true"]
        {
            assert!(after.contains(kept), "{after}");
        }
        assert!(missing("d", Some(&after.as_str().into()), &keys()).unwrap().is_empty(), "{after}");
        assert!(after.find("log-opts").unwrap() < after.find("mtu").unwrap());
        assert_eq!(merge("d", Some(&after.as_str().into()), &keys()).unwrap().to_text(), after);
    }

    #[test]
    fn whatever_is_not_plain_json_is_left_alone() {
        for (text, code) in [
            ("{", "JSON-BROKEN"),
            ("[]", "JSON-BROKEN"),
            ("{} {}", "JSON-BROKEN"),
            ("{ /* mine */ }", "JSON-BROKEN"),
            ("{\"a\": 1,}", "JSON-BROKEN"),
            ("{\"a\": 1, \"a\": 2}", "JSON-BROKEN"),
            ("{\"features\": true}", "JSON-NOT-OBJECT"),
        ] {
            assert_eq!(merge("d", Some(&text.into()), &keys()).unwrap_err().code, code, "{text}");
        }
        assert_eq!(merge("d", Some(&Bytes(vec![0xff])), &keys()).unwrap_err().code, "JSON-BROKEN");
    }
}
