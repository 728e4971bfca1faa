//! One table of the file, read with the errors that an administrator needs: which key, what was
//! expected, what is there. What it does not do: know what the keys mean.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::codes;
use super::keys::{self, Key as Known};
use super::nearest::suggest;
use super::problems::{MOST_TOLD, Problems};
use super::shown::shown;
use super::source::Source;
use crate::error::{Error, Result};

/// A key of the file with its place.
pub(super) type Key<'a> = &'a Spanned<DeString<'a>>;

/// A value of the file with its place.
pub(super) type Value<'a> = &'a Spanned<DeValue<'a>>;

/// A table, and where it is.
pub(super) struct Section<'a> {
    source: &'a Source,
    /// How messages name it: `plugins.docker-install`; empty for the whole file.
    title: String,
    place: Range<usize>,
    table: &'a DeTable<'a>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn root(source: &'a Source, table: &'a DeTable<'a>) -> Self {
        Self { source, title: String::new(), place: 0..0, table }
    }

    /// Where it begins: its header, or its braces.
    pub(super) fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// What is in it.
    pub(super) fn table(&self) -> &'a DeTable<'a> {
        self.table
    }

    /// How messages name a key of it: `policy.restart`.
    pub(super) fn path(&self, key: &str) -> String {
        let key = shown(key);
        if self.title.is_empty() { key } else { format!("{}.{key}", self.title) }
    }

    /// Refuses every key that is none of these.
    pub(super) fn only(&self, known: &[Known], problems: &mut Problems) {
        self.unknown(known).take(MOST_TOLD).for_each(|error| problems.add(error));
    }

    /// An error for every key that is none of these.
    pub(super) fn unknown(&self, known: &[Known]) -> impl Iterator<Item = Error> {
        let is_known = |key: &str| known.iter().any(|known| known.name == key);
        self.entries().filter(move |(key, _)| !is_known(key.get_ref())).map(|(key, _)| {
            let message = format!("unknown key `{}`", self.path(key.get_ref()));
            let error = self.source.error(key.span(), codes::KEY_UNKNOWN, message, "unknown key");
            let error = suggest(error, key.get_ref(), "keys", known.iter().map(|known| known.name));
            match home(key.get_ref()) {
                Some(section) => error.hint(format!("It belongs under `[{section}]`.")),
                None => error,
            }
        })
    }

    /// Keys and values in the order of the file.
    pub(super) fn entries(&self) -> impl Iterator<Item = (Key<'a>, Value<'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries.into_iter()
    }

    pub(super) fn get(&self, key: &str) -> Option<Value<'a>> {
        self.table.get(key)
    }

    /// The value of a key that must be there; the example is a whole line.
    pub(super) fn required(&self, key: &str, example: &str) -> Result<Value<'a>> {
        self.get(key).ok_or_else(|| {
            let message = format!("`{}` is missing", self.path(key));
            self.source
                .error(
                    self.place(),
                    codes::KEY_MISSING,
                    message,
                    &format!("`{key}` is missing here"),
                )
                .hint(format!("Add `{example}`."))
        })
    }

    /// A table inside, if it is there.
    pub(super) fn section(&self, key: &str) -> Result<Option<Section<'a>>> {
        self.get(key).map(|value| self.inside(key, value)).transpose()
    }

    /// This value of this section, as a section of its own.
    pub(super) fn inside(&self, key: &str, value: Value<'a>) -> Result<Section<'a>> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.wrong_type(key, value, "a table"));
        };
        Ok(Self { source: self.source, title: self.path(key), place: value.span(), table })
    }

    /// A string.
    pub(super) fn string(&self, key: &str, value: Value<'a>) -> Result<&'a str> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.wrong_type(key, value, "a string in quotes")),
        }
    }

    /// A string that is an entry of the list with this key.
    pub(super) fn entry(&self, key: &str, value: Value<'a>) -> Result<&'a str> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.wrong_entry(key, value, "a string in quotes")),
        }
    }

    /// A list.
    pub(super) fn list(&self, key: &str, value: Value<'a>) -> Result<&'a DeArray<'a>> {
        match value.get_ref() {
            DeValue::Array(list) => Ok(list),
            _ => Err(self.wrong_type(key, value, "a list in square brackets")),
        }
    }

    /// One of a few strings, or none if the key is not there.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let text = self.string(key, value)?;
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
            return Ok(Some(*choice));
        }
        let message = format!("`{}` cannot be `{}`", self.path(key), shown(text));
        let error = self.source.error(value.span(), codes::VALUE, message, "unknown value");
        Err(suggest(error, text, "values", choices.iter().map(|(name, _)| *name)))
    }

    /// `true` or `false`, or none if the key is not there.
    pub(super) fn switch(&self, key: &str) -> Result<Option<bool>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::Boolean(on) => Ok(Some(*on)),
            _ => Err(self.wrong_type(key, value, "true or false")),
        }
    }

    /// The value of this key should be something else.
    pub(super) fn wrong_type(&self, key: &str, value: Value<'_>, wanted: &str) -> Error {
        self.expected(&format!("`{}`", self.path(key)), value, wanted)
    }

    /// An entry of the list with this key should be something else.
    pub(super) fn wrong_entry(&self, key: &str, value: Value<'_>, wanted: &str) -> Error {
        self.expected(&format!("an entry of `{}`", self.path(key)), value, wanted)
    }

    fn expected(&self, what: &str, value: Value<'_>, wanted: &str) -> Error {
        let message = format!("{what} must be {wanted}, and is {}", type_name(value.get_ref()));
        self.source.error(value.span(), codes::TYPE, message, &format!("expected {wanted}")).hint(
            format!(
                "Write it as {wanted}; the `plugins.toml` that comes with phoenix-orch shows how."
            ),
        )
    }
}

/// The section of its own at the top to which a key belongs, for one that was found elsewhere.
fn home(key: &str) -> Option<&'static str> {
    let has = |keys: &[Known]| keys.iter().any(|known| known.name == key);
    // `targets` and the like are names of several things.
    [("policy", keys::POLICY), ("targets", keys::TARGETS)]
        .into_iter()
        .find_map(|(section, keys)| has(keys).then_some(section))
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
