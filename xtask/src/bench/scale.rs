//! What many containers cost: the engine and the real steps over containers in memory (`tests/simulated`), from 100 to
//! 10,000. Needs no machine beside this one, and no LXC.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use xtask::{interrupt, lab::product, process, say, workspace};

use super::{
    fit::Fit,
    fleet_table::time,
    publish::publish,
    record::{self, Machine},
    statistics::Spread,
};

/// How much is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many containers, each in turn.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1_000, 10_000])]
    containers: Vec<usize>,
    /// How often each is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// The smallest fleet that the fit is made of: below that, the start is most of the cost.
const SMALLEST_FITTED: usize = 100;

/// As `phoenix-simulated` prints it.
#[derive(Deserialize)]
struct Cost {
    units: usize,
    wall_ms: f64,
    cpu_ms: f64,
    memory_kib: u64,
    journal_bytes: u64,
    loud_rows: usize,
    quiet_rows: usize,
}

/// What was found.
#[derive(Serialize)]
struct Record {
    benchmark: &'static str,
    date: String,
    commit: String,
    machine: Machine,
    rounds: usize,
    plan: Vec<Size>,
    run: Vec<Size>,
    /// Of the processor time of `plan` over the number of containers.
    fit: Fit,
}

/// A verb over so many containers.
#[derive(Serialize)]
struct Size {
    containers: usize,
    units: usize,
    cpu_ms_per_container: Spread,
    wall_ms: Spread,
    memory_mib: f64,
    journal_bytes_per_container: f64,
    journal_rows: usize,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    product::build_shipped()?;
    let binary = build()?;
    let commit = record::commit()?;
    let measure = |verb: &str| {
        let sizes = options.containers.iter();
        sizes.map(|count| size(&binary, verb, *count, options.rounds)).collect::<Result<Vec<_>>>()
    };
    let plan = say::timed("plan", || measure("plan"))?;
    let run = say::timed("run", || measure("run"))?;
    let points = plan.iter().filter(|size| size.containers >= SMALLEST_FITTED).map(|size| {
        let count = size.containers as f64;
        (count, size.cpu_ms_per_container.median * count)
    });
    let fit = Fit::of(&points.collect::<Vec<_>>()).context("a fit needs two sizes")?;
    Record {
        benchmark: "scale",
        date: record::date()?,
        commit,
        machine: Machine::this()?,
        rounds: options.rounds,
        plan,
        run,
        fit,
    }
    .publish()
}

fn build() -> Result<PathBuf> {
    say::timed("building the simulation", || {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--profile", product::SHIPPED, "--package", "phoenix-simulated"]);
        process::live(&mut cargo)
    })?;
    Ok(product::shipped().join("phoenix-simulated"))
}

fn size(binary: &Path, verb: &str, containers: usize, rounds: usize) -> Result<Size> {
    let costs: Vec<Cost> =
        (0..rounds).map(|_| cost(binary, verb, containers, false)).collect::<Result<_>>()?;
    // Looking at the memory costs time, so that is a round of its own.
    let looked = cost(binary, verb, containers, true)?;
    let count = containers as f64;
    let spread = |value: &dyn Fn(&Cost) -> f64| {
        Spread::of(costs.iter().map(value)).context("nothing was measured")
    };
    Ok(Size {
        containers,
        units: looked.units,
        cpu_ms_per_container: spread(&|cost| cost.cpu_ms / count)?,
        wall_ms: spread(&|cost| cost.wall_ms)?,
        memory_mib: (looked.memory_kib as f64 / 102.4).round() / 10.0,
        journal_bytes_per_container: (looked.journal_bytes as f64 / count).round(),
        journal_rows: looked.loud_rows + looked.quiet_rows,
    })
}

fn cost(binary: &Path, verb: &str, containers: usize, memory: bool) -> Result<Cost> {
    interrupt::check()?;
    let mut command = Command::new(binary);
    command.arg(verb).arg("--config").arg(workspace::root().join("plugins.toml"));
    command.arg("--containers").arg(containers.to_string());
    command.args(memory.then_some("--memory"));
    let output = process::quiet(&mut command)?;
    serde_json::from_str(&output.stdout).context("the simulation printed something else")
}

impl Record {
    /// Shows it, and writes it down.
    fn publish(&self) -> Result<()> {
        publish("scale", self, &self.table())
    }

    fn table(&self) -> String {
        let mut text = format!("{}, {}\n\n", self.date, self.machine.line(&self.commit));
        let _ = writeln!(
            text,
            "| {} rounds | containers | CPU per container | wall | memory (PSS) | journal per container | rows |\n\
             |---|---|---|---|---|---|---|",
            self.rounds
        );
        for (verb, sizes) in [("plan", &self.plan), ("run", &self.run)] {
            for size in sizes {
                let _ = writeln!(
                    text,
                    "| `{verb}` | {} | **{:.2} ms** | {} | {:.1} MiB | {:.0} bytes | {} |",
                    size.containers,
                    size.cpu_ms_per_container.median,
                    time(size.wall_ms),
                    size.memory_mib,
                    size.journal_bytes_per_container,
                    size.journal_rows,
                );
            }
        }
        let Fit { exponent, r_squared } = self.fit;
        text + &format!(
            "\nThe CPU of `plan` grows as n^{exponent:.3} from {SMALLEST_FITTED} containers on; R^2 of the best straight \
             line is {r_squared:.5}.\n"
        )
    }
}
