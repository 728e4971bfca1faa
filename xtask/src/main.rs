//! `cargo xtask <chore>`.

mod demo;
mod docs;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::say;

/// The project's chores. Each does all its own preparation, on a fresh Debian machine, as root.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Bring Docker up in a real unprivileged LXC container on this machine, twice.
    Demo(demo::Options),
    /// Write docs/errors.md anew from the code tables.
    Docs,
    /// Run every test there is: style, lints, units, laws, documentation, real containers.
    Test,
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<()> {
    match chore {
        Chore::Demo(options) => demo::run(&options),
        Chore::Docs => docs::run(),
        Chore::Test => test::run(),
    }
}
