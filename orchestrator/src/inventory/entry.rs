//! What one object of the file says by itself, before anything is inherited.

use serde_json::{Map, Value};

use super::{Given, Warning, path};
use crate::config::{is_container_name, shown};

/// A key of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Field<T> {
    /// Missing or null: somebody else's value counts.
    #[default]
    Open,
    /// It is given.
    Is(T),
    /// It is there, and nobody can tell what it means; why. It costs the containers that have it.
    Untold(String),
}

/// The keys that are inherited.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) features: Field<Vec<Given>>,
    pub(super) pct_options: Field<Vec<Given>>,
    pub(super) lxc_options: Field<Vec<Given>>,
    pub(super) profile: Field<Given>,
    pub(super) manages_nesting: Field<bool>,
    pub(super) unprivileged: Field<bool>,
}

/// A container's own entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) name: Option<String>,
    pub(super) source: Field<String>,
    pub(super) settings: Settings,
}

/// What the root of the file says for all containers.
pub(super) fn defaults(root: &Map<String, Value>, warnings: &mut Vec<Warning>) -> Settings {
    Reader { container: None, path: path::ROOT, object: root, warnings }.settings()
}

/// A container's entry; nothing for one that cannot be a container, with a warning.
pub(super) fn own(id: &str, value: &Value, warnings: &mut Vec<Warning>) -> Option<Own> {
    let path = path::entry(id);
    if !is_container_name(id) {
        let what = format!("`{}` cannot be the name of a container: left out", shown(id));
        warnings.push(Warning::of(id, &path, &what));
        return None;
    }
    let Some(object) = value.as_object() else {
        let what = format!("{} and no object: left out", kind(value));
        warnings.push(Warning::of(id, &path, &what));
        return None;
    };
    let mut reader = Reader { container: Some(id), path: &path, object, warnings };
    Some(Own {
        name: object.get("name").and_then(Value::as_str).map(str::to_owned),
        source: reader.source(),
        settings: reader.settings(),
    })
}

struct Reader<'a, 'w> {
    container: Option<&'a str>,
    path: &'a str,
    object: &'a Map<String, Value>,
    warnings: &'w mut Vec<Warning>,
}

impl<'a> Reader<'a, '_> {
    fn settings(&mut self) -> Settings {
        Settings {
            features: self.list("features", &[',', ' ']),
            pct_options: self.list("pct_options", &[]),
            // A single option has commas and blanks of its own.
            lxc_options: self.list("lxc_options", &[]),
            profile: self.text("apparmor_profile"),
            manages_nesting: self.flag("apparmor_manages_nesting"),
            unprivileged: self.flag("unprivileged"),
        }
    }

    fn value(&self, key: &str) -> Option<(String, &'a Value)> {
        let value = self.object.get(key).filter(|value| !value.is_null())?;
        Some((path::member(self.path, key), value))
    }

    fn warn(&mut self, path: &str, what: &str) {
        let warning = match self.container {
            Some(container) => Warning::of(container, path, what),
            None => Warning::of_file(path, what),
        };
        self.warnings.push(warning);
    }

    /// A number is as good as a text; and so is the empty text, which the scripts took for none.
    fn source(&self) -> Field<String> {
        let Some((path, value)) = self.value("clone_from_ctid") else { return Field::Open };
        match value {
            Value::String(id) if id.trim().is_empty() => Field::Open,
            Value::String(id) => Field::Is(id.trim().to_owned()),
            Value::Number(number) if number.is_u64() => Field::Is(number.to_string()),
            other => Field::Untold(format!("`{path}`: {} and no container's number", kind(other))),
        }
    }

    /// A list of texts, each as it is. A text alone is a list of one, or of several where these letters are between.
    fn list(&mut self, key: &str, between: &[char]) -> Field<Vec<Given>> {
        let Some((path, value)) = self.value(key) else { return Field::Open };
        let items = match value {
            Value::Array(items) => items.clone(),
            Value::String(text) => {
                self.warn(&path, "a text and no list; it is read as a list");
                let words = text.split(|letter| between.contains(&letter)).map(str::trim);
                let words = words
                    .filter(|word| !word.is_empty())
                    .map(|text| Given { path: path.clone(), text: text.to_owned() });
                return Field::Is(words.collect());
            }
            other => return Field::Untold(format!("`{path}`: {} and no list", kind(other))),
        };
        let mut list = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = path::element(&path, index);
            match item {
                Value::String(text) => list.push(Given { path, text: text.trim().to_owned() }),
                other => self.warn(&path, &format!("{} and no text: passed over", kind(other))),
            }
        }
        Field::Is(list)
    }

    fn text(&mut self, key: &str) -> Field<Given> {
        let Some((path, value)) = self.value(key) else { return Field::Open };
        match value {
            Value::String(text) => Field::Is(Given { path, text: text.trim().to_owned() }),
            other => {
                self.warn(&path, &format!("{} and no text: passed over", kind(other)));
                Field::Open
            }
        }
    }

    /// The scripts compared with the word `true`, so a text did as well.
    fn flag(&mut self, key: &str) -> Field<bool> {
        let Some((path, value)) = self.value(key) else { return Field::Open };
        match value {
            Value::Bool(flag) => Field::Is(*flag),
            Value::String(text) if text == "true" || text == "false" => {
                let flag = text == "true";
                self.warn(
                    &path,
                    &format!("a text and neither true nor false; it is read as {flag}"),
                );
                Field::Is(flag)
            }
            other => {
                let what = format!("{} and neither true nor false: passed over", kind(other));
                self.warn(&path, &what);
                Field::Open
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "it is null",
        Value::Bool(_) => "it is true or false",
        Value::Number(_) => "it is a number",
        Value::String(_) => "it is a text",
        Value::Array(_) => "it is a list",
        Value::Object(_) => "it is an object",
    }
}
