//! `config check` and `schema`: whether plugins.toml is right, and what it can be.

use std::{collections::BTreeMap, io::Write as _, path::Path};

use serde_json::Value as Json;

use super::{
    args::{ConfigVerb, Global, Output},
    plugins, setting,
};
use crate::{
    catalog::{self, LoadedStep, parameters, script},
    config::{self, Manifest, Plugin, nearest},
    error::{Error, Result},
    report::{self, Checked, CheckedStep, Detail, View},
};

/// Prints the JSON Schema of plugins.toml.
pub(super) fn schema() -> Result<u8> {
    let text = serde_json::to_string_pretty(&config::schema()).unwrap_or_default();
    // Only a reader who stopped reading makes this fail.
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(0)
}

pub(super) fn run(global: &Global, verb: &ConfigVerb) -> Result<u8> {
    let ConfigVerb::Check { output } = verb;
    let path = setting::catalogue(global)?;
    let checked = checked(&path);
    match output {
        Output::Json => {
            let _ = writeln!(std::io::stdout(), "{}", report::checked_json(&checked));
        }
        Output::Human if checked.errors.is_empty() => {
            let view = View::new(Detail::Usual, global.ascii);
            let _ = anstream::stdout().write_all(report::fine(&checked, view).as_bytes());
        }
        Output::Human => report::faults(&checked, config::MOST_TOLD),
    }
    Ok(checked.errors.first().map_or(0, |error| error.kind.exit_code()))
}

/// All that can be known of a file without any machine: what it says, whether each library and each script may be used, is
/// what the file says, and understands its parameters.
pub(super) fn checked(path: &Path) -> Checked {
    let mut checked = Checked { path: path.to_string_lossy().into_owned(), ..Checked::default() };
    let manifest = match config::examine(path) {
        Ok(manifest) => manifest,
        Err(errors) => {
            checked.errors = errors;
            return checked;
        }
    };
    checked.features = manifest.features.clone().into_iter().collect();
    let mut versions = BTreeMap::new();
    for plugin in manifest.plugins.values() {
        match of_plugin(&manifest, plugin) {
            Ok((step, mut errors)) => {
                versions.extend(
                    step.version().ok().map(|version| (plugin.name.clone(), Some(version))),
                );
                if errors.is_empty() {
                    checked.steps.push(fine(plugin, &step));
                }
                checked.errors.append(&mut errors);
            }
            Err(error) => checked.errors.push(error),
        }
    }
    for name in manifest.scripts.keys() {
        match script::load(&manifest, &[name.clone()].into()) {
            Ok(_) => checked.steps.push(CheckedStep {
                name: name.clone(),
                version: None,
                trust: "nobody else can have changed it".to_owned(),
                targets: Vec::new(),
            }),
            Err(error) => checked.errors.push(error),
        }
        versions.insert(name.clone(), None);
    }
    // A library that is not there has no version either, and that was said already.
    if versions.len() == manifest.plugins.len() + manifest.scripts.len() {
        checked.errors.extend(config::check_versions(&manifest, &versions).err());
    }
    checked
}

fn fine(plugin: &Plugin, step: &LoadedStep) -> CheckedStep {
    CheckedStep {
        name: plugin.name.clone(),
        version: Some(step.meta.version.to_string()),
        trust: plugins::trust(&step.standing),
        targets: plugin.overrides.keys().cloned().collect(),
    }
}

/// The step of a plugin, and what it says against its parameters.
fn of_plugin(manifest: &Manifest, plugin: &Plugin) -> Result<(LoadedStep, Vec<Error>)> {
    let mut steps = catalog::load(manifest, &[plugin.name.clone()].into(), &setting::exe_dir())?;
    let Some((_, step)) = steps.pop_first() else { return Err(Error::panic()) };
    let ask = |target: Option<&str>, params: Json| {
        parameters::understood(&step, target, manifest.policy.apparmor, params)
            .err()
            .map(|error| pointed(manifest, plugin, target, error))
    };
    let of_all = ask(None, plugin.params.clone());
    let message = of_all.as_ref().map(|error| (error.message.clone(), error.causes.clone()));
    let own = plugin.overrides.keys().filter_map(|target| {
        let error = ask(Some(target), plugin.params_for(target))?;
        // What is wrong for all is wrong for each, and said once.
        (message.as_ref() != Some(&(error.message.clone(), error.causes.clone()))).then_some(error)
    });
    let errors = of_all.clone().into_iter().chain(own).collect();
    Ok((step, errors))
}

/// The error with its place in the file, and with the parameter that was probably meant. A step names its parameters in
/// backticks, as serde does.
fn pointed(manifest: &Manifest, plugin: &Plugin, target: Option<&str>, mut error: Error) -> Error {
    let text = [error.message.clone(), error.causes.join(" ")].join(" ");
    let names: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let names = || names.iter().copied().filter(|name| *name != plugin.name);
    error.excerpt =
        Some(manifest.excerpt_of_params(plugin, target, names(), "refused by the step"));
    let unknown = names().next().filter(|_| text.contains("unknown field"));
    let near = unknown.and_then(|unknown| nearest(unknown, names().skip(1)));
    match near {
        Some(near) => {
            error.hints.insert(0, format!("Did you mean `{near}`?"));
            error
        }
        None => error,
    }
}
