//! `cargo xtask bench <what>`: what the product costs, measured. For people who look at the figures: a test
//! that measured time would fail on a busy machine, and prove nothing on an idle one.
//!
//! `sampler` runs commands and says what they cost, `statistics` makes figures of that, `publish` keeps and
//! shows them, `bed` is a host with converged containers. `competitor` and `peers` are those who are compared, `honesty` whether they do
//! the work; their recipes are in `xtask/bench`. Each benchmark is one file beside these.

mod bed;
mod chart;
mod cold;
mod competitor;
mod confinement;
mod fit;
mod fleet;
mod fleet_table;
mod honesty;
mod host_files;
mod peers;
mod publish;
mod record;
mod sampler;
mod scale;
mod start;
mod statistics;
mod timeline;
mod venv;

use anyhow::{Result, bail};
use clap::Subcommand;
use xtask::interrupt;

/// What is to be measured; without a verb, `fleet`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Bench {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    fleet: fleet::Options,
}

/// What can be measured.
#[derive(Subcommand)]
enum Verb {
    /// What it costs to see that nothing is to be changed: the product, the least that can be done, a script, and other tools.
    Fleet(fleet::Options),
    /// What a first install costs, with packages that need no download: the least that has to be done, the product, and others.
    Cold(cold::Options),
    /// What it costs that phoenix-orch starts, and that it loads and confines the steps.
    Start(start::Options),
    /// What it costs that steps are confined: a converged run, against a build that calls them in-process.
    Confinement(confinement::Options),
    /// What many containers cost, in memory: processor time and memory from 10 to 10,000. Makes no containers.
    Scale(scale::Options),
}

pub(crate) fn run(bench: &Bench) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("the benchmarks make LXC containers, and need root");
    }
    interrupt::listen()?;
    match bench.verb.as_ref().unwrap_or(&Verb::Fleet(bench.fleet.clone())) {
        Verb::Fleet(options) => fleet::run(options),
        Verb::Cold(options) => cold::run(options),
        Verb::Start(options) => start::run(options),
        Verb::Confinement(options) => confinement::run(options),
        Verb::Scale(options) => scale::run(options),
    }
}
