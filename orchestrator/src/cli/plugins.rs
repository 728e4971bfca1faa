//! `plugins list` and `plugins check`; `plugins pin` is in a file of its own.

use std::{fmt::Write as _, io::Write as _, path::Path};

use phoenix_sdk::Scope;
use serde_json::json;

use super::{
    args::{Global, Output, Plugins, PluginsVerb},
    pin, setting,
};
use crate::{
    catalog::{
        self, Acquaintances, Demand, LoadedScript, LoadedStep, Signed, Standing, Verb, rehearse,
        script::{self, command_line},
    },
    config::Script,
    error::Result,
    report,
    transport::printable,
};

pub(super) fn run(global: &Global, verb: &Plugins) -> Result<u8> {
    match &verb.verb {
        PluginsVerb::List { output } => list(global, *output),
        PluginsVerb::Pin(verb) => pin::run(global, verb),
        PluginsVerb::Check { path } => check(path),
    }
}

/// Lists every plugin and every script of the catalogue. One that does not load is an error at the end, after the others
/// have been listed.
fn list(global: &Global, output: Output) -> Result<u8> {
    let manifest = setting::manifest(global)?;
    let mut exit = 0;
    for name in manifest.plugins.keys() {
        let one = [name.clone()].into();
        match catalog::load(&manifest, &one, &setting::exe_dir()) {
            Ok(steps) => {
                for step in steps.values() {
                    show(step, output, &trust(&step.standing))?;
                }
            }
            Err(error) => {
                report::error(&error);
                exit = error.kind.exit_code();
            }
        }
    }
    for name in manifest.scripts.keys() {
        match script::load(&manifest, &[name.clone()].into()) {
            Ok(scripts) => scripts.values().for_each(|script| show_script(script, output)),
            Err(error) => {
                report::error(&error);
                exit = error.kind.exit_code();
            }
        }
    }
    Ok(exit)
}

/// A script says nothing about itself: all that is known of it stands in plugins.toml.
fn show_script(loaded: &LoadedScript, output: Output) {
    let Script { name, scope, time_limit, .. } = &loaded.script;
    let line = |verb: Verb| loaded.call(verb).map(|call| call.argv("{ctid}"));
    if output == Output::Json {
        print(&format!(
            "{}\n",
            json!({
                "name": name, "script": true, "scope": scope, "time_limit_s": time_limit.as_secs(),
                "apply": line(Verb::Apply), "check": line(Verb::Check), "verify": line(Verb::Verify),
            })
        ));
    }
    let place = if *scope == Scope::Host { "once" } else { "once for each container" };
    let mut text = format!("{name}: a script that runs on the host, {place}\n");
    let without = |verb| match verb {
        Verb::Check => "none, so it runs only with --allow scripts, and each time",
        _ => "none",
    };
    for verb in [Verb::Apply, Verb::Check, Verb::Verify] {
        let what = line(verb).map(|argv| printable(&command_line(&argv)));
        let what = what.unwrap_or_else(|| without(verb).to_owned());
        let _ = writeln!(text, "  {:8} {what}", verb.name());
    }
    let _ = writeln!(text, "  limit    {} s", time_limit.as_secs());
    print(&text);
}

/// Shows one loaded step with all that it asks for, and whether its laws hold. It is for authors, so no pin
/// or signature is asked for.
fn check(path: &Path) -> Result<u8> {
    let step = LoadedStep::load(path, &Demand::nothing(), &Acquaintances::none())?;
    let worlds = step.rehearsals()?;
    let trust = "not asked for here; a run asks for a pin outside a development checkout";
    print(&(head(&step, trust)? + &report::asks(&step.meta) + &report::tried(&worlds)));
    print(&report::laws_hold(rehearse::laws_hold(&step)?));
    Ok(0)
}

/// Why a library was accepted, besides that nobody else could have changed it.
pub(super) fn trust(standing: &Standing) -> String {
    let pin = match (standing.pinned, standing.packaged, standing.in_checkout) {
        (true, _, _) => "pinned",
        (false, true, _) => "pinned by its package",
        (false, false, true) => "not pinned (development checkout)",
        (false, false, false) => "not pinned",
    };
    match &standing.signed {
        Some(Signed { key, comment }) => format!("{pin}, signed by {key}: {comment}"),
        None => pin.to_owned(),
    }
}

fn show(step: &LoadedStep, output: Output, trust: &str) -> Result<()> {
    let meta = &step.meta;
    if output == Output::Json {
        print(&format!(
            "{}\n",
            json!({
                "name": meta.name, "version": meta.version, "sdk": step.sdk,
                "about": meta.about, "scope": meta.scope, "probes": meta.probes,
                "codes": meta.codes, "confinement": step.confinement()?, "path": step.path, "sha256": step.sha256,
                "pinned": step.standing.pinned, "packaged": step.standing.packaged,
                "signed_by": step.standing.signed.as_ref().map(|signed| &signed.key),
            })
        ));
        return Ok(());
    }
    let mut text = head(step, trust)?;
    for probe in meta.probes.iter() {
        let _ =
            writeln!(text, "  probe    {}: {}", printable(&probe.name), printable(&probe.about));
    }
    print(&text);
    Ok(())
}

/// What every loaded step has.
fn head(step: &LoadedStep, trust: &str) -> Result<String> {
    let meta = &step.meta;
    let scope = match meta.scope {
        Scope::Host => "the host",
        Scope::Container => "each container",
        Scope::HostAndContainers => "the host, then each container",
    };
    let mut text = format!(
        "{} {} (SDK {}): {}\n  works on {scope}\n  library  {}\n  sha256   {}\n  trust    {trust}\n",
        printable(&meta.name),
        printable(&meta.version),
        printable(&step.sdk),
        printable(&meta.about),
        printable(&step.path.to_string_lossy()),
        step.sha256,
    );
    let (missing, holds): (Vec<_>, Vec<_>) =
        step.confinement()?.into_iter().partition(|mechanism| mechanism.missing.is_some());
    let names: Vec<&str> = holds.iter().map(|mechanism| mechanism.name.as_str()).collect();
    let _ = writeln!(text, "  confined {}", names.join(", "));
    for mechanism in missing {
        let why = printable(mechanism.missing.as_deref().unwrap_or_default());
        let _ = writeln!(text, "  missing  {}: {why}", mechanism.name);
    }
    Ok(text)
}

/// Only a reader who stopped reading makes this fail.
fn print(text: &str) {
    let _ = anstream::stdout().write_all(text.as_bytes());
}
