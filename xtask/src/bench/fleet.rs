//! What it costs to look at a converged fleet: the product, the least that can be done, and others who do the same work, on
//! the same containers, in turns.

use std::{fs::File, path::Path};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use xtask::{say, trace::Trace};

use super::{
    bed::{Bed, Ready},
    competitor::{self, Competitor, FLOOR, Missing, OURS, Verdict, Without},
    fleet_table, honesty, host_files,
    peers::{self, Facts},
    publish::{publish, write},
    record::{self, Machine},
    sampler::{Finished, Sample, Sampler},
    statistics::Spread,
};

/// How much is measured.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// How many rounds count, after one that does not.
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// 50 containers too, in a third of the rounds.
    #[arg(long)]
    large: bool,
    #[command(flatten)]
    without: Without,
}

/// How many containers.
const SIZES: [usize; 2] = [1, 10];
const LARGE: usize = 50;
/// Memory is a matter of luck where a command is over at once, so that such a one is looked at more than once.
const LOOKS: usize = 3;
/// In milliseconds: what takes longer is looked at once.
const LONG: f64 = 2000.0;
/// What enters a container, by the names of the programs.
const ENTRIES: [&str; 2] = ["lxc-attach", "lxc-execute"];

/// What was found.
#[derive(Serialize)]
pub(crate) struct Record {
    benchmark: &'static str,
    pub(crate) date: String,
    pub(crate) commit: String,
    pub(crate) machine: Machine,
    pub(crate) fleets: Vec<Fleet>,
    /// Who could not be measured, and why.
    pub(crate) missing: Vec<Missing>,
}

/// So many containers.
#[derive(Serialize)]
pub(crate) struct Fleet {
    pub(crate) containers: usize,
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
}

/// One competitor.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) wall_ms: Spread,
    pub(crate) cpu_ms: Spread,
    pub(crate) memory_mib: f64,
    /// How many there were, and how often a container was entered; nothing where that was not looked at.
    pub(crate) counts: Option<Counts>,
    /// Divided by what the floor cost in the same round.
    pub(crate) to_floor: Ratio,
    /// Divided by what the product cost in the same round.
    pub(crate) to_ours: Ratio,
}

/// By strace, in a round in which no time is measured.
#[derive(Serialize)]
pub(crate) struct Counts {
    pub(crate) processes: usize,
    pub(crate) entries: usize,
}

/// Of the costs in one round, over all rounds.
#[derive(Serialize)]
pub(crate) struct Ratio {
    pub(crate) wall: Spread,
    pub(crate) cpu: Spread,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let Ready { folder, commit, binary } = Ready::against_others()?;
    let sizes: Vec<usize> = SIZES.into_iter().chain(options.large.then_some(LARGE)).collect();
    let bed = Bed::make(&folder, &binary, sizes.iter().copied().max().unwrap_or_default())?;
    let host_files = host_files::copy(&folder)?;

    let model = bed.containers().first().context("no container")?;
    let facts = Facts::of(model, &host_files, &folder)?;
    let mut missing = Vec::new();
    let home = competitor::at_home(&bed, &binary, &host_files);
    let home = home.into_iter().map(|one| (one.name, one));
    let mut competitors = options.without.apply(home, &mut missing);
    competitors.extend(peers::those_there(&facts, &options.without, &mut missing));
    let sampler = Sampler::new()?;
    let (competitors, liars) = proven(&sampler, &bed, competitors)?;
    missing.extend(liars);

    let mut fleets = Vec::new();
    for containers in sizes {
        let rounds = if containers == LARGE { options.rounds.div_ceil(3) } else { options.rounds };
        let what = format!("measuring with {containers} containers, {rounds} rounds");
        let names = &bed.names()[..containers];
        let rows = say::timed(&what, || rows(&sampler, &competitors, names, rounds, &folder))?;
        fleets.push(Fleet { containers, rounds, rows });
    }
    let (date, machine) = (record::date()?, Machine::this()?);
    let record = Record { benchmark: "fleet", date, commit, machine, fleets, missing };
    write("docs/bench/fleet.svg", &fleet_table::chart(&record))?;
    publish("fleet", &record, &fleet_table::markdown(&record))
}

/// Those who notice what is broken; whoever does not is no competitor, but the floor and the product have to.
fn proven<'a>(
    sampler: &Sampler,
    bed: &Bed,
    competitors: Vec<Competitor<'a>>,
) -> Result<(Vec<Competitor<'a>>, Vec<Missing>)> {
    let named = |name: &str| {
        let found = competitors.iter().find(|one| one.name == name);
        found.with_context(|| {
            format!("`{name}` is what all are compared with, and cannot be left out")
        })
    };
    let (floor, ours) = (named(FLOOR)?, named(OURS)?);
    let container = bed.containers().first().context("no container")?;
    let mut reasons = Vec::new();
    for one in &competitors {
        let what = format!("breaking things, to see whether it is noticed: {}", one.name);
        let proof = say::timed(&what, || Ok(honesty::prove(sampler, one, container, floor, ours)))?;
        match proof {
            Err(error) if [FLOOR, OURS].contains(&one.name) => {
                bail!("{}: {error:#}", one.name);
            }
            proof => reasons.push(proof.err()),
        }
    }
    let (mut good, mut liars) = (Vec::new(), Vec::new());
    for (one, reason) in competitors.into_iter().zip(reasons) {
        match reason {
            None => good.push(one),
            Some(reason) => {
                say::note(&format!("{} is left out: {reason:#}", one.name));
                liars.push(Missing { name: one.name, reason: format!("{reason:#}") });
            }
        }
    }
    Ok((good, liars))
}

/// What all cost for these containers.
fn rows(
    sampler: &Sampler,
    competitors: &[Competitor<'_>],
    names: &[&str],
    rounds: usize,
    folder: &Path,
) -> Result<Vec<Row>> {
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); competitors.len()];
    let mut order: Vec<usize> = (0..competitors.len()).collect();
    for round in 0..=rounds {
        // Nobody always finds what the same other has just left in the caches.
        fastrand::shuffle(&mut order);
        for &index in &order {
            let one = &competitors[index];
            let sample = sample(sampler, one, names)?;
            if round > 0 {
                samples[index].push(sample);
            }
        }
    }
    let of = |name: &str| -> Result<&[Sample]> {
        let index = competitors.iter().position(|one| one.name == name);
        Ok(&samples[index.with_context(|| format!("no `{name}`"))?])
    };
    let (floor, ours) = (of(FLOOR)?, of(OURS)?);
    let row = |(one, samples): (&Competitor<'_>, &Vec<Sample>)| -> Result<Row> {
        // Under strace, some take a hundred times as long, and with more containers it is only more of the same.
        let counts = (names.len() < LARGE).then(|| counts(sampler, one, names, folder));
        let wall_ms = spread(samples.iter().map(|sample| ms(sample.wall)))?;
        let looks = if wall_ms.median > LONG { 1 } else { LOOKS };
        Ok(Row {
            name: one.name,
            wall_ms,
            cpu_ms: spread(samples.iter().map(|sample| ms(sample.cpu)))?,
            memory_mib: memory_mib(sampler, one, names, looks)?,
            counts: counts.transpose()?,
            to_floor: ratio(samples, floor)?,
            to_ours: ratio(samples, ours)?,
        })
    };
    competitors.iter().zip(&samples).map(row).collect()
}

/// What it cost once. Once in some thousand times LXC 5 fails over its own copy in memory before it does anything, and not everybody
/// tries again; so we do, and say so.
fn sample(sampler: &Sampler, one: &Competitor<'_>, names: &[&str]) -> Result<Sample> {
    let (sample, finished) = sampler.run(&mut (one.start)(names))?;
    let Err(error) = (one.verdict)(&finished) else {
        return converged(one, &finished).map(|()| sample);
    };
    say::note(&format!("{} failed and is tried once more: {error:#}", one.name));
    let (sample, finished) = sampler.run(&mut (one.start)(names))?;
    converged(one, &finished).map(|()| sample)
}

fn converged(one: &Competitor<'_>, finished: &Finished) -> Result<()> {
    match (one.verdict)(finished).with_context(|| one.name)? {
        Verdict::NothingToChange => Ok(()),
        Verdict::Differs => bail!("{} found something to change:\n{}", one.name, finished.text),
    }
}

/// Milliseconds.
pub(crate) fn ms(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Of values that there are.
pub(crate) fn spread(values: impl Iterator<Item = f64>) -> Result<Spread> {
    Spread::of(values).context("no rounds")
}

/// Of each round of one to the same round of another.
pub(crate) fn ratio(one: &[Sample], other: &[Sample]) -> Result<Ratio> {
    let pairs = || one.iter().zip(other);
    Ok(Ratio {
        wall: spread(pairs().map(|(one, other)| ms(one.wall) / ms(other.wall)))?,
        cpu: spread(pairs().map(|(one, other)| ms(one.cpu) / ms(other.cpu)))?,
    })
}

fn memory_mib(
    sampler: &Sampler,
    one: &Competitor<'_>,
    names: &[&str],
    looks: usize,
) -> Result<f64> {
    let mut peak = 0;
    for _ in 0..looks {
        let (kib, finished) = sampler.peak_kib(&mut (one.start)(names))?;
        converged(one, &finished)?;
        peak = peak.max(kib);
    }
    Ok((peak as f64 / 102.4).round() / 10.0)
}

/// How many processes there were, and how many times a container was entered.
fn counts(
    sampler: &Sampler,
    one: &Competitor<'_>,
    names: &[&str],
    folder: &Path,
) -> Result<Counts> {
    let file = folder.join("trace");
    File::create(&file).with_context(|| format!("cannot create `{}`", file.display()))?;
    let inner = (one.start)(names);
    let mut command = std::process::Command::new("strace");
    command.args(Trace::words(&file)).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    let (_, finished) = sampler.run(&mut command)?;
    converged(one, &finished)?;
    let trace = Trace::read(&file)?;
    let entries = ENTRIES.iter().map(|program| trace.starts(program)).sum();
    Ok(Counts { processes: trace.processes(), entries })
}
