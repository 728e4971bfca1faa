//! The JSON Schema of the file, for editors. It is made from the keys that the parser knows ([`super::keys`]); what the
//! values may be is said in [`forms`], never more narrowly than the parser does. What it cannot say, and the parser does:
//! whether the names of steps exist, circles, and whether a key of minisign is one.

pub(super) mod forms;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value as Json, json};

use super::keys::{self, Key};

/// The schema, of draft 2020-12.
pub fn schema() -> Json {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "plugins.toml of phoenix-orch",
        "description": "Which features there are, which steps they are made of, and what the steps may do here.",
    });
    if let (Json::Object(schema), Json::Object(root)) =
        (&mut schema, table(keys::ROOT, &["format"]))
    {
        schema.extend(root);
    }
    schema
}

/// A table that has these keys and no others.
fn table(keys: &[Key], required: &[&str]) -> Json {
    let property = |key: &Key| {
        let mut form = (key.form)();
        form["description"] = key.about.into();
        (key.name.to_owned(), form)
    };
    let properties: Map<String, Json> = keys.iter().map(property).collect();
    let mut table =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}
