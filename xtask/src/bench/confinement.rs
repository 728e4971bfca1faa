//! What it costs that steps are confined: the product, and a build that is the same but for calling the steps
//! in its own process, on the same converged containers, in turns.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use xtask::{lab::product, process, say, workspace};

use super::{
    bed::{self, Bed, targetless, unacquainted},
    record::{self, Comparison, Machine, Record},
    sampler::{Rounds, Sampler},
};

/// The feature of phoenix-orch that takes the confinement away.
const FEATURE: &str = "in-process";

/// How much is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many containers a run works on.
    #[arg(long, default_value_t = 10)]
    containers: usize,
    #[command(flatten)]
    rounds: Rounds,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = workspace::target().join("bench");
    bed::prepare(&folder)?;
    let builds = build(&folder)?;
    let bed = Bed::make(&folder, &builds[0], options.containers)?;
    let [confined, in_process] = &builds;
    let run = |binary: &Path| bed.command(binary, "run");
    let plan = |binary: &Path| bed.command(binary, "plan");
    // Needs no container: it loads the steps and puts them in order.
    let graph = |binary: &Path| unacquainted(&folder, binary, &["graph", "--features", "docker"]);
    let commit = record::commit()?;
    let [run, plan, graph] = say::timed("measuring", || {
        Sampler::new()?.in_turns(
            options.rounds,
            [
                [&|| run(confined), &|| run(in_process)],
                [&|| plan(confined), &|| plan(in_process)],
                [&|| graph(confined), &|| graph(in_process)],
            ],
        )
    })?;
    let comparisons = vec![
        Comparison::of("run", &run)?,
        Comparison::of("plan", &plan)?,
        Comparison::of("graph", &graph)?,
    ];
    let record = Record {
        benchmark: "confinement",
        date: record::date()?,
        commit,
        machine: Machine::this()?,
        containers: options.containers,
        rounds: options.rounds.counted,
        warm_up: options.rounds.warm_up,
        comparisons,
    };
    record.publish(["confined", FEATURE])
}

/// Both builds, each in a folder with the same libraries of the steps.
fn build(folder: &Path) -> Result<[PathBuf; 2]> {
    product::build_shipped()?;
    let target = workspace::target().join(FEATURE);
    say::timed("building phoenix-orch without confinement", || {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--profile", product::SHIPPED, "--features", FEATURE]);
        cargo.args(["--package", "phoenix-orch"]);
        process::live(cargo.arg("--target-dir").arg(&target).stdin(Stdio::null()))
    })?;
    let (names, shipped) = (product::names(), product::shipped());
    let copy = |from: &Path, to: &Path| {
        fs::copy(from, to).with_context(|| format!("cannot copy `{}`", from.display()))
    };
    let lay = |build: &str| -> Result<PathBuf> {
        let build = folder.join(build);
        fs::create_dir_all(&build)
            .with_context(|| format!("cannot create `{}`", build.display()))?;
        for name in &names {
            copy(&shipped.join(name), &build.join(name))?;
        }
        Ok(build.join(product::BINARY))
    };
    let [confined, in_process] = [lay("confined")?, lay(FEATURE)?];
    copy(&target.join(product::SHIPPED).join(product::BINARY), &in_process)?;
    for (binary, confines) in [(&confined, true), (&in_process, false)] {
        let mut list = targetless(folder, binary, &["plugins", "list", "--output", "json"]);
        if process::quiet(&mut list)?.stdout.contains("CONFINES NOTHING") == confines {
            bail!("`{}` is not the build that it should be", binary.display());
        }
    }
    Ok([confined, in_process])
}
