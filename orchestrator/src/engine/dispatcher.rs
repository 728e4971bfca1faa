//! The one loop: takes ready units from the graph's queue, gives them to workers, hears how they end.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

use jiff::Timestamp;
use phoenix_sdk::{AppArmorPolicy, Change, Consent, Observed};
use serde_json::Value;

use super::{
    Fleet, Owed, Sink, State, claim,
    event::{Body, Event, FORMAT, Outcome, millis},
    unit,
};
use crate::{
    catalog::LoadedStep,
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

/// The exit code of `plan --check` when there is something to change.
const CHANGES_FOUND: u8 = 3;

/// All that a run needs.
pub struct Job<'a> {
    /// The run's name, see [`run_name`].
    pub run: String,
    /// What is to be done.
    pub mode: Mode,
    /// The features asked for, for the first event.
    pub features: Vec<String>,
    /// Where steps and parameters come from.
    pub manifest: &'a Manifest,
    /// The loaded steps by name.
    pub steps: &'a BTreeMap<String, LoadedStep>,
    /// The units.
    pub graph: &'a Graph,
    /// The targets.
    pub fleet: &'a Fleet,
    /// From the policy.
    pub apparmor: AppArmorPolicy,
    /// What the operator allowed.
    pub consents: BTreeSet<Consent>,
    /// How many units may run at once.
    pub jobs: usize,
    /// Units whose verification is owed.
    pub owed: &'a Owed,
    /// Set by the first Ctrl-C.
    pub interrupted: &'a AtomicBool,
}

impl Job<'_> {
    pub(super) fn step(&self, unit: &Unit) -> Result<&LoadedStep> {
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

/// Gives events their number and time, and takes them to the sinks one at a time.
pub(super) struct Recorder<'a> {
    run: String,
    seq: AtomicU64,
    effects: AtomicU64,
    sinks: Mutex<(State, Vec<&'a mut dyn Sink>)>,
    interrupted: &'a AtomicBool,
}

impl Recorder<'_> {
    pub(super) fn emit(&self, body: Body) -> Result<()> {
        let mut guard = self.sinks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (state, sinks) = &mut *guard;
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let event =
            Event { format: FORMAT, run: self.run.clone(), seq, at: Timestamp::now(), body };
        state.fold(&event);
        sinks.iter_mut().try_for_each(|sink| sink.hear(&event))
    }

    /// Says what is about to happen, and returns when every sink has it.
    pub(super) fn intend(
        &self,
        unit: &Unit,
        change: &Change,
        before: Option<&Observed>,
    ) -> Result<u64> {
        let effect = self.effects.fetch_add(1, Ordering::Relaxed) + 1;
        self.emit(Body::Intended {
            unit: unit.clone(),
            effect,
            change: change.clone(),
            before: before.cloned(),
        })?;
        Ok(effect)
    }

    /// Between effects, an interrupted run ends here.
    pub(super) fn checkpoint(&self) -> Result<()> {
        if !self.interrupted.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Interrupted, "INTERRUPTED", "interrupted by you")
            .hint("Run again: it goes on where it stopped."))
    }
}

/// Takes all units through their life, and returns where the run ended and the exit code.
///
/// # Errors
/// Only when a sink fails; what fails in a unit is in the state.
pub fn run<'a>(job: &Job<'a>, sinks: Vec<&'a mut dyn Sink>) -> Result<(State, u8)> {
    let begin = Instant::now();
    let recorder = Recorder {
        run: job.run.clone(),
        seq: AtomicU64::new(0),
        effects: AtomicU64::new(0),
        sinks: Mutex::new((State::default(), sinks)),
        interrupted: job.interrupted,
    };
    recorder.emit(Body::RunStarted {
        verb: job.mode.verb().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        features: job.features.clone(),
        units: job.graph.order().cloned().collect(),
    })?;
    dispatch(job, &recorder)?;
    let state = recorder.state();
    let exit = match (state.exit(), job.mode) {
        (0, Mode::Plan { check: true }) if state.counts().changes > 0 => CHANGES_FOUND,
        (exit, _) => exit,
    };
    recorder.emit(Body::RunFinished { took_ms: millis(begin.elapsed()), exit })?;
    Ok((state, exit))
}

impl Recorder<'_> {
    fn state(&self) -> State {
        self.sinks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0.clone()
    }
}

fn dispatch(job: &Job<'_>, recorder: &Recorder<'_>) -> Result<()> {
    let mut queue = Queue::new(job.graph);
    let mut open = OpenTargets::new(job);
    let workers = job.jobs.max(1).min(job.graph.order().count());
    let (give, take) = mpsc::channel::<Unit>();
    let take = Mutex::new(take);
    let (report, ended) = mpsc::channel::<Result<(Unit, bool)>>();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (take, report) = (&take, report.clone());
            scope.spawn(move || {
                while let Some(unit) = next(take) {
                    let ok = live(job, recorder, &unit);
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

fn live(job: &Job<'_>, recorder: &Recorder<'_>, unit: &Unit) -> Result<bool> {
    let begin = Instant::now();
    recorder.emit(Body::UnitStarted { unit: unit.clone() })?;
    // A defect of ours costs one unit, and neither the run nor the other targets.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        recorder.checkpoint()?;
        claim::claim(job, recorder, unit)?;
        unit::live(job, recorder, unit)
    }));
    let outcome = outcome.unwrap_or_else(|_| Err(Error::panic()));
    let outcome = outcome.unwrap_or_else(|error| Outcome::Failed { error: (&error).into() });
    let ok = !matches!(outcome, Outcome::Failed { .. });
    let took_ms = millis(begin.elapsed());
    recorder.emit(Body::UnitFinished { unit: unit.clone(), outcome, took_ms })?;
    Ok(ok)
}

/// A name for a run of this process. It sorts by time, and is unique on a host: the time in seconds and
/// the process's number.
pub fn run_name() -> String {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    format!("{now}-{}", std::process::id())
}
