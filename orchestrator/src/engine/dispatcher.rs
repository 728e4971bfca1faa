//! The one loop: takes ready units from the graph's queue, gives them to workers, hears how they end.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Mutex, atomic::AtomicBool, mpsc},
    thread,
    time::Instant,
};

use jiff::Timestamp;
use phoenix_sdk::{AppArmorPolicy, Consent};
use serde_json::Value;

use super::{
    Ask, Environment, Fleet, Memory, Sink, State, Transcripts,
    amends::make_amends,
    claim,
    doer::Doer,
    event::{Body, Outcome, millis},
    foresight::Foresight,
    recorder::Recorder,
    recover::recover,
    reverse::reverse,
    unit,
};
use crate::{
    catalog::Loaded,
    config::Manifest,
    error::{Error, ErrorKind, Result},
    graph::{Graph, Queue, Unit},
};

/// What is to be done with each unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Check, and change nothing.
    Plan {
        /// Something to change makes the exit code 3.
        check: bool,
    },
    /// Check and apply until check is empty, then verify.
    Run,
    /// Gather evidence, and change nothing.
    Verify,
}

impl Mode {
    fn verb(self) -> &'static str {
        match self {
            Self::Plan { .. } => "plan",
            Self::Run => "run",
            Self::Verify => "verify",
        }
    }
}

/// What becomes of the effects of a unit that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// They stay, and the report says how to take them back.
    #[default]
    Stop,
    /// They are taken back at once.
    Rollback,
}

/// The exit code of `plan --check` when there is something to change.
const CHANGES_FOUND: u8 = 3;

/// All that a run needs.
pub struct Job<'a> {
    /// The run's name, as [`run_name`] makes it.
    pub run: String,
    /// What is to be done.
    pub mode: Mode,
    /// The features asked for, for the first event.
    pub features: Vec<String>,
    /// Where steps and parameters come from.
    pub manifest: &'a Manifest,
    /// The loaded steps by name.
    pub steps: &'a BTreeMap<String, Loaded>,
    /// The units.
    pub graph: &'a Graph,
    /// The targets.
    pub fleet: &'a Fleet,
    /// From the policy.
    pub apparmor: AppArmorPolicy,
    /// What the operator allowed.
    pub consents: BTreeSet<Consent>,
    /// Who can be asked for more.
    pub ask: Option<&'a dyn Ask>,
    /// Who keeps what steps ask in `check`.
    pub transcripts: Option<&'a dyn Transcripts>,
    /// How many units may run at once.
    pub jobs: usize,
    /// What is remembered across runs.
    pub memory: &'a dyn Memory,
    /// What becomes of a unit's effects when it fails.
    pub on_failure: OnFailure,
    /// Set by the first Ctrl-C.
    pub interrupted: &'a AtomicBool,
}

impl Job<'_> {
    pub(super) fn step(&self, unit: &Unit) -> Result<&Loaded> {
        self.steps.get(&unit.step).ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "STEP-UNKNOWN",
                format!("step `{}` is not loaded", unit.step),
            )
            .hint("This is a defect of phoenix-orch; please report it.")
        })
    }

    pub(super) fn params(&self, unit: &Unit) -> Value {
        match self.manifest.plugins.get(&unit.step) {
            Some(plugin) => plugin.params_for(&unit.target),
            None => Value::Null,
        }
    }

    pub(super) fn has_own_params(&self, unit: &Unit) -> bool {
        let plugin = self.manifest.plugins.get(&unit.step);
        plugin.is_some_and(|plugin| plugin.overrides.contains_key(&unit.target))
    }
}

/// Takes all units through their life, and returns where the run ended and the exit code.
///
/// # Errors
/// Only when a sink fails; what fails in a unit is in the state.
pub fn run<'a>(job: &Job<'a>, sinks: Vec<&'a mut dyn Sink>) -> Result<(State, u8)> {
    let begin = Instant::now();
    let recorder = Recorder::new(job.run.clone(), sinks, job.interrupted);
    let _logged = recorder.logged();
    recorder.emit(Body::RunStarted {
        verb: job.mode.verb().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        features: job.features.clone(),
        units: job.graph.order().cloned().collect(),
        waits_for: job.graph.waits_for(),
        environment: Some(Box::new(Environment::of_this_host(job.fleet.runtime()))),
        takes_back: None,
    })?;
    dispatch(job, &recorder)?;
    let state = recorder.state();
    let exit = match (state.exit(), job.mode) {
        (0, Mode::Plan { check: true }) if state.counts().changes > 0 => CHANGES_FOUND,
        // Nothing speaks against what has no evidence, and nothing for it.
        (0, Mode::Verify) if state.counts().unproven > 0 => ErrorKind::Verify.exit_code(),
        (exit, _) => exit,
    };
    recorder.emit(Body::RunFinished { took_ms: millis(begin.elapsed()), exit })?;
    Ok((recorder.state(), exit))
}

fn dispatch(job: &Job<'_>, recorder: &Recorder<'_>) -> Result<()> {
    let mut queue = Queue::new(job.graph);
    let mut open = OpenTargets::new(job);
    let (recovered, foresight) = (Recovered::default(), Foresight::default());
    let workers = job.jobs.max(1).min(job.graph.order().count());
    let (give, take) = mpsc::channel::<Unit>();
    let take = Mutex::new(take);
    let (report, ended) = mpsc::channel::<Result<(Unit, bool)>>();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (take, report) = (&take, report.clone());
            let (recovered, foresight) = (&recovered, &foresight);
            scope.spawn(move || {
                while let Some(unit) = next(take) {
                    let ok = live(job, recorder, recovered, foresight, &unit);
                    if report.send(ok.map(|ok| (unit, ok))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(report);
        let mut running = 0_usize;
        let outcome = loop {
            // No more than can run are taken: the queue prefers to finish targets that were begun.
            while running < workers
                && let Some(unit) = queue.next_ready()
            {
                running += 1;
                // Workers end only when this sender is dropped.
                let _ = give.send(unit.clone());
            }
            if running == 0 {
                break Ok(());
            }
            let Ok(end) = ended.recv() else { break Ok(()) };
            running -= 1;
            match end {
                Err(error) => break Err(error),
                Ok((unit, ok)) => {
                    for (unit, because) in queue.finish(&unit, ok) {
                        open.settled(&unit);
                        recorder.emit(Body::UnitSkipped { unit, because })?;
                    }
                    open.settled(&unit);
                }
            }
        };
        drop(give);
        outcome
    })
}

/// How many units each target still has before it: a session is not kept longer than it is needed, so
/// that a run over many containers has only a few open at once.
struct OpenTargets<'a> {
    fleet: &'a Fleet,
    left: BTreeMap<&'a str, usize>,
}

impl<'a> OpenTargets<'a> {
    fn new(job: &Job<'a>) -> Self {
        let mut left = BTreeMap::new();
        for unit in job.graph.order() {
            *left.entry(unit.target.as_str()).or_default() += 1;
        }
        Self { fleet: job.fleet, left }
    }

    fn settled(&mut self, unit: &Unit) {
        if let Some(left) = self.left.get_mut(unit.target.as_str()) {
            *left -= 1;
            if *left == 0 {
                self.fleet.close(&unit.target);
            }
        }
    }
}

fn next(take: &Mutex<mpsc::Receiver<Unit>>) -> Option<Unit> {
    take.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv().ok()
}

/// What was found of earlier runs on each target, once its first unit has begun.
type Recovered = Mutex<BTreeMap<String, Result<BTreeMap<Unit, Error>>>>;

/// Settles a target before its first unit begins. Units of one target never run at the same time.
fn recovered(job: &Job<'_>, recorder: &Recorder<'_>, known: &Recovered, unit: &Unit) -> Result<()> {
    if job.mode != Mode::Run {
        return Ok(());
    }
    let lock = || known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seen = lock().get(&unit.target).cloned();
    let seen = match seen {
        Some(seen) => seen,
        None => {
            let seen = recover(job.fleet, job.memory, recorder, &unit.target).and_then(|found| {
                make_amends(job.fleet, job.memory, recorder, &unit.target).map(|()| found)
            });
            lock().insert(unit.target.clone(), seen.clone());
            seen
        }
    };
    seen?.remove(unit).map_or(Ok(()), Err)
}

fn live(
    job: &Job<'_>,
    recorder: &Recorder<'_>,
    known: &Recovered,
    foresight: &Foresight,
    unit: &Unit,
) -> Result<bool> {
    let begin = Instant::now();
    let _logged = recorder.logged_of(unit);
    recorder.emit(Body::UnitStarted { unit: unit.clone() })?;
    // A defect of ours costs one unit, and neither the run nor the other targets.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        recorder
            .checkpoint()
            .and_then(|()| claim::claim(job.fleet, recorder, unit))
            .and_then(|()| recovered(job, recorder, known, unit))
            .and_then(|()| unit::live(job, recorder, foresight, unit))
            .map_err(|error| failed(job, recorder, unit, error))
    }));
    let outcome = outcome.unwrap_or_else(|_| Err(Error::panic()));
    let outcome = outcome.unwrap_or_else(|error| Outcome::Failed { error: (&error).into() });
    let ok = !matches!(outcome, Outcome::Failed { .. });
    let took_ms = millis(begin.elapsed());
    recorder.emit(Body::UnitFinished { unit: unit.clone(), outcome, took_ms })?;
    Ok(ok)
}

/// What becomes of a failed unit's effects.
fn failed(job: &Job<'_>, recorder: &Recorder<'_>, unit: &Unit, error: Error) -> Error {
    let effects = recorder.effects_of(unit);
    let left = reverse(&effects);
    let impossible = left.iter().flat_map(|reversal| &reversal.impossible);
    let error = impossible.fold(error, |error, what| error.hint(format!("It {what}.")));
    if left.iter().all(|reversal| reversal.deeds.is_empty()) {
        return error;
    }
    let hands = match (job.on_failure, job.fleet.hands(&unit.target)) {
        (OnFailure::Rollback, Ok(hands)) => hands,
        _ => {
            return error.hint(format!(
                "What it has changed so far stays; `phoenix-orch rollback {} --target {}` takes it back.",
                recorder.run(),
                unit.target
            ));
        }
    };
    Doer { fleet: job.fleet, memory: job.memory, recorder, unit, hands }.undone(error, &effects)
}

/// A name for a run of this process. It sorts by time, and is unique on a host: the time in seconds and
/// the process's number.
pub fn run_name() -> String {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    format!("{now}-{}", std::process::id())
}
