//! The `[plugins]` of the file, one step each.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::manifest::{ParamPlace, Places, Plugin};
use super::params::{self, to_json};
use super::problems::{MOST_TOLD, Problems};
use super::requires::{self, Known, Requirements};
use super::section::{Section, Value};
use super::shown::shown;
use super::source::Source;
use super::{codes, keys, names, pins};
use crate::error::Result;
use crate::graph;

/// All plugins by name; what they require exists.
pub(super) fn all(
    source: &Source,
    root: &Section<'_>,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Result<BTreeMap<String, Plugin>> {
    let Some(section) = root.section("plugins")? else { return Ok(BTreeMap::new()) };
    let mut plugins = BTreeMap::new();
    for (key, value) in section.entries() {
        if problems.enough() {
            break;
        }
        let name = key.get_ref().as_ref();
        let named = names::word(source, key.span(), name, "step");
        let inside = named.and_then(|()| section.inside(name, value));
        let Some(inside) = problems.keep(inside) else { continue };
        if let Some(plugin) = one(source, name, &inside, known, problems) {
            plugins.insert(name.to_owned(), plugin);
        }
    }
    Ok(plugins)
}

fn one(
    source: &Source,
    name: &str,
    section: &Section<'_>,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Plugin> {
    for error in section.unknown(keys::PLUGIN).take(MOST_TOLD) {
        problems.add(error.hint("What the step itself understands belongs under `params`."));
    }
    let library = match section.get("library") {
        Some(value) => problems.keep(library(source, section, value)),
        // Cargo names a library so after its crate.
        None => Some(name.replace('-', "_")),
    };
    let version_value = section.required("version", "version = \"^0.1\"");
    let version_place = version_value.as_ref().map(|value| value.span()).unwrap_or_default();
    let version =
        version_value.and_then(|value| requires::version(source, section, "version", value));
    let version = problems.keep(version);
    let requirements = problems.keep(Requirements::of(source, section, known));
    let sha256 = problems.keep(pins::sha256(source, section));
    let mut places = Vec::new();
    let params = problems.keep(params(source, section, None, &mut places));
    let overrides = overrides(source, section, problems, &mut places);
    let requirements = requirements?;
    Some(Plugin {
        name: name.to_owned(),
        library: library?,
        sha256: sha256?,
        version: version?,
        requires: requirements.steps,
        after: requirements.after,
        params: params?,
        overrides: overrides?,
        places: Places {
            section: section.place(),
            library: section.get("library").map(|value| value.span()),
            sha256: section.get("sha256").map(|value| value.span()),
            version: version_place,
            requires: requirements.places,
            params: places,
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

/// The parameters of a section, for one target or for all; where they are is added to these places.
fn params(
    source: &Source,
    section: &Section<'_>,
    target: Option<&str>,
    places: &mut Vec<ParamPlace>,
) -> Result<Json> {
    let Some(value) = section.get("params") else { return Ok(Json::Object(Map::new())) };
    let target = target.map(str::to_owned);
    let inside = section.inside("params", value)?;
    places.push(ParamPlace { target: target.clone(), key: None, place: inside.place() });
    params::keys(inside.table(), &mut |key, place| {
        places.push(ParamPlace { target: target.clone(), key: Some(key.to_owned()), place });
    });
    to_json(source, value)
}

/// What is laid over them, by target; nothing where one of them is wrong.
fn overrides(
    source: &Source,
    section: &Section<'_>,
    problems: &mut Problems,
    places: &mut Vec<ParamPlace>,
) -> Option<BTreeMap<String, Json>> {
    let mut overrides = BTreeMap::new();
    let Some(targets) = problems.keep(section.section("targets"))? else { return Some(overrides) };
    for (key, value) in targets.entries() {
        if problems.enough() {
            break;
        }
        let name = key.get_ref().as_ref();
        let named = match name {
            graph::HOST => Ok(()),
            _ => names::container(source, key.span(), name),
        };
        let target = named.and_then(|()| targets.inside(name, value));
        let Some(target) = problems.keep(target) else { continue };
        target.only(keys::OVERRIDE, problems);
        if let Some(params) = problems.keep(params(source, &target, Some(name), places)) {
            overrides.insert(name.to_owned(), params);
        }
    }
    Some(overrides)
}
