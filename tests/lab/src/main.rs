//! `phoenix-lab`: what Docker in a confined container must manage, and what root in it must not.
//!
//! It runs as root on an LXC host whose kernel enforces AppArmor, against a container that is there
//! already and has Docker. It knows nothing about phoenix-orch but the profile that it installs.

mod attempts;
mod audit;
mod compare;
mod mutation;
mod policy;
mod record;
mod storage;
mod target;
mod workload;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::say;

use crate::target::Target;

/// Judges the confinement of one LXC container that has Docker. Everything it does is undone.
#[derive(Parser)]
#[command(name = "phoenix-lab", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run Docker's workload in the container; every failure and every denial counts.
    Workload {
        /// The container.
        name: String,
        /// Run only this case and what it needs; may be given more than once.
        #[arg(long = "case", value_name = "CASE")]
        cases: Vec<String>,
        /// Print the result as JSON on stdout.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        parser: policy::Parser,
    },
    /// Try as root in the container what it must not manage, and find out who stops it.
    Attempts(attempts::Options),
    /// Compare the old script's profile, LXC's generated one and ours; a Markdown table on stdout.
    Compare(compare::Options),
    /// Take every group of rules out of our profile in turn, and see that something notices.
    Mutation(mutation::Options),
    /// Compare the storage drivers vfs and fuse-overlayfs; a Markdown table on stdout.
    Storage {
        /// The container.
        name: String,
    },
    /// Inside the container: try these, one JSON line each on stdout.
    #[command(hide = true)]
    Inside {
        /// The attempts; all if there are none.
        ids: Vec<String>,
    },
    /// Inside the container: try one in this very process.
    #[command(hide = true)]
    Attempt {
        /// The attempt.
        id: String,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().verb) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say::failure(&error);
            ExitCode::from(2)
        }
    }
}

/// Whether everything was as it must be.
fn run(verb: Verb) -> Result<bool> {
    match verb {
        Verb::Workload { name, cases, json, parser } => {
            let target = Target::open(&name)?;
            let report = parser.with_ours(|| workload::run(&target, &cases))?;
            workload::tell(&report);
            if json {
                anstream::println!("{}", serde_json::to_string_pretty(&report)?);
            }
            Ok(report.is_clean())
        }
        Verb::Attempts(options) => attempts::run(&options),
        Verb::Compare(options) => compare::run(&options),
        Verb::Mutation(options) => mutation::run(&options),
        Verb::Storage { name } => storage::run(&name).map(|()| true),
        Verb::Inside { ids } => attempts::inside(&ids).map(|()| true),
        Verb::Attempt { id } => attempts::one(&id).map(|()| true),
    }
}
