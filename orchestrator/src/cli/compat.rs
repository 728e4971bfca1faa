//! `compat`: under the arguments, the exit codes and the log of the scripts that came before, so that the old
//! orchestrator calls the new steps unchanged. A symbolic link with a script's name does the same.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use phoenix_sdk::Consent;

use super::{
    args::{Compat, CompatVerb, Global, Patience, Selection},
    work::{Order, Shown, work},
};
use crate::{
    engine::{Mode, OnFailure},
    error::Result,
    graph::HOST,
    report::{Level, ScriptLog},
};

/// What each script is replaced by.
const SCRIPTS: &[(&str, &str)] = &[
    (DOCKER, "install-docker"),
    (APPARMOR, "setup-apparmor"),
    ("hypervisor_feature_fix_apparmor_tunables.sh", "setup-apparmor"),
];
const DOCKER: &str = "phoenix_hypervisor_feature_install_docker.sh";
const APPARMOR: &str = "hypervisor_feature_setup_apparmor.sh";
/// Where all of them wrote.
const LOG: &str = "/var/log/phoenix_hypervisor.log";

/// The scripts' own exit codes.
const FAILED: u8 = 1;
const USAGE: u8 = 2;

type Log = ScriptLog<anstream::Stderr, File>;

/// The command line of whoever is called by a script's name.
pub(super) fn called_as_script() -> Option<Vec<OsString>> {
    let mut words = env::args_os();
    let called = words.next()?;
    let name = Path::new(&called).file_name()?.to_str()?.to_owned();
    let (_, verb) = SCRIPTS.iter().find(|(script, _)| *script == name)?;
    let all = ["phoenix-orch", "compat", verb, "--script", &name].map(OsString::from);
    Some(all.into_iter().chain(words).collect())
}

/// Does what a script did, and gives its exit code.
pub(super) fn run(global: &Global, verb: &Compat) -> u8 {
    let (script, feature, target) = match &verb.verb {
        CompatVerb::InstallDocker { container, .. } => (DOCKER, "docker", container.as_deref()),
        CompatVerb::SetupApparmor { .. } => (APPARMOR, "confinement", Some(HOST)),
    };
    let words = verb.verb.words();
    let mut log = open(words.script.as_deref().unwrap_or(script));
    let is_container = |name: &&str| script != DOCKER || *name != HOST;
    let Some(target) = target.filter(is_container) else {
        log.say(Level::Fatal, &format!("Missing arguments. Usage: {script} <CTID>"));
        return USAGE;
    };
    let consents: BTreeSet<Consent> =
        words.allow.iter().map(|allow| Consent::from(*allow)).collect();
    match perform(global, feature, target, consents, &mut log) {
        Ok(0) => 0,
        Ok(_) => FAILED,
        Err(error) => {
            log.fatal(&error);
            FAILED
        }
    }
}

fn perform(
    global: &Global,
    feature: &str,
    target: &str,
    consents: BTreeSet<Consent>,
    log: &mut Log,
) -> Result<u8> {
    let dry = is_true("DRY_RUN");
    let selection = Selection::of(feature, target);
    let patience = Patience { wait: 0 };
    let order = Order {
        global,
        selection: &selection,
        mode: if dry { Mode::Plan { check: false } } else { Mode::Run },
        consents,
        patience: (!dry).then_some(&patience),
        on_failure: OnFailure::Stop,
        transcripts: None,
        shown: Shown::To(log),
    };
    work(order).map(|(_, exit)| exit)
}

fn open(script: &str) -> Log {
    let file = OpenOptions::new().append(true).create(true).mode(0o640).open(LOG);
    let (file, refused) = match file {
        Ok(file) => (Some(file), None::<io::Error>),
        Err(error) => (None, Some(error)),
    };
    let debug = is_true("PHOENIX_DEBUG");
    let mut log = ScriptLog::new(script, anstream::stderr(), file, debug, is_true("DRY_RUN"));
    if let Some(error) = refused {
        log.say(Level::Warn, &format!("`{LOG}` cannot be written: {error}"));
    }
    log
}

fn is_true(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| value == "true")
}
