//! One run over simulated containers, and what it costs.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};
use phoenix_orch::{
    engine::{self, Claims, Job, Mode, Sink, State},
    journal::{Journal, JournalSink},
    lock::Locks,
    report::{Detail, Human, View, plan},
};
use serde::Serialize;

use crate::{
    process::{memory_kib, processor_time},
    scene::{Scene, told},
};

/// How often the memory is looked at.
const INTERVAL: Duration = Duration::from_millis(20);

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// `plan` or `run`.
    pub mode: Mode,
    /// How many containers.
    pub containers: usize,
    /// How many units at once.
    pub jobs: usize,
    /// How long a round trip takes.
    pub latency: Duration,
    /// Whether memory is looked at, which costs time itself.
    pub memory: bool,
}

/// What it has cost.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cost {
    /// How many containers.
    pub containers: usize,
    /// How many units of work there were.
    pub units: usize,
    /// From the first event to the last, in milliseconds: loading the steps is not in it.
    pub wall_ms: f64,
    /// Processor time of all processes meanwhile, in milliseconds.
    pub cpu_ms: f64,
    /// The same with everything before, loading the steps and what the host costs among it.
    pub cpu_with_start_ms: f64,
    /// The largest memory of all processes together, in KiB; 0 if nobody looked.
    pub memory_kib: u64,
    /// By how much the journal has grown, in bytes.
    pub journal_bytes: u64,
    /// How many rows of the journal are those of one event.
    pub loud_rows: usize,
    /// How many rows have all events of a target.
    pub quiet_rows: usize,
    /// How many events the journal gives back.
    pub events_read_back: usize,
}

/// Runs it, with the feature `docker` of this catalogue and the steps in this folder.
///
/// # Errors
/// When a unit fails, or is not converged: then it is not what was to be measured.
pub fn measure(
    order: &Order,
    catalogue: &Path,
    libraries: &Path,
    state_dir: &Path,
) -> Result<Cost> {
    let before = processor_time()?;
    let scene = Scene::new(order.containers, order.latency, catalogue, libraries)?;
    let run = format!("{}-{}", engine::run_name(), order.containers);
    let mut fleet = scene.fleet();
    if order.mode == Mode::Run {
        let locks = Locks::new(state_dir, &run);
        fleet = fleet.claimed(Claims::new(locks, Duration::ZERO));
    }
    let journal = Journal::open(state_dir).map_err(told)?;
    let size = journal_size(state_dir)?;
    let interrupted = AtomicBool::new(false);
    let job =
        Job { mode: order.mode, jobs: order.jobs, ..scene.job(&fleet, &journal, &interrupted) };
    let job = Job { run: run.clone(), ..job };
    let mut record = JournalSink(&journal);
    let view = View::new(Detail::Usual, false);
    let mut human = Human::new(std::io::sink(), view);
    // As the command line has it: a plan is shown at its end, and journaled never.
    let sinks: Vec<&mut dyn Sink> = match order.mode {
        Mode::Plan { .. } => Vec::new(),
        Mode::Run | Mode::Verify => vec![&mut record, &mut human],
    };
    let over = AtomicBool::new(false);
    let (begun, begin) = (processor_time()?, Instant::now());
    let (outcome, peak) = thread::scope(|scope| {
        let looks = order.memory.then(|| scope.spawn(|| peak(&over)));
        let outcome = engine::run(&job, sinks);
        over.store(true, Ordering::Relaxed);
        let failed = |_| Err(anyhow!("the thread that looks at the memory panicked"));
        let peak = looks.map_or(Ok(0), |looks| looks.join().unwrap_or_else(failed));
        (outcome, peak)
    });
    let (state, exit) = outcome.map_err(told)?;
    if matches!(order.mode, Mode::Plan { .. }) {
        drop(plan(&state, view));
    }
    let (wall, after) = (begin.elapsed(), processor_time()?);
    converged(&state, exit)?;
    let units = state.order.len();
    drop(state);
    let journal_bytes = journal_size(state_dir)?.saturating_sub(size);
    let (loud_rows, quiet_rows) = journal.rows(&run).map_err(told)?;
    Ok(Cost {
        containers: order.containers,
        units,
        wall_ms: millis(wall),
        cpu_ms: millis(after.saturating_sub(begun)),
        cpu_with_start_ms: millis(after.saturating_sub(before)),
        memory_kib: peak?,
        journal_bytes,
        loud_rows,
        quiet_rows,
        events_read_back: journal.events(&run).map_err(told)?.len(),
    })
}

/// Whether every unit came to its end with nothing to change.
fn converged(state: &State, exit: u8) -> Result<()> {
    let failure = state.failures().next();
    ensure!(failure.is_none() && exit == 0, "exit code {exit}: {failure:?}");
    let counts = state.counts();
    let wanted = || {
        let planned = state.units.iter().find(|(_, unit)| !unit.planned.is_empty());
        format!("{planned:?}")
    };
    ensure!(counts.unchanged == state.order.len(), "not converged: {counts:?}, {}", wanted());
    Ok(())
}

/// Looks at the memory until it is over.
fn peak(over: &AtomicBool) -> Result<u64> {
    let mut peak = memory_kib()?;
    while !over.load(Ordering::Relaxed) {
        thread::sleep(INTERVAL);
        peak = peak.max(memory_kib()?);
    }
    Ok(peak)
}

/// All of the journal, its log too.
fn journal_size(state_dir: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(state_dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("journal.sqlite") {
            size += entry.metadata()?.len();
        }
    }
    Ok(size)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
