//! From the text of the file to the manifest. What it does not do: touch the file system.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use phoenix_sdk::AppArmorPolicy;
use toml::de::{DeTable, DeValue};

use super::manifest::{Manifest, Policy, Restart, Targets};
use super::pins::Pins;
use super::requires::{Known, no_circle};
use super::section::{Section, Value};
use super::shown::shown;
use super::source::Source;
use super::{codes, names, pins, plugin, script, upstreams};
use crate::error::{Error, ErrorKind, Result};

/// The format of the file that is understood.
const FORMAT: &str = "1";

/// The container runtimes that exist.
const RUNTIMES: &[(&str, &str)] = &[("lxc", "lxc"), ("pve", "pve")];

/// The manifest of a file in this folder.
pub(super) fn parse(source: Source, path: PathBuf, dir: PathBuf) -> Result<Manifest> {
    let source = Arc::new(source);
    let document = DeTable::parse(source.text()).map_err(|error| syntax(&source, &error))?;
    let table = document.get_ref();
    if table.is_empty() {
        let message = format!("`{}` is empty", shown(&path.to_string_lossy()));
        return Err(Error::new(ErrorKind::Config, codes::EMPTY, message)
            .hint("Start from the `plugins.toml` that comes with phoenix-orch."));
    }
    let root = Section::root(&source, table);
    // The format comes first: in a newer one, unknown keys are to be expected.
    format(&source, &root)?;
    root.only(&["format", "plugin_dirs", "policy", "targets", "features", "plugins", "scripts"])?;

    let known = Known::of(&root)?;
    let plugins = plugin::all(&source, &root, &known)?;
    let scripts = script::all(&source, &root, &dir, &known)?;
    let of_plugins = plugins.iter().map(|(name, one)| (name.as_str(), &one.places.requires));
    let of_scripts = scripts.iter().map(|(name, one)| (name.as_str(), &one.places));
    no_circle(&source, of_plugins.chain(of_scripts))?;
    let features = features(&source, &root, &known)?;
    let manifest = Manifest {
        plugin_dirs: plugin_dirs(&source, &root)?.iter().map(|path| dir.join(path)).collect(),
        policy: policy(&source, &root)?,
        targets: targets(&source, &root)?,
        features,
        plugins,
        scripts,
        path,
        dir,
        source: Arc::clone(&source),
    };
    Ok(manifest)
}

fn syntax(source: &Source, error: &toml::de::Error) -> Error {
    let place = error.span().unwrap_or(0..0);
    // The parser's messages quote nothing of the file; what it expected is all that is in them.
    if error.message() == "duplicate key" {
        let key = source.text().get(place.clone()).unwrap_or_default();
        let key = shown(key.trim_matches(['"', '\'']));
        let message = format!("`{key}` is defined twice");
        return source
            .error(place, codes::DUPLICATE, message, "the second time")
            .hint("Remove one of the two, or join them.");
    }
    source
        .error(place, codes::SYNTAX, format!("not valid TOML: {}", error.message()), "")
        .hint("Correct the line; a text needs quotes, a list needs brackets: https://toml.io.")
}

fn format(source: &Source, root: &Section<'_>) -> Result<()> {
    let value = root.required("format", "format = 1")?;
    let DeValue::Integer(format) = value.get_ref() else {
        return Err(root.wrong_type("format", value, "an integer").hint("Write `format = 1`."));
    };
    if (format.as_str(), format.radix()) == (FORMAT, 10) {
        return Ok(());
    }
    let message = format!("format {} is not known", shown(&format.to_string()));
    Err(source
        .error(value.span(), codes::FORMAT, message, "unknown format")
        .hint(format!("This phoenix-orch reads format {FORMAT}; a newer one may read more.")))
}

fn plugin_dirs(source: &Source, root: &Section<'_>) -> Result<Vec<String>> {
    let Some(value) = root.get("plugin_dirs") else { return Ok(Vec::new()) };
    root.list("plugin_dirs", value)?
        .iter()
        .map(|value| {
            let path = root.entry("plugin_dirs", value)?;
            if path.is_empty() || path.contains('\0') {
                let message = "`plugin_dirs` has a path that cannot exist";
                let label = if path.is_empty() { "empty path" } else { "path with a NUL" };
                return Err(source.error(value.span(), codes::VALUE, message, label));
            }
            Ok(path.to_owned())
        })
        .collect()
}

fn policy(source: &Source, root: &Section<'_>) -> Result<Policy> {
    let Some(section) = root.section("policy")? else { return Ok(Policy::default()) };
    section.only(&[
        "apparmor",
        "restart",
        "pins",
        "signers",
        "package_cache",
        "package_cache_upstreams",
    ])?;
    let apparmor = section.choice(
        "apparmor",
        &[("required", AppArmorPolicy::Required), ("optional", AppArmorPolicy::Optional)],
    )?;
    let restart = section.choice("restart", &[("ask", Restart::Ask), ("allow", Restart::Allow)])?;
    Ok(Policy {
        apparmor: apparmor.unwrap_or_default(),
        restart: restart.unwrap_or_default(),
        pins: section
            .choice("pins", &[("required", Pins::Required), ("optional", Pins::Optional)])?,
        signers: pins::signers(source, &section)?,
        package_cache: upstreams::package_cache(source, &section)?,
    })
}

fn targets(source: &Source, root: &Section<'_>) -> Result<Targets> {
    let Some(section) = root.section("targets")? else { return Ok(Targets::default()) };
    section.only(&["runtime", "containers"])?;
    let runtime = section.choice("runtime", RUNTIMES)?.map(str::to_owned);
    let Some(list) = section.get("containers") else {
        return Ok(Targets { runtime, containers: None });
    };
    let mut seen = Vec::new();
    let mut containers = Vec::new();
    for value in section.list("containers", list)? {
        let name = container(&section, value)?;
        names::container(source, value.span(), &name)?;
        seen.push((name.clone(), value.span()));
        containers.push(name);
    }
    once(source, "container", "`targets.containers`", seen)?;
    if containers.is_empty() {
        return Err(source
            .error(list.span(), codes::VALUE, "`targets.containers` is empty", "no container")
            .hint("Leave `containers` out to mean all containers."));
    }
    Ok(Targets { runtime, containers: Some(containers) })
}

/// A container's name; on Proxmox it is a number, which may be written without quotes.
fn container(section: &Section<'_>, value: Value<'_>) -> Result<String> {
    match value.get_ref() {
        DeValue::String(name) => Ok(name.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        _ => Err(section.wrong_entry("containers", value, "a container's name or number")),
    }
}

/// The features.
fn features(
    source: &Source,
    root: &Section<'_>,
    known: &Known<'_>,
) -> Result<BTreeMap<String, Vec<String>>> {
    let Some(section) = root.section("features")? else { return Ok(BTreeMap::new()) };
    let mut features = BTreeMap::new();
    for (key, value) in section.entries() {
        let name = key.get_ref().as_ref();
        names::feature(source, key.span(), name)?;
        let mut seen = Vec::new();
        for value in section.list(name, value)? {
            let step = section.entry(name, value)?;
            known.check(source, value.span(), step)?;
            seen.push((step.to_owned(), value.span()));
        }
        let steps: Vec<_> = seen.iter().map(|(step, _)| step.clone()).collect();
        once(source, "step", &format!("the feature `{name}`"), seen)?;
        if steps.is_empty() {
            let message = format!("the feature `{name}` has no steps");
            return Err(source
                .error(value.span(), codes::FEATURE_EMPTY, message, "no steps")
                .hint("List at least one step, or remove the feature."));
        }
        features.insert(name.to_owned(), steps);
    }
    Ok(features)
}

/// Refuses a list that names the same thing twice.
fn once(source: &Source, what: &str, list: &str, names: Vec<(String, Range<usize>)>) -> Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for (name, place) in names {
        if !seen.insert(name.clone()) {
            let message = format!("the {what} `{name}` is twice in {list}");
            return Err(source
                .error(place, codes::DUPLICATE, message, "the second time")
                .hint("Remove one of the two."));
        }
    }
    Ok(())
}
