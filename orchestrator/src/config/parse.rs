//! From the text of the file to the manifest. What it does not do: touch the file system.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use phoenix_sdk::AppArmorPolicy;
use toml::de::{DeTable, DeValue};

use super::manifest::{Manifest, Policy, Restart, Targets};
use super::problems::{MOST_TOLD, Problems};
use super::requires::{Known, no_circle};
use super::section::{Section, Value};
use super::shown::shown;
use super::source::Source;
use super::{codes, keys, names, pins, plugin, script, upstreams};
use crate::error::{Error, ErrorKind, Result};

/// The format of the file that is understood.
const FORMAT: &str = "1";

/// The container runtimes that exist.
pub(super) const RUNTIMES: &[(&str, &str)] = &[("lxc", "lxc"), ("pve", "pve")];

/// Whether a host without AppArmor is an error.
pub(super) const APPARMOR: &[(&str, AppArmorPolicy)] =
    &[("required", AppArmorPolicy::Required), ("optional", AppArmorPolicy::Optional)];

/// Whether containers may be restarted.
pub(super) const RESTART: &[(&str, Restart)] = &[("ask", Restart::Ask), ("allow", Restart::Allow)];

/// The manifest of a file in this folder, or all that is wrong with it: whatever is no TOML, else a format that is not
/// known, else each of its parts that cannot be understood.
pub(super) fn parse(source: Source, path: PathBuf, dir: PathBuf) -> Result<Manifest, Vec<Error>> {
    let source = Arc::new(source);
    let (document, broken) = DeTable::parse_recoverable(source.text());
    if !broken.is_empty() {
        return Err(broken.iter().take(MOST_TOLD).map(|error| syntax(&source, error)).collect());
    }
    let mut problems = Problems::default();
    let manifest = understood(&source, document.get_ref(), path, dir, &mut problems)
        .map_err(|error| vec![error])?;
    let errors = problems.into_errors();
    match manifest {
        Some(manifest) if errors.is_empty() => Ok(manifest),
        _ => Err(errors),
    }
}

/// The manifest, unless one of the parts without which there is none is among the problems. An error is one that leaves
/// nothing to understand.
fn understood(
    source: &Arc<Source>,
    table: &DeTable<'_>,
    path: PathBuf,
    dir: PathBuf,
    problems: &mut Problems,
) -> Result<Option<Manifest>> {
    if table.is_empty() {
        let message = format!("`{}` is empty", shown(&path.to_string_lossy()));
        return Err(Error::new(ErrorKind::Config, codes::EMPTY, message)
            .hint("`phoenix-orch init FILE` writes one for this host, to start from."));
    }
    let root = Section::root(source, table);
    // The format comes first: in a newer one, unknown keys are to be expected.
    format(source, &root)?;
    root.only(keys::ROOT, problems);

    let known = Known::of(&root)?;
    let plugins = plugin::all(source, &root, &known, problems)?;
    let scripts = script::all(source, &root, &dir, &known, problems)?;
    let of_plugins = plugins.iter().map(|(name, one)| (name.as_str(), &one.places.requires));
    let of_scripts = scripts.iter().map(|(name, one)| (name.as_str(), &one.places));
    problems.keep(no_circle(source, of_plugins.chain(of_scripts)));
    let features = features(source, &root, &known, problems);
    let plugin_dirs = problems.keep(plugin_dirs(source, &root));
    let policy = policy(source, &root, problems);
    let targets = targets(source, &root, problems);
    let whole = features.zip(plugin_dirs).zip(policy).zip(targets);
    Ok(whole.map(|(((features, plugin_dirs), policy), targets)| Manifest {
        plugin_dirs: plugin_dirs.iter().map(|path| dir.join(path)).collect(),
        policy,
        targets,
        features,
        plugins,
        scripts,
        path,
        dir,
        source: Arc::clone(source),
    }))
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

/// A table at the top, if it is there and is one.
fn section<'a>(root: &Section<'a>, key: &str, problems: &mut Problems) -> Option<Section<'a>> {
    problems.keep(root.section(key)).flatten()
}

fn policy(source: &Source, root: &Section<'_>, problems: &mut Problems) -> Option<Policy> {
    let Some(section) = section(root, "policy", problems) else { return Some(Policy::default()) };
    section.only(keys::POLICY, problems);
    let apparmor = problems.keep(section.choice("apparmor", APPARMOR));
    let restart = problems.keep(section.choice("restart", RESTART));
    let pins = problems.keep(section.choice("pins", pins::CHOICES));
    let signers = problems.keep(pins::signers(source, &section));
    let package_cache = problems.keep(upstreams::package_cache(source, &section));
    Some(Policy {
        apparmor: apparmor?.unwrap_or_default(),
        restart: restart?.unwrap_or_default(),
        pins: pins?,
        signers: signers?,
        package_cache: package_cache?,
    })
}

fn targets(source: &Source, root: &Section<'_>, problems: &mut Problems) -> Option<Targets> {
    let Some(section) = section(root, "targets", problems) else { return Some(Targets::default()) };
    section.only(keys::TARGETS, problems);
    let runtime = problems.keep(section.choice("runtime", RUNTIMES));
    let containers = problems.keep(containers(source, &section));
    Some(Targets { runtime: runtime?.map(str::to_owned), containers: containers? })
}

/// The containers that are listed, if they are.
fn containers(source: &Source, section: &Section<'_>) -> Result<Option<Vec<String>>> {
    let Some(list) = section.get("containers") else { return Ok(None) };
    let mut seen = Vec::new();
    let mut containers = Vec::new();
    for value in section.list("containers", list)? {
        let name = container(section, value)?;
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
    Ok(Some(containers))
}

/// A container's name; on Proxmox it is a number, which may be written without quotes.
fn container(section: &Section<'_>, value: Value<'_>) -> Result<String> {
    match value.get_ref() {
        DeValue::String(name) => Ok(name.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        _ => Err(section.wrong_entry("containers", value, "a container's name or number")),
    }
}

/// The features, unless one of them is wrong.
fn features(
    source: &Source,
    root: &Section<'_>,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<BTreeMap<String, Vec<String>>> {
    let mut features = BTreeMap::new();
    let Some(section) = problems.keep(root.section("features"))? else { return Some(features) };
    for (key, value) in section.entries() {
        if problems.enough() {
            break;
        }
        let name = key.get_ref().as_ref();
        let steps = names::feature(source, key.span(), name)
            .and_then(|()| feature(source, &section, name, value, known));
        if let Some(steps) = problems.keep(steps) {
            features.insert(name.to_owned(), steps);
        }
    }
    Some(features)
}

/// The steps of one feature.
fn feature(
    source: &Source,
    section: &Section<'_>,
    name: &str,
    value: Value<'_>,
    known: &Known<'_>,
) -> Result<Vec<String>> {
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
    Ok(steps)
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
