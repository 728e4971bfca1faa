//! What it costs that steps are confined: the product, and a build that is the same but for calling the steps
//! in its own process, on the same converged containers, in turns.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use xtask::{lab::product, process, say, workspace};

use super::{
    bed::{self, Bed, targetless},
    record::{self, Comparison, Machine, Record},
    sampler::{Sample, Sampler},
};

/// The feature of phoenix-orch that takes the confinement away.
const FEATURE: &str = "in-process";

/// How much is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many containers a run works on.
    #[arg(long, default_value_t = 10)]
    containers: usize,
    /// How many rounds count.
    #[arg(long, default_value_t = 30)]
    rounds: usize,
    /// How many rounds are run before, and do not count.
    #[arg(long, default_value_t = 3)]
    warm_up: usize,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = workspace::target().join("bench");
    bed::prepare(&folder)?;
    let builds = build(&folder)?;
    let bed = Bed::make(&folder, &builds[0], options.containers)?;
    // The last needs no machine: it loads the steps and puts them in order.
    let loading = |binary: &Path| targetless(&folder, binary, &["graph", "--features", "docker"]);
    type Make<'a> = &'a dyn Fn(&Path) -> Command;
    let measured: [(&str, Make<'_>); 3] = [
        ("run", &|binary| bed.command(binary, "run")),
        ("plan", &|binary| bed.command(binary, "plan")),
        ("graph", &loading),
    ];
    let mut pairs = [const { Vec::<[Sample; 2]>::new() }; 3];
    let what = format!(
        "{} rounds, {} of them to warm up",
        options.warm_up + options.rounds,
        options.warm_up
    );
    say::timed(&what, || {
        let sampler = Sampler::new()?;
        for round in 0..options.warm_up + options.rounds {
            for ((_, make), pairs) in measured.iter().zip(&mut pairs) {
                let sample = |index: usize| sampler.sample(&mut make(&builds[index]));
                // In turns, so that neither always finds what the other has just left in the caches.
                let pair = match round % 2 {
                    0 => [sample(0)?, sample(1)?],
                    _ => {
                        let other = sample(1)?;
                        [sample(0)?, other]
                    }
                };
                if round >= options.warm_up {
                    pairs.push(pair);
                }
            }
        }
        Ok(())
    })?;
    let comparisons = measured.iter().zip(&pairs);
    let record = Record {
        benchmark: "confinement",
        date: record::date()?,
        commit: record::commit()?,
        machine: Machine::this()?,
        containers: options.containers,
        rounds: options.rounds,
        warm_up: options.warm_up,
        comparisons: comparisons
            .map(|((name, _), pairs)| Comparison::of(name, pairs))
            .collect::<Result<_>>()?,
    };
    record.publish(["confined", FEATURE])
}

/// Both builds, each in a folder with the same libraries of the steps.
fn build(folder: &Path) -> Result<[PathBuf; 2]> {
    product::build()?;
    let target = workspace::target().join(FEATURE);
    say::timed("building phoenix-orch without confinement", || {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--release", "--package", "phoenix-orch", "--features", FEATURE]);
        process::live(cargo.arg("--target-dir").arg(&target).stdin(Stdio::null()))
    })?;
    let (names, released) = (product::names(), workspace::target().join("release"));
    let copy = |from: &Path, to: &Path| {
        fs::copy(from, to).with_context(|| format!("cannot copy `{}`", from.display()))
    };
    let lay = |build: &str| -> Result<PathBuf> {
        let build = folder.join(build);
        fs::create_dir_all(&build)
            .with_context(|| format!("cannot create `{}`", build.display()))?;
        for name in &names {
            copy(&released.join(name), &build.join(name))?;
        }
        Ok(build.join(product::BINARY))
    };
    let [confined, in_process] = [lay("confined")?, lay(FEATURE)?];
    copy(&target.join("release").join(product::BINARY), &in_process)?;
    for (binary, confines) in [(&confined, true), (&in_process, false)] {
        let mut list = targetless(folder, binary, &["plugins", "list", "--output", "json"]);
        if process::quiet(&mut list)?.stdout.contains("CONFINES NOTHING") == confines {
            bail!("`{}` is not the build that it should be", binary.display());
        }
    }
    Ok([confined, in_process])
}
