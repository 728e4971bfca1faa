//! `doctor`: what decides whether Docker runs properly, before anything is changed.

use std::io::Write as _;

use phoenix_sdk::AppArmorPolicy;

use super::{
    args::{Doctor as Verb, Global, Output},
    setting::{self, must_be_root},
};
use crate::{
    config::{self, Manifest},
    doctor::{self, Examined, Severity, Wishes},
    error::{Error, Result},
    graph::HOST,
    report,
    runtime::{self, Runtime},
};

/// The step that wants fuse-overlayfs.
const STEP: &str = "fuse-overlayfs";

/// No error but a host of which nothing can be read: all else is a finding.
pub(super) fn run(global: &Global, verb: &Verb) -> Result<u8> {
    must_be_root()?;
    let examined = examined(global, &verb.target, verb.all)?;
    // Only a reader who stopped reading makes these fail.
    let _ = match verb.output {
        Output::Human => {
            let text = report::doctor(&examined, verb.view(global));
            anstream::stdout().write_all(text.as_bytes())
        }
        Output::Json => writeln!(std::io::stdout(), "{}", report::doctor_json(&examined)),
    };
    Ok(exit_code(&examined))
}

/// What is found on the host, and on these containers or all of them.
pub(super) fn examined(global: &Global, target: &[String], all: bool) -> Result<Vec<Examined>> {
    let (manifest, fault) = catalogue(global)?;
    let wishes = manifest.as_ref().map(wishes).unwrap_or_default();
    let targets = manifest.map(|manifest| manifest.targets).unwrap_or_default();
    let found = runtime::named(targets.runtime.as_deref()).and_then(|runtime| {
        let names = containers(&*runtime, target, all, targets.containers)?;
        Ok((runtime, names))
    });
    let (runtime, names) = match &found {
        Ok((runtime, names)) => (Ok(&**runtime), names.as_slice()),
        Err(error) => (Err(error.clone()), [].as_slice()),
    };
    doctor::examine(runtime, names, wishes, fault.as_ref())
}

/// The catalogue, or what is wrong with it. That there is none is nothing wrong, unless somebody named it.
fn catalogue(global: &Global) -> Result<(Option<Manifest>, Option<Error>)> {
    let named = global.config.is_some() || std::env::var_os(config::ENV).is_some();
    Ok(match setting::manifest(global) {
        Ok(manifest) => (Some(manifest), None),
        Err(error) if error.code == "CONFIG-MISSING" && !named => (None, None),
        // A mistake on the command line is no condition of this host.
        Err(error) if error.code == "CONFIG-MISSING" => return Err(error),
        Err(error) => (None, Some(error)),
    })
}

fn wishes(manifest: &Manifest) -> Wishes {
    Wishes {
        apparmor_required: manifest.policy.apparmor == AppArmorPolicy::Required,
        fuse_overlayfs: manifest.features.values().flatten().any(|step| step == STEP),
    }
}

/// Which containers are meant; whether there is one of each name is found out later.
fn containers(
    runtime: &dyn Runtime,
    target: &[String],
    all: bool,
    listed: Option<Vec<String>>,
) -> Result<Vec<String>> {
    let mut names = match listed {
        _ if !target.is_empty() => target.to_vec(),
        Some(listed) => listed,
        None if all => without_templates(runtime)?,
        None => Vec::new(),
    };
    names.sort();
    names.dedup();
    // The host is looked at in any case.
    names.retain(|name| name != HOST);
    Ok(names)
}

/// All containers but templates, which never run; one that cannot be read may be none.
fn without_templates(runtime: &dyn Runtime) -> Result<Vec<String>> {
    let mut names = runtime.list()?;
    names.retain(|name| match runtime.config(name) {
        Ok(config) => !runtime::is_template(runtime, &config),
        Err(_) => true,
    });
    Ok(names)
}

/// As for `plan --check`: what was asked was done, and the answer is that something is to be done.
fn exit_code(examined: &[Examined]) -> u8 {
    let mut all = examined.iter().flat_map(|one| &one.findings);
    if all.any(|finding| finding.severity == Severity::Blocks) { 3 } else { 0 }
}
