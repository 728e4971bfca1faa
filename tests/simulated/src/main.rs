//! `phoenix-simulated plan --containers 1000`: one measurement, as a line of JSON. `cargo xtask bench scale` calls it.

use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};
use phoenix_orch::{catalog::host, engine::Mode};
use phoenix_simulated::cost::{Order, measure};

/// One run over containers in memory, and what it costs.
#[derive(Parser)]
struct Arguments {
    verb: Verb,
    /// The catalogue, whose feature `docker` is taken.
    #[arg(long)]
    config: PathBuf,
    #[arg(long, default_value_t = 100)]
    containers: usize,
    #[arg(long, default_value_t = 8)]
    jobs: usize,
    /// How long a round trip into a container takes, in microseconds.
    #[arg(long, default_value_t = 0)]
    latency_us: u64,
    /// Looks at the memory meanwhile, which costs processor time itself.
    #[arg(long)]
    memory: bool,
    /// Where the journal is kept; without it, in a folder that goes at the end.
    #[arg(long)]
    state_dir: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Verb {
    Plan,
    Run,
}

fn main() -> Result<ExitCode> {
    // The steps' processes are this program too, as they are phoenix-orch in the product.
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(host::VERB) {
        return Ok(host::run(&arguments.collect::<Vec<_>>()));
    }
    let arguments = Arguments::parse();
    let order = Order {
        mode: match arguments.verb {
            Verb::Plan => Mode::Plan { check: true },
            Verb::Run => Mode::Run,
        },
        containers: arguments.containers,
        jobs: arguments.jobs,
        latency: Duration::from_micros(arguments.latency_us),
        memory: arguments.memory,
    };
    let temporary = tempfile::tempdir().context("no temporary folder")?;
    let state_dir = arguments.state_dir.as_deref().unwrap_or(temporary.path());
    let program = std::env::current_exe()?;
    let libraries = program.parent().context("this program is in no folder")?;
    let cost = measure(&order, &arguments.config, libraries, state_dir)?;
    let line = serde_json::to_string(&cost)?;
    writeln!(std::io::stdout(), "{line}").context("cannot print")?;
    Ok(ExitCode::SUCCESS)
}
