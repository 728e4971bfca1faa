//! The `[plugins]` of the file, one step each.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::manifest::{Places, Plugin};
use super::params::to_json;
use super::requires::{self, Known, Requirements};
use super::section::{Key, Section, Value};
use super::shown::shown;
use super::source::Source;
use super::{codes, names, pins};
use crate::error::Result;
use crate::graph;

/// All plugins by name; what they require exists.
pub(super) fn all(
    source: &Source,
    root: &Section<'_>,
    known: &Known<'_>,
) -> Result<BTreeMap<String, Plugin>> {
    let Some(section) = root.section("plugins")? else { return Ok(BTreeMap::new()) };
    let mut plugins = BTreeMap::new();
    for (key, value) in section.entries() {
        let name = key.get_ref().as_ref();
        names::word(source, key.span(), name, "step")?;
        let plugin = one(source, name, &section.inside(name, value)?, known)?;
        plugins.insert(name.to_owned(), plugin);
    }
    Ok(plugins)
}

fn one(source: &Source, name: &str, section: &Section<'_>, known: &Known<'_>) -> Result<Plugin> {
    section
        .only(&["library", "sha256", "version", "requires", "after", "params", "targets"])
        .map_err(|error| error.hint("What the step itself understands belongs under `params`."))?;
    let library = match section.get("library") {
        Some(value) => library(source, section, value)?,
        // Cargo names a library so after its crate.
        None => name.replace('-', "_"),
    };
    let version_value = section.required("version", "version = \"^0.1\"")?;
    let version = requires::version(source, section, "version", version_value)?;
    let requirements = Requirements::of(source, section, known)?;
    Ok(Plugin {
        name: name.to_owned(),
        library,
        sha256: pins::sha256(source, section)?,
        version,
        requires: requirements.steps,
        after: requirements.after,
        params: params(source, section)?,
        overrides: overrides(source, section)?,
        places: Places {
            section: section.place(),
            library: section.get("library").map(|value| value.span()),
            sha256: section.get("sha256").map(|value| value.span()),
            version: version_value.span(),
            requires: requirements.places,
        },
    })
}

/// A library's name, or a path, which has a `/`.
fn library(source: &Source, section: &Section<'_>, value: Value<'_>) -> Result<String> {
    let text = section.string("library", value)?;
    let is_name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_path = |text: &str| text.contains('/') && !text.ends_with('/') && !text.contains('\0');
    if is_name(text) || is_path(text) {
        return Ok(text.to_owned());
    }
    let message = format!("`{}` cannot be `{}`", section.path("library"), shown(text));
    let error = source.error(value.span(), codes::VALUE, message, "neither a name nor a path");
    // Who writes the name of the file means the library.
    let inner = text.strip_suffix(".so").map(|text| text.strip_prefix("lib").unwrap_or(text));
    Err(match inner.filter(|inner| is_name(inner)) {
        Some(inner) => error.hint(format!(
            "Write `library = \"{inner}\"` for the file `lib{inner}.so`, or a path with a `/`."
        )),
        None => error.hint(
            "Write the library's name without `lib` and `.so`, or a path with a `/`.".to_owned(),
        ),
    })
}

fn params(source: &Source, section: &Section<'_>) -> Result<Json> {
    match (section.get("params"), section.section("params")?) {
        (Some(value), Some(_)) => to_json(source, value),
        _ => Ok(Json::Object(Map::new())),
    }
}

fn overrides(source: &Source, section: &Section<'_>) -> Result<BTreeMap<String, Json>> {
    let Some(targets) = section.section("targets")? else { return Ok(BTreeMap::new()) };
    let one = |(key, value): (Key<'_>, Value<'_>)| {
        let name = key.get_ref().as_ref();
        if name != graph::HOST {
            names::container(source, key.span(), name)?;
        }
        let target = targets.inside(name, value)?;
        target.only(&["params"])?;
        Ok((name.to_owned(), params(source, &target)?))
    };
    targets.entries().map(one).collect()
}
