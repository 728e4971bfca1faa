//! Takes out what looks like a credential, and what is known to be one.

use std::{borrow::Cow, collections::BTreeSet};

use phoenix_sdk::{MASKED, Secret};
use serde_json::Value;

use super::{document, is_telling, text};

/// Shorter values are hardly secrets (`auth = "none"`), and would be found in every other word.
const SHORTEST: usize = 6;

/// Masks texts and documents.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// The longest first, for one may be a part of another.
    known: Vec<Secret>,
}

impl Mask {
    /// One that knows no secret, only what secrets look like.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with these: wherever they stand, they are masked, with or without a telling name beside them.
    #[must_use]
    pub fn knowing(mut self, secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all: BTreeSet<String> =
            self.known.iter().map(|secret| secret.expose().clone()).collect();
        all.extend(secrets.into_iter().filter(|secret| secret.trim().len() >= SHORTEST));
        let mut all: Vec<String> = all.into_iter().collect();
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        self.known = all.into_iter().map(Secret::new).collect();
        self
    }

    /// The text without them.
    pub fn text(&self, text: &str) -> String {
        let mut masked = Cow::Borrowed(text);
        for secret in self.known.iter().map(Secret::expose) {
            if masked.contains(secret.as_str()) {
                masked = Cow::Owned(masked.replace(secret.as_str(), MASKED));
            }
        }
        text::masked(&masked).into_owned()
    }

    /// The document without them, in the same form.
    pub fn document(&self, value: &mut Value) {
        document::mask(value, &|text| self.text(text));
    }
}

/// The values in a document that stand beside a telling name: what [`Mask::knowing`] is told of a configuration.
pub(super) fn told_by_name(value: &Value) -> Vec<String> {
    fn all(value: &Value, told: bool, found: &mut Vec<String>) {
        match value {
            Value::String(text) if told => found.push(text.clone()),
            Value::Number(number) if told => found.push(number.to_string()),
            Value::Array(list) => list.iter().for_each(|item| all(item, told, found)),
            Value::Object(map) => {
                map.iter().for_each(|(key, value)| all(value, told || is_telling(key), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    all(value, false, &mut found);
    found
}

impl Mask {
    /// The same, with the values of these variables that have telling names. `PWD` is the folder that a shell is in.
    #[must_use]
    pub fn knowing_variables(self, all: impl IntoIterator<Item = (String, String)>) -> Self {
        let telling = all.into_iter().filter(|(name, _)| name != "PWD" && is_telling(name));
        self.knowing(telling.map(|(_, value)| value))
    }

    /// The same, with whatever stands beside a telling name in this document.
    #[must_use]
    pub fn knowing_those_of(self, document: &Value) -> Self {
        self.knowing(told_by_name(document))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Mask;

    #[test]
    fn what_is_known_is_masked_wherever_it_stands() {
        let mask = Mask::new()
            .knowing_those_of(&json!({"registry": {"password": "hunter2"}, "pin": {"token": 123456}, "a": "plain"}))
            .knowing(["hunter2-and-more".to_owned(), "ab".to_owned()]);
        assert_eq!(
            mask.text("plain hunter2 hunter2-and-more 123456 ab"),
            "plain [masked] [masked] [masked] ab"
        );
        assert!(!format!("{mask:?}").contains("hunter2"));
    }

    #[test]
    fn variables_are_known_by_their_names() {
        let variables = [("PWD", "/root/here"), ("DB_TOKEN", "hunter2"), ("HOME", "/root")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mask = Mask::new().knowing_variables(variables);
        assert_eq!(mask.text("/root/here hunter2"), "/root/here [masked]");
    }

    #[test]
    fn a_document_keeps_its_form() {
        let mut document = json!({
            "password": "x", "secrets": ["a", {"b": 1, "c": true}], "token": null,
            "argv": ["login", "--password", "hunter2", "--user", "me", "--token=abc"],
            "http://me:pw@host": "see http://me:pw@host/", "path": "/etc/x", "n": 1,
        });
        Mask::new().document(&mut document);
        assert_eq!(
            document,
            json!({
                "password": "[masked]", "secrets": ["[masked]", {"b": "[masked]", "c": true}], "token": null,
                "argv": ["login", "--password", "[masked]", "--user", "me", "--token=[masked]"],
                "http://[masked]@host": "see http://[masked]@host/", "path": "/etc/x", "n": 1,
            })
        );
    }
}
