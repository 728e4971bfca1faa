//! `bundle`: one archive about a run, for whoever is to find out what went wrong.

use std::{env, fmt::Write as _, io::Write as _, path::PathBuf};

use serde_json::Value;

use super::{
    args::{Bundle as Verb, Global},
    doctor, setting,
};
use crate::{
    bundle::{self, Bundle, Events},
    catalog,
    config::{self, Manifest},
    engine::{Body, Sink as _},
    error::Result,
    graph::HOST,
    journal::Journal,
    report::{self, Detail, Human, View},
    secret::Mask,
    transport::LocalMachine,
};

/// Gathers, writes, and says where it is. What cannot be gathered is said in its place: a host on which nothing works is
/// what such an archive is for.
pub(super) fn run(global: &Global, verb: &Verb) -> Result<u8> {
    setting::must_be_root()?;
    let journal = Journal::open_existing(&global.state_dir)?;
    let journal = journal.map_or_else(|| Journal::open(&global.state_dir), Ok)?;
    let run = journal.run(&verb.run)?;
    let events = journal.events(&run.run)?;
    let catalogue = catalogue(global);
    let mask = mask(catalogue.as_deref().unwrap_or_default());
    let events = Events::cleaned(&events, &mask);
    let mut bundle = Bundle::new(&run.run, mask);

    bundle.text("report.txt", "the report of the run", &report_of(&events)?);
    bundle.documents("run.json", "the run in the list of runs", serde_json::to_value(&run));
    bundle.documents(
        "contents.json",
        "SHA-256 and size of what images refer to",
        events.contents(&journal),
    );
    bundle.text("versions.txt", "versions of all that takes part, now", &versions(global));
    bundle.text(
        "doctor.txt",
        "what `doctor` finds NOW, which may not be what there was when the run was",
        &doctor_now(global, &events),
    );
    let catalogue = catalogue.unwrap_or_else(|error| format!("# could not be read: {error}\n"));
    bundle.text("plugins.toml", "the catalogue, now", &catalogue);
    bundle.left_out(events.left_out);
    bundle.documents("events.jsonl", "the run's events, one a line", events.documents);

    let path = verb.output.clone();
    let path = path.unwrap_or_else(|| PathBuf::from(format!("phoenix-orch-{}.tar.zst", run.run)));
    bundle.write(&path)?;
    // Only a reader who stopped reading makes this fail.
    let _ = anstream::stdout().write_all(report::bundled(&path).as_bytes());
    Ok(0)
}

/// The text of plugins.toml, whatever is wrong with it otherwise.
fn catalogue(global: &Global) -> Result<String> {
    let cwd = env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let path = config::locate(global.config.as_deref(), env::var_os(config::ENV).as_deref(), &cwd)?;
    let named = config::Named { what: config::FILE_NAME, option: "--config FILE" };
    Ok(config::read(&path, named)?.text().to_owned())
}

/// What is known to be secret: what has a telling name in plugins.toml, and in the environment of this command.
fn mask(catalogue: &str) -> Mask {
    let document = toml::from_str::<toml::Table>(catalogue).ok();
    let document = document.and_then(|table| serde_json::to_value(table).ok());
    // A variable that is no text is none of ours, and would end `env::vars`.
    let variables = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Mask::new().knowing_those_of(&document.unwrap_or(Value::Null)).knowing_variables(variables)
}

fn report_of(events: &Events) -> Result<String> {
    let mut bytes = Vec::new();
    let mut human = Human::new(&mut bytes, View::of_file(Detail::Verbose));
    events.events.iter().try_for_each(|event| human.hear(event))?;
    drop(human);
    let text = String::from_utf8_lossy(&bytes);
    Ok(anstream::adapter::strip_str(&text).to_string())
}

fn doctor_now(global: &Global, events: &Events) -> String {
    let mut targets: Vec<String> = events
        .events
        .iter()
        .filter_map(|event| match &event.body {
            Body::UnitStarted { unit } => Some(unit.target.clone()),
            _ => None,
        })
        .filter(|target| target != HOST)
        .collect();
    targets.sort();
    targets.dedup();
    match doctor::examined(global, &targets, false) {
        Ok(examined) => {
            let text = report::doctor(&examined, View::of_file(Detail::Verbose));
            anstream::adapter::strip_str(&text).to_string()
        }
        Err(error) => format!("doctor could not look: {error}\n"),
    }
}

fn versions(global: &Global) -> String {
    let mut text = format!("phoenix-orch: {}\n", env!("CARGO_PKG_VERSION"));
    text.push_str(&bundle::of_host(&LocalMachine));
    match setting::manifest(global) {
        Ok(manifest) => steps(&mut text, &manifest),
        Err(error) => {
            let _ = writeln!(text, "steps: unknown, for plugins.toml cannot be used: {error}");
        }
    }
    text
}

fn steps(text: &mut String, manifest: &Manifest) {
    for name in manifest.plugins.keys() {
        match catalog::load(manifest, &[name.clone()].into(), &setting::exe_dir()) {
            Ok(steps) => {
                for step in steps.values() {
                    let (version, sdk) = (&step.meta.version, &step.sdk);
                    let _ = writeln!(
                        text,
                        "step {name}: {version}, SDK {sdk}, SHA-256 {}",
                        step.sha256
                    );
                }
            }
            Err(error) => {
                let _ = writeln!(text, "step {name}: {error}");
            }
        }
    }
    for name in manifest.scripts.keys() {
        let _ = writeln!(text, "step {name}: a script");
    }
}
