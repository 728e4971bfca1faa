//! `cargo xtask bench <what>`: what the product costs, measured. For people who look at the figures: a test
//! that measured time would fail on a busy machine, and prove nothing on an idle one.
//!
//! `sampler` runs commands and says what they cost, `statistics` makes figures of that, `record` keeps and
//! shows them, `bed` is a host with converged containers. Each benchmark is one file beside these.

mod bed;
mod confinement;
mod record;
mod sampler;
mod statistics;

use anyhow::{Result, bail};
use clap::Subcommand;
use xtask::interrupt;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// What it costs that steps are confined: a converged run, against a build that calls them in-process.
    Confinement(confinement::Options),
}

pub(crate) fn run(verb: &Verb) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("the benchmarks make LXC containers, and need root");
    }
    interrupt::listen()?;
    match verb {
        Verb::Confinement(options) => confinement::run(options),
    }
}
