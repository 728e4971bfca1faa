//! What steps require of each other: which names there are, what is asked of them, and no circle.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use semver::VersionReq;

use super::codes;
use super::nearest::suggest;
use super::section::{Section, Value};
use super::shown::shown;
use super::source::Source;
use crate::error::Result;
use crate::graph;

/// The names of all steps: a feature or a requirement may name either kind.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    /// Those with a section under `[plugins]`.
    pub(super) plugins: BTreeSet<&'a str>,
    /// Those with a section under `[scripts]`.
    pub(super) scripts: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    /// All that the file has, valid or not.
    pub(super) fn of(root: &Section<'a>) -> Result<Self> {
        let names = |key: &str| -> Result<BTreeSet<&'a str>> {
            let section = root.section(key)?;
            let entries = section.iter().flat_map(Section::entries);
            Ok(entries.map(|(key, _)| key.get_ref().as_ref()).collect())
        };
        Ok(Self { plugins: names("plugins")?, scripts: names("scripts")? })
    }

    /// Refuses a name that no step has.
    pub(super) fn check(&self, source: &Source, place: Range<usize>, step: &str) -> Result<()> {
        if self.plugins.contains(step) || self.scripts.contains(step) {
            return Ok(());
        }
        let message = format!("unknown step `{}`", shown(step));
        let error = source.error(place, codes::STEP_UNKNOWN, message, "no such step");
        let all: BTreeSet<&str> = self.plugins.union(&self.scripts).copied().collect();
        Err(suggest(error, step, "steps", all))
    }
}

/// What a step requires, and where in the file it says so.
#[derive(Debug, Clone, Default)]
pub(super) struct Requirements {
    /// The steps, and which versions of them are accepted: of scripts always all.
    pub(super) steps: BTreeMap<String, VersionReq>,
    /// The steps that it comes after where they are in the run anyhow.
    pub(super) after: BTreeSet<String>,
    /// Where each of both kinds stands.
    pub(super) places: BTreeMap<String, Range<usize>>,
}

impl Requirements {
    /// Of the step in this section.
    pub(super) fn of(source: &Source, step: &Section<'_>, known: &Known<'_>) -> Result<Self> {
        let mut requirements = Self::default();
        if let Some(after) = step.get("after") {
            for value in step.list("after", after)? {
                let name = step.entry("after", value)?;
                known.check(source, value.span(), name)?;
                requirements.after.insert(name.to_owned());
                requirements.places.insert(name.to_owned(), value.span());
            }
        }
        let Some(section) = step.section("requires")? else { return Ok(requirements) };
        for (key, value) in section.entries() {
            let name = key.get_ref().as_ref();
            known.check(source, key.span(), name)?;
            let wanted = version(source, &section, name, value)?;
            if known.scripts.contains(name) && wanted != VersionReq::STAR {
                let message = format!("`{}` asks for a version of a script", section.path(name));
                return Err(source
                    .error(value.span(), codes::VERSION, message, "scripts have no version")
                    .hint("Write \"*\"."));
            }
            requirements.steps.insert(name.to_owned(), wanted);
            requirements.places.insert(name.to_owned(), value.span());
        }
        Ok(requirements)
    }
}

/// A version requirement.
pub(super) fn version(
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

/// Refuses the first circle among these steps, shown as the path along it.
pub(super) fn no_circle<'a>(
    source: &Source,
    steps: impl Iterator<Item = (&'a str, &'a BTreeMap<String, Range<usize>>)>,
) -> Result<()> {
    let places: BTreeMap<&str, &BTreeMap<String, Range<usize>>> = steps.collect();
    let edges = places.iter().flat_map(|(name, requires)| {
        requires.keys().map(move |required| (*name, required.as_str()))
    });
    let Some(path) = graph::cycle(edges) else { return Ok(()) };
    let place = match path.as_slice() {
        [first, second, ..] => places.get(*first).and_then(|requires| requires.get(*second)),
        _ => None,
    };
    let message = format!("steps require each other in a circle: `{}`", path.join(" -> "));
    let place = place.cloned().unwrap_or_default();
    Err(source
        .error(place, codes::CYCLE, message, "the circle goes through here")
        .hint("Remove one of the requirements along this path."))
}
