//! From text to JSON, with the keys that are there twice: of those, one reader takes the first and another the last.

use std::{cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::path;
use crate::{
    config::Source,
    error::{Error, Result},
};

/// A document, and the paths of the keys that are in it twice.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Value,
    pub(super) twice: Vec<String>,
}

/// The document that a text is.
///
/// # Errors
/// `INVENTORY-SYNTAX` with the place.
pub(super) fn parse(source: &Source) -> Result<Document> {
    let text = source.text();
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let twice = RefCell::new(Vec::new());
    let mut deserializer = serde_json::Deserializer::from_str(bare);
    let root = Tree { path: path::ROOT.to_owned(), twice: &twice }
        .deserialize(&mut deserializer)
        .and_then(|root| deserializer.end().map(|()| root))
        .map_err(|error| syntax(source, bare, &error))?;
    Ok(Document { root, twice: twice.into_inner() })
}

fn syntax(source: &Source, bare: &str, error: &serde_json::Error) -> Error {
    let lines = bare.split_inclusive('\n').take(error.line().saturating_sub(1));
    let line_start: usize = lines.map(str::len).sum();
    let at = source.text().len() - bare.len() + line_start + error.column().saturating_sub(1);
    // The parser's messages quote nothing of the file; the place is shown below them.
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    let place = format!("line {}, column {}", error.line(), error.column());
    source
        .error(at..at + 1, "INVENTORY-SYNTAX", format!("not valid JSON at {place}: {what}"), "")
        .hint("Mend this place; comments, and commas behind a last value, are no JSON.")
}

/// One value, at this path.
struct Tree<'a> {
    path: String,
    twice: &'a RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("no finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let at = |index| Tree { path: path::element(&self.path, index), twice: self.twice };
        while let Some(value) = items.next_element_seed(at(list.len()))? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = path::member(&self.path, &key);
            let value = entries.next_value_seed(Tree { path: path.clone(), twice: self.twice })?;
            if object.insert(key, value).is_some() {
                self.twice
                    .try_borrow_mut()
                    .map_err(|_| A::Error::custom("a list is in use"))?
                    .push(path);
            }
        }
        Ok(Value::Object(object))
    }
}
