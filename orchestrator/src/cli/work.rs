//! `plan`, `run` and `verify`: the same engine with another mode.

use std::{collections::BTreeSet, io::Write as _, sync::Arc, time::Duration};

use phoenix_sdk::Consent;

use super::{
    approval::approved,
    args::{self, Global, Output, Patience, Plan, Run, Selection, Verify},
    ask::Terminal,
    setting::{Setting, package_cache, warn_of_direct_fetches},
    signals,
    transcripts::Folder,
};
use crate::{
    config::Restart,
    effect::Dockers,
    engine::{self, Ask, Claims, Fleet, Job, Mode, OnFailure, Sink, State, Transcripts},
    error::Result,
    journal::{Journal, JournalSink},
    lock::Locks,
    report::{self, Human, JsonLines, Progress},
};

pub(super) fn plan(global: &Global, verb: &Plan) -> Result<u8> {
    let folder = verb.transcript.clone().map(Folder);
    let order = Order {
        global,
        selection: &verb.selection,
        mode: Mode::Plan { check: verb.check },
        consents: BTreeSet::new(),
        patience: None,
        on_failure: OnFailure::Stop,
        transcripts: folder.as_ref().map(|folder| folder as &dyn Transcripts),
        shown: Shown::AsAsked,
    };
    let (state, exit) = work(order)?;
    if verb.selection.show.output == Output::Human {
        // Only a reader who stopped reading makes this fail, and all is said and done by now.
        let _ = anstream::stdout()
            .write_all(report::plan(&state, verb.selection.show.view(global)).as_bytes());
    }
    Ok(exit)
}

pub(super) fn run(global: &Global, verb: &Run) -> Result<u8> {
    let order = Order {
        global,
        selection: &verb.selection,
        mode: Mode::Run,
        consents: verb.allow.iter().map(|allow| Consent::from(*allow)).collect(),
        patience: Some(&verb.patience),
        on_failure: match verb.on_failure {
            args::OnFailure::Stop => OnFailure::Stop,
            args::OnFailure::Rollback => OnFailure::Rollback,
        },
        transcripts: None,
        shown: Shown::AsAsked,
    };
    work(order).map(|(_, exit)| exit)
}

pub(super) fn verify(global: &Global, verb: &Verify) -> Result<u8> {
    let order = Order {
        global,
        selection: &verb.selection,
        mode: Mode::Verify,
        consents: BTreeSet::new(),
        patience: Some(&verb.patience),
        on_failure: OnFailure::Stop,
        transcripts: None,
        shown: Shown::AsAsked,
    };
    work(order).map(|(_, exit)| exit)
}

/// What is to be done with the selected features.
pub(super) struct Order<'a> {
    pub(super) global: &'a Global,
    pub(super) selection: &'a Selection,
    pub(super) mode: Mode,
    /// What is allowed besides what the policy allows.
    pub(super) consents: BTreeSet<Consent>,
    /// Whoever brings patience wants the targets for itself.
    pub(super) patience: Option<&'a Patience>,
    pub(super) on_failure: OnFailure,
    pub(super) transcripts: Option<&'a dyn Transcripts>,
    pub(super) shown: Shown<'a>,
}

/// Where it is shown.
pub(super) enum Shown<'a> {
    /// On standard output, as the selection says.
    AsAsked,
    /// Here, and nobody is asked anything.
    To(&'a mut dyn Sink),
}

/// Does it, and gives where that ended and the exit code.
pub(super) fn work(order: Order<'_>) -> Result<(State, u8)> {
    let Order { global, selection, mode, mut consents, patience, on_failure, transcripts, shown } =
        order;
    let setting = Setting::new(global, selection)?;
    if setting.manifest.policy.restart == Restart::Allow {
        consents.insert(Consent::Restart);
    }
    let run = engine::run_name();
    let cache = package_cache(&setting.manifest);
    let mut fleet = Fleet::new(Arc::clone(&setting.runtime), &setting.containers)
        .fetching_through(cache.clone())
        .knowing(Dockers::kept_in(&global.state_dir));
    if let Some(patience) = patience {
        let locks = Locks::new(&global.state_dir, &run);
        fleet = fleet.claimed(Claims::new(locks, Duration::from_secs(patience.wait.into())));
    }
    let asked = signals::listen()?;
    let terminal = match shown {
        Shown::AsAsked => Terminal::new(selection.show.output, &asked.interrupted),
        Shown::To(_) => None,
    };
    let journal = Journal::open(&global.state_dir)?;
    let view = selection.show.view(global);
    let mut job = Job {
        run,
        mode,
        features: selection.features.clone(),
        manifest: &setting.manifest,
        steps: &setting.steps,
        graph: &setting.graph,
        fleet: &fleet,
        apparmor: setting.manifest.policy.apparmor,
        consents,
        ask: terminal.as_ref().map(|terminal| terminal as &dyn Ask),
        transcripts,
        jobs: selection.jobs.into(),
        memory: &journal,
        on_failure,
        interrupted: &asked.interrupted,
    };
    if let (Mode::Run, Some(terminal)) = (mode, &terminal) {
        job.mode = Mode::Plan { check: false };
        let allowed = approved(&job, terminal, &asked.interrupted, view)?;
        job.consents.extend(allowed);
        job.mode = mode;
    }
    let mut human = Human::new(anstream::stdout(), view);
    let mut progress = Progress::new(view);
    let mut json = JsonLines::new(std::io::stdout());
    let mut record = JournalSink(&journal);
    let mut sinks: Vec<&mut dyn Sink> = match (shown, selection.show.output, mode) {
        (Shown::To(sink), ..) => vec![sink],
        (_, Output::Json, _) => vec![&mut json],
        // A plan is shown whole at the end, in the order of the targets.
        (_, Output::Human, Mode::Plan { .. }) => vec![&mut progress],
        (_, Output::Human, _) => vec![&mut human, &mut progress],
    };
    // Written down before it is shown, and before it is done. A plan does nothing.
    if !matches!(mode, Mode::Plan { .. }) {
        sinks.insert(0, &mut record);
    }
    let result = engine::run(&job, sinks);
    asked.yield_to_the_end();
    warn_of_direct_fetches(cache.as_deref());
    result
}
