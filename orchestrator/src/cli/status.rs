//! `status`: the fleet at a glance, from a fresh look.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::Path,
};

use jiff::Timestamp;
use phoenix_sdk::AppArmorPolicy;

use super::{
    args::{Global, Output, Status as Verb},
    setting::{Setting, must_be_root},
    signals, whole_file,
};
use crate::{
    catalog::Loaded,
    effect::Dockers,
    engine::{self, Fleet, Job, Mode, OnFailure, Sink},
    error::{Error, ErrorKind, Result},
    graph::HOST,
    journal::{Journal, Standing},
    report::{self, Progress},
    runtime::Runtime,
    status::{self, Confinement, FORMAT, Health, Look},
};

/// As for `plan --check`: what was asked was done, and the answer is that something is to be done.
const NOT_AS_WANTED: u8 = 3;

/// Plans for every target what it is to have, changes nothing, and says what that means.
pub(super) fn run(global: &Global, verb: Verb) -> Result<u8> {
    must_be_root()?;
    let view = verb.show.view(global);
    let (output, check, metrics) = (verb.show.output, verb.check, verb.metrics.clone());
    let journal = Journal::open(&global.state_dir)?;
    let remembered = journal.standings()?;
    let selection = verb.into_selection();
    let setting = match selection.features.is_empty() {
        false => Setting::new(global, &selection)?,
        true => {
            Setting::of_features(global, |runtime| wanted(&remembered, &selection.target, runtime))?
        }
    };
    let fleet = Fleet::new(setting.runtime.clone(), &setting.containers)
        .knowing(Dockers::kept_in(&global.state_dir));
    let asked = signals::listen()?;
    let job = Job {
        run: engine::run_name(),
        mode: Mode::Plan { check: false },
        features: selection.features.clone(),
        manifest: &setting.manifest,
        steps: &setting.steps,
        graph: &setting.graph,
        fleet: &fleet,
        apparmor: setting.manifest.policy.apparmor,
        consents: BTreeSet::new(),
        ask: None,
        transcripts: None,
        jobs: selection.jobs.into(),
        memory: &journal,
        on_failure: OnFailure::Stop,
        interrupted: &asked.interrupted,
    };
    let mut progress = Progress::new(view);
    let mut sinks: Vec<&mut dyn Sink> = Vec::new();
    if output == Output::Human {
        sinks.push(&mut progress);
    }
    let result = engine::run(&job, sinks);
    asked.yield_to_the_end();
    let (state, exit) = result?;
    if exit == ErrorKind::Interrupted.exit_code() {
        return Ok(exit);
    }
    // As exactly as it is remembered, so that the next look says the same.
    let at = now_in_millis();
    let confined = confinement(&*setting.runtime, &setting.containers);
    let look = Look {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        steps: setting.steps.iter().filter_map(version).collect(),
        at,
        took_ms: state.took_ms.unwrap_or_default(),
        targets: status::targets(&state, &confined, &remembered, at),
    };
    remember(&journal, &look);
    if let Some(path) = &metrics {
        write(path, &report::metrics(&look)?)?;
    }
    let text = match output {
        Output::Human => report::status(&look, view),
        Output::Json => report::status_json(&look),
    };
    // Only a reader who stopped reading makes this fail, and all is said and done by now.
    let _ = anstream::stdout().write_all(text.as_bytes());
    let required = setting.manifest.policy.apparmor == AppArmorPolicy::Required;
    let is_fine =
        |health| health == Health::Converged || health == Health::NotConfined && !required;
    Ok(match check && !look.targets.iter().all(|target| is_fine(target.health)) {
        true => NOT_AS_WANTED,
        false => 0,
    })
}

/// The features of each container that a run was to change and that is still here; of these, the targets that were named.
fn wanted(
    remembered: &[Standing],
    named: &[String],
    runtime: &dyn Runtime,
) -> Result<BTreeMap<String, Vec<String>>> {
    let here = runtime.list()?;
    let known = |name: &str| {
        let mut known = remembered.iter().filter(|standing| !standing.features.is_empty());
        known.find(|standing| standing.target == name)
    };
    if let Some(name) = named.iter().find(|name| known(name).is_none()) {
        // Whoever misspells a container is told so.
        if *name != HOST {
            runtime.config(name)?;
        }
        let name = crate::transport::printable(name);
        let message = format!("no run was to change `{name}`, so nobody knows what it is to have");
        return Err(Error::new(ErrorKind::Usage, "STATUS-UNKNOWN", message)
            .hint("Name the features: `phoenix-orch status --features docker --target NAME`."));
    }
    let targets: BTreeMap<String, Vec<String>> = remembered
        .iter()
        .filter(|standing| !standing.features.is_empty())
        .filter(|standing| named.is_empty() || named.contains(&standing.target))
        .filter(|standing| standing.target == HOST || here.contains(&standing.target))
        .map(|standing| (standing.target.clone(), standing.features.clone()))
        .collect();
    if targets.is_empty() {
        let message =
            "no run has changed anything on this host yet, so nobody knows what is wanted";
        return Err(Error::new(ErrorKind::Usage, "STATUS-UNKNOWN", message)
            .hint("Name features and targets: `phoenix-orch status --features docker --all`."));
    }
    Ok(targets)
}

fn now_in_millis() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// What the runtime says of the running ones. What cannot be asked has said so in the plan.
fn confinement(runtime: &dyn Runtime, containers: &[String]) -> BTreeMap<String, Confinement> {
    let of = |name: &String| Some((name.clone(), Confinement::of(&runtime.state(name).ok()?)?));
    containers.iter().filter_map(of).collect()
}

fn version((name, step): (&String, &Loaded)) -> Option<(String, String)> {
    match step {
        Loaded::Plugin(plugin) => Some((name.clone(), plugin.meta.version.to_string())),
        Loaded::Script(_) => None,
    }
}

/// The next look says since when. A look that cannot be written down is one all the same.
fn remember(journal: &Journal, look: &Look) {
    let found: Vec<_> = look
        .targets
        .iter()
        .map(|target| {
            let good = target.health == Health::Converged;
            (target.target.as_str(), target.health.word(), target.since, good)
        })
        .collect();
    if let Err(error) = journal.looked(look.at, &found) {
        report::warning(&format!("this look is not remembered: {error}"));
    }
}

/// In one go, so that the collector never reads half of it; it runs as another user, who may read it.
fn write(path: &Path, text: &str) -> Result<()> {
    whole_file::write(path, 0o644, text).map_err(|why| {
        let name = crate::transport::printable(&path.to_string_lossy());
        let message = format!("the metrics `{name}` cannot be written");
        Error::new(ErrorKind::Usage, "METRICS-UNWRITABLE", message)
            .cause(why)
            .hint("The folder has to be there; node_exporter's is the one behind `--collector.textfile.directory`.")
    })
}
