//! What one section says, and the sections together.

use std::collections::BTreeMap;

/// One section: the main part, the pending values, or a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Each key with its value; the description is among them, in plain words.
    pub values: BTreeMap<String, String>,
    /// The raw lines for LXC, in the order of the file.
    pub raw: Vec<(String, String)>,
}

impl Section {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Whether a switch is on.
    pub fn is_on(&self, key: &str) -> bool {
        self.get(key) == Some("1")
    }

    /// The names of a list such as `a,b`.
    pub fn names(&self, key: &str) -> Vec<String> {
        let split = |text: &str| {
            let names = text.split([',', ';', ' ']).filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        };
        self.get(key).map(split).unwrap_or_default()
    }

    /// The value of one part of `features`.
    pub fn feature(&self, name: &str) -> Option<&str> {
        let parts = self.get("features")?.split(',');
        parts.filter_map(|part| part.split_once('=')).find(|(key, _)| *key == name).map(|it| it.1)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.raw.is_empty()
    }
}

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conf {
    /// What is in force.
    pub main: Section,
    /// What is to be in force after the next start; `delete` lists what is to go.
    pub pending: Section,
    /// By their names.
    pub snapshots: BTreeMap<String, Section>,
}

impl Conf {
    /// The main part as it will be when all that is pending is in force.
    pub fn with_pending(&self) -> Section {
        let mut section = self.main.clone();
        for key in self.pending.names("delete") {
            section.values.remove(key.trim_start_matches('!'));
        }
        let new = self.pending.values.iter().filter(|(key, _)| *key != "delete");
        section.values.extend(new.map(|(key, value)| (key.clone(), value.clone())));
        section
    }
}
