//! The `[plugins]` of the file, one step each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use semver::VersionReq;
use serde_json::{Map, Value as Json};

use super::manifest::{Places, Plugin};
use super::nearest::suggest;
use super::params::to_json;
use super::section::{Key, Section, Value};
use super::shown::shown;
use super::source::Source;
use super::{codes, names, pins};
use crate::error::{Error, Result};
use crate::graph;

/// All steps by name; what they require exists, and has no cycle.
pub(super) fn all(source: &Source, root: &Section<'_>) -> Result<BTreeMap<String, Plugin>> {
    let Some(section) = root.section("plugins")? else { return Ok(BTreeMap::new()) };
    let known: BTreeSet<&str> = section.entries().map(|(key, _)| key.get_ref().as_ref()).collect();
    let mut plugins = BTreeMap::new();
    for (key, value) in section.entries() {
        let name = key.get_ref().as_ref();
        names::word(source, key.span(), name, "step")?;
        let plugin = one(source, name, &section.inside(name, value)?, &known)?;
        plugins.insert(name.to_owned(), plugin);
    }
    match cycle(source, &plugins) {
        Some(error) => Err(error),
        None => Ok(plugins),
    }
}

fn one(
    source: &Source,
    name: &str,
    section: &Section<'_>,
    known: &BTreeSet<&str>,
) -> Result<Plugin> {
    section
        .only(&["library", "sha256", "version", "requires", "params", "targets"])
        .map_err(|error| error.hint("What the step itself understands belongs under `params`."))?;
    let library = match section.get("library") {
        Some(value) => library(source, section, value)?,
        // Cargo names a library so after its crate.
        None => name.replace('-', "_"),
    };
    let version_value = section.required("version", "version = \"^0.1\"")?;
    let version = requirement(source, section, "version", version_value)?;
    let (requires, requires_places) = match section.section("requires")? {
        Some(requires) => requirements(source, &requires, known)?,
        None => Default::default(),
    };
    Ok(Plugin {
        name: name.to_owned(),
        library,
        sha256: pins::sha256(source, section)?,
        version,
        requires,
        params: params(source, section)?,
        overrides: overrides(source, section)?,
        places: Places {
            section: section.place(),
            library: section.get("library").map(|value| value.span()),
            sha256: section.get("sha256").map(|value| value.span()),
            version: version_value.span(),
            requires: requires_places,
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

fn requirement(
    source: &Source,
    section: &Section<'_>,
    key: &str,
    value: Value<'_>,
) -> Result<VersionReq> {
    let text = section.string(key, value)?;
    VersionReq::parse(text).map_err(|error| {
        let reason = shown(&error.to_string());
        let message = format!("`{}` is no version requirement", section.path(key));
        source
            .error(value.span(), codes::VERSION, message, &reason)
            .cause(&reason)
            .hint("Write it as \"^0.1\", \"=1.2.3\", \">=1.2, <2\" or \"*\".")
    })
}

type Requirements = (BTreeMap<String, VersionReq>, BTreeMap<String, Range<usize>>);

fn requirements(
    source: &Source,
    section: &Section<'_>,
    known: &BTreeSet<&str>,
) -> Result<Requirements> {
    let mut requirements = Requirements::default();
    for (key, value) in section.entries() {
        let step = key.get_ref().as_ref();
        if !known.contains(step) {
            return Err(unknown_step(source, key.span(), step, known.iter().copied()));
        }
        let wanted = requirement(source, section, step, value)?;
        requirements.0.insert(step.to_owned(), wanted);
        requirements.1.insert(step.to_owned(), value.span());
    }
    Ok(requirements)
}

/// A step is named that has no section of its own.
pub(super) fn unknown_step<'a>(
    source: &Source,
    place: Range<usize>,
    step: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Error {
    let message = format!("unknown step `{}`", shown(step));
    let error = source.error(place, codes::STEP_UNKNOWN, message, "no such step");
    suggest(error, step, "steps", known)
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

/// The first circle of requirements, shown as the path along it.
fn cycle(source: &Source, plugins: &BTreeMap<String, Plugin>) -> Option<Error> {
    let edges = plugins.iter().flat_map(|(name, plugin)| {
        plugin.requires.keys().map(move |step| (name.as_str(), step.as_str()))
    });
    let path = graph::cycle(edges)?;
    let place = match path.as_slice() {
        [first, second, ..] => plugins.get(*first)?.places.requires.get(*second)?.clone(),
        _ => return None,
    };
    let message = format!("steps require each other in a circle: `{}`", path.join(" -> "));
    let error = source.error(place, codes::CYCLE, message, "the circle goes through here");
    Some(error.hint("Remove one of the requirements along this path."))
}
