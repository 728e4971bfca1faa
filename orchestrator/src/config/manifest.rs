//! What plugins.toml says, validated. What it does not do: look whether libraries, steps or containers
//! really are there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use phoenix_sdk::AppArmorPolicy;
use semver::VersionReq;
use serde_json::Value as Json;

use super::params::{joined, overlay};
use super::pins::{Pins, Signer};
use super::script::{Call, Script};
use super::source::Source;
use super::upstreams::Upstream;

/// The catalogue. Every step that it names has an entry in `plugins` or in `scripts`, never in both, and
/// requirements have no cycle.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Where libraries are looked for first; absolute.
    pub plugin_dirs: Vec<PathBuf>,
    /// What the administrator allows and demands.
    pub policy: Policy,
    /// Which machines are meant.
    pub targets: Targets,
    /// The steps of each feature, in the order of the file, which means nothing; at least one each.
    pub features: BTreeMap<String, Vec<String>>,
    /// The steps that are plugins, by name.
    pub plugins: BTreeMap<String, Plugin>,
    /// The steps that are scripts, by name.
    pub scripts: BTreeMap<String, Script>,
    /// The folder of the file, absolute: what its relative paths are relative to.
    pub(super) dir: PathBuf,
    pub(super) source: Arc<Source>,
}

/// What the administrator allows and demands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether a host without AppArmor is an error.
    pub apparmor: AppArmorPolicy,
    /// Whether containers may be restarted.
    pub restart: Restart,
    /// Whether a library needs a pin, where that is written.
    pub pins: Option<Pins>,
    /// Whose signature every library needs; empty where none does.
    pub signers: Vec<Signer>,
    /// From where packages may be fetched for containers, where they fetch them through the cache; nothing where they fetch them
    /// by themselves. Never an empty list.
    pub package_cache: Option<Vec<Upstream>>,
}

/// Whether containers may be restarted where a change needs it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Restart {
    /// Only with `--allow restart`.
    #[default]
    Ask,
    /// Always.
    Allow,
}

/// Which machines are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    /// The container runtime by name; without it, the one that is found.
    pub runtime: Option<String>,
    /// What `--all` means, in the order of the file; without it, all containers of the runtime. Never
    /// an empty list.
    pub containers: Option<Vec<String>>,
}

/// A step: its library, and what must hold before it may run.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The step's name.
    pub name: String,
    /// The library's name without `lib` and `.so`, or a path if it has a `/`.
    pub library: String,
    /// SHA-256 of the only file that may be loaded, in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// Which versions of the step are accepted.
    pub version: VersionReq,
    /// The steps that come before it, and which versions of them are accepted.
    pub requires: BTreeMap<String, VersionReq>,
    /// The steps that come before it where they are in the run anyhow; it does not bring them.
    pub after: BTreeSet<String>,
    /// The parameters for every target: always a JSON object.
    pub params: Json,
    /// What is laid over `params` for a target (`host` or a container): always JSON objects.
    pub overrides: BTreeMap<String, Json>,
    pub(super) places: Places,
}

/// Where the parts of a plugin's section are in the file.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) section: Range<usize>,
    pub(super) library: Option<Range<usize>>,
    pub(super) sha256: Option<Range<usize>>,
    pub(super) version: Range<usize>,
    /// Of what it comes `after` too.
    pub(super) requires: BTreeMap<String, Range<usize>>,
    pub(super) params: Vec<ParamPlace>,
}

/// Where a parameter is in the file.
#[derive(Debug, Clone)]
pub(super) struct ParamPlace {
    /// For which target it is; nothing for all.
    pub(super) target: Option<String>,
    /// Its own key, without those of the tables that it is in; nothing for the whole of them.
    pub(super) key: Option<String>,
    pub(super) place: Range<usize>,
}

/// A part of a plugin's section, for errors that are found later than the file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// `library`, or the section where it is left out.
    Library,
    /// `sha256`, or the section where it is left out.
    Pin,
    /// `version`.
    Version,
    /// What it requires of this step.
    Requires(&'a str),
}

impl Plugin {
    /// The parameters for a target: those of every target, with the target's own laid over them. Tables
    /// are merged key by key, everything else is replaced.
    pub fn params_for(&self, target: &str) -> Json {
        let mut params = self.params.clone();
        if let Some(over) = self.overrides.get(target) {
            overlay(&mut params, over);
        }
        params
    }
}

impl Manifest {
    /// The steps that a step requires; none for one that is not in the file.
    pub fn requires(&self, step: &str) -> impl Iterator<Item = &String> {
        let plugin = self.plugins.get(step).map(|plugin| &plugin.requires);
        let requires = plugin.or_else(|| Some(&self.scripts.get(step)?.requires));
        requires.into_iter().flat_map(BTreeMap::keys)
    }

    /// The steps that a step comes after where they are in the run anyhow.
    pub fn after(&self, step: &str) -> impl Iterator<Item = &String> {
        let plugin = self.plugins.get(step).map(|plugin| &plugin.after);
        let after = plugin.or_else(|| Some(&self.scripts.get(step)?.after));
        after.into_iter().flatten()
    }

    /// Where in the file a call of a script is, with line and caret. The label says in a few words what is
    /// wrong with it.
    pub fn excerpt_of_call(&self, call: &Call, label: &str) -> String {
        self.source.excerpt(call.place.clone(), label)
    }

    /// Where in the file a script requires this step.
    pub(super) fn excerpt_of_requirement(
        &self,
        script: &Script,
        step: &str,
        label: &str,
    ) -> String {
        let place = script.places.get(step).unwrap_or(&script.section);
        self.source.excerpt(place.clone(), label)
    }

    /// Gives a step parameters for one target besides those that it has there already: lists get what they
    /// have not, and everything else that is not there yet is set. Does nothing for an unknown step.
    pub fn add_params(&mut self, step: &str, target: &str, more: &Json) {
        if let Some(plugin) = self.plugins.get_mut(step) {
            let params = joined(plugin.params_for(target), more);
            plugin.overrides.insert(target.to_owned(), params);
        }
    }

    /// Where in the file a plugin's parameters for this target are, or those for all; of them the first that has one of
    /// these names, which come with the most likely first.
    pub fn excerpt_of_params<'a>(
        &self,
        plugin: &Plugin,
        target: Option<&str>,
        mut names: impl Iterator<Item = &'a str>,
        label: &str,
    ) -> String {
        let find = |key: Option<&str>| {
            let fits = |at: &&ParamPlace, target: Option<&str>| {
                at.key.as_deref() == key && at.target.as_deref() == target
            };
            let places = &plugin.places.params;
            let own = places.iter().find(|at| fits(at, target));
            own.or_else(|| places.iter().find(|at| fits(at, None)))
        };
        let found = names.find_map(|name| find(Some(name))).or_else(|| find(None));
        let place = found.map_or(&plugin.places.section, |found| &found.place);
        self.source.excerpt(place.clone(), label)
    }

    /// Where in the file something is said about a plugin, with line and caret, for
    /// [`crate::error::Error::excerpt`]. The label says in a few words what is wrong with it.
    pub fn excerpt(&self, plugin: &Plugin, part: Part<'_>, label: &str) -> String {
        let places = &plugin.places;
        let place = match part {
            Part::Library => places.library.as_ref(),
            Part::Pin => places.sha256.as_ref(),
            Part::Version => Some(&places.version),
            Part::Requires(step) => places.requires.get(step),
        };
        self.source.excerpt(place.unwrap_or(&places.section).clone(), label)
    }
}
