//! What the value of each key may be.

use serde_json::{Value as Json, json};

use super::{
    super::{keys, parse, pins, script},
    table,
};

/// What is said of names in [`super::super::names`].
const STEP: &str = "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$";
const FEATURE: &str = "^[a-z]([a-z0-9_-]{0,61}[a-z0-9])?$";
const CONTAINER: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
/// What `semver` reads as a requirement.
const VERSION: &str = concat!(
    r"^ *([*xX]|(=|>=?|<=?|~|\^)? *[0-9]+(\.([0-9]+|[*xX])){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?",
    r"( *, *(=|>=?|<=?|~|\^)? *[0-9]+(\.([0-9]+|[*xX])){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)*) *$"
);
/// A host, and perhaps its port.
const UPSTREAM: &str =
    r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}(\.[A-Za-z0-9][A-Za-z0-9-]{0,62})*(:\+?[0-9]+)?$";

fn one_of<T>(choices: &[(&str, T)]) -> Json {
    json!({ "enum": choices.iter().map(|(name, _)| name).collect::<Vec<_>>() })
}

fn text(pattern: &str) -> Json {
    json!({ "type": "string", "pattern": pattern })
}

/// A table whose keys are names that somebody chose.
fn named(pattern: &str, value: Json) -> Json {
    json!({ "type": "object", "propertyNames": { "pattern": pattern }, "additionalProperties": value })
}

pub(in super::super) fn format() -> Json {
    json!({ "const": 1 })
}

pub(in super::super) fn switch() -> Json {
    json!({ "type": "boolean" })
}

pub(in super::super) fn paths() -> Json {
    json!({ "type": "array", "items": { "type": "string", "minLength": 1 } })
}

pub(in super::super) fn policy() -> Json {
    table(keys::POLICY, &[])
}

pub(in super::super) fn targets() -> Json {
    table(keys::TARGETS, &[])
}

pub(in super::super) fn features() -> Json {
    let steps = json!({ "type": "array", "items": text(STEP), "minItems": 1, "uniqueItems": true });
    named(FEATURE, steps)
}

pub(in super::super) fn plugins() -> Json {
    named(STEP, table(keys::PLUGIN, &["version"]))
}

pub(in super::super) fn scripts() -> Json {
    named(STEP, table(keys::SCRIPT, &["apply"]))
}

pub(in super::super) fn apparmor() -> Json {
    one_of(parse::APPARMOR)
}

pub(in super::super) fn restart() -> Json {
    one_of(parse::RESTART)
}

pub(in super::super) fn pins() -> Json {
    one_of(pins::CHOICES)
}

pub(in super::super) fn signers() -> Json {
    json!({ "type": "array", "items": text("^[A-Za-z0-9+/]{56}$"), "minItems": 1 })
}

pub(in super::super) fn upstreams() -> Json {
    json!({ "type": "array", "items": text(UPSTREAM), "minItems": 1 })
}

pub(in super::super) fn runtime() -> Json {
    one_of(parse::RUNTIMES)
}

pub(in super::super) fn containers() -> Json {
    let name = json!({ "type": "string", "pattern": CONTAINER, "not": { "const": "host" } });
    let number = json!({ "type": "integer", "minimum": 0 });
    json!({
        "type": "array", "items": { "anyOf": [name, number] }, "minItems": 1, "uniqueItems": true,
    })
}

pub(in super::super) fn library() -> Json {
    text(r"^([A-Za-z0-9_-]+|[^\u0000]*/[^\u0000]*[^/\u0000])$")
}

pub(in super::super) fn sha256() -> Json {
    text("^[0-9A-Fa-f]{64}$")
}

pub(in super::super) fn version() -> Json {
    let mut version = text(VERSION);
    version["examples"] = json!(["^0.1", "=1.2.3", ">=1.2, <2", "*"]);
    version
}

pub(in super::super) fn requires() -> Json {
    named(STEP, version())
}

pub(in super::super) fn after() -> Json {
    json!({ "type": "array", "items": text(STEP) })
}

pub(in super::super) fn params() -> Json {
    json!({ "type": "object" })
}

pub(in super::super) fn overrides() -> Json {
    named(CONTAINER, table(keys::OVERRIDE, &[]))
}

/// The path of a program, or a list of it and its words.
pub(in super::super) fn call() -> Json {
    let path = text(r"^[^\u0000]*[^/\u0000]$");
    let list = json!({ "type": "array", "prefixItems": [path], "items": word(), "minItems": 1 });
    json!({ "anyOf": [path, list] })
}

pub(in super::super) fn words() -> Json {
    json!({ "type": "array", "items": word() })
}

fn word() -> Json {
    text(r"^([^{}\u0000]|\{\{|\}\}|\{ctid\})*$")
}

pub(in super::super) fn scope() -> Json {
    one_of(script::SCOPES)
}

pub(in super::super) fn time_limit() -> Json {
    json!({ "type": "integer", "minimum": 1, "maximum": script::LONGEST_S })
}
