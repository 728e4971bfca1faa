//! What a first install costs, in a fresh container whose packages need no download: the least that has to be done, the product,
//! and others, in turns.

use anyhow::{Context, Result, bail};
use serde::Serialize;
use xtask::{
    process, say,
    testbed::{Container, Disk},
};

use super::{
    bed::{self, Bed, Ready},
    competitor::{self, Competitor, FLOOR, Missing, OURS, Verdict, Without},
    fleet::{Ratio, ms, ratio, spread},
    fleet_table::{factor, missing_row, time},
    host_files,
    peers::{self, Facts},
    publish::publish,
    record::{self, Machine},
    sampler::{Sample, Sampler},
    statistics::Spread,
    timeline::Timeline,
};

/// How much is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many rounds of the floor, the script and the product count; of other tools, a third of that.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    #[command(flatten)]
    without: Without,
}

#[derive(Serialize)]
struct Record {
    benchmark: &'static str,
    date: String,
    commit: String,
    machine: Machine,
    rows: Vec<Row>,
    /// Where the product's wall time goes.
    parts: Vec<Part>,
    missing: Vec<Missing>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    rounds: usize,
    wall_ms: Spread,
    cpu_ms: Spread,
    /// Divided by what the floor cost in the same round.
    to_floor: Ratio,
}

#[derive(Serialize)]
struct Part {
    name: &'static str,
    wall_ms: Spread,
    /// Of the product's whole wall time in the same round.
    share: Spread,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let Ready { folder, commit, binary } = Ready::against_others()?;
    // One that is converged already: the host is, too, and it says how a container should be.
    let bed = Bed::make(&folder, &binary, 1)?;
    let model = bed.containers().first().context("no container")?;
    let host_files = host_files::copy(&folder)?;
    let facts = Facts { fresh: true, ..Facts::of(model, &host_files, &folder)? };

    let mut competitors = competitor::at_home(&bed, &binary, &host_files);
    let judge = competitors.extract_if(.., |one| one.name == FLOOR).next().context("no floor")?;
    competitors.retain(|one| one.name == OURS || one.name == "bash script");
    let mut missing = Vec::new();
    let home = competitors.into_iter().map(|one| (one.name, one));
    let mut competitors = options.without.apply(home, &mut missing);
    // First, because all others are compared with it.
    competitors.insert(0, competitor::cold_floor());
    let home = competitors.len();
    competitors.extend(peers::those_there(&facts, &options.without, &mut missing));
    let mut samples: Vec<Vec<Sample>> = vec![Vec::new(); competitors.len()];
    let mut timelines = Vec::new();
    let mut order: Vec<usize> = (0..competitors.len()).collect();
    for round in 0..options.rounds {
        fastrand::shuffle(&mut order);
        for &index in &order {
            let one = &competitors[index];
            let is_due = index < home || round < options.rounds.div_ceil(3);
            if !is_due || missing.iter().any(|other| other.name == one.name) {
                continue;
            }
            let what = format!("round {} of {}: {}", round + 1, options.rounds, one.name);
            match say::timed(&what, || install(&bed, one, &judge)) {
                Ok(sample) => {
                    samples[index].push(sample);
                    if one.name == OURS {
                        let words = ["runs", "show", "last", "--output", "json"];
                        let shown = process::quiet(&mut bed::targetless(&folder, &binary, &words))?;
                        timelines.push((ms(sample.wall), Timeline::of(&shown.stdout)?));
                    }
                }
                Err(error) if index < home => return Err(error),
                Err(error) => {
                    say::note(&format!("{} is left out: {error:#}", one.name));
                    missing.push(Missing { name: one.name, reason: format!("{error:#}") });
                    samples[index].clear();
                }
            }
        }
    }
    let mut rows = Vec::new();
    for (one, samples_of_one) in competitors.iter().zip(&samples) {
        if samples_of_one.is_empty() {
            continue;
        }
        rows.push(Row {
            name: one.name,
            rounds: samples_of_one.len(),
            wall_ms: spread(samples_of_one.iter().map(|sample| ms(sample.wall)))?,
            cpu_ms: spread(samples_of_one.iter().map(|sample| ms(sample.cpu)))?,
            to_floor: ratio(samples_of_one, &samples[0])?,
        });
    }
    let (date, machine) = (record::date()?, Machine::this()?);
    let parts = parts(&timelines)?;
    let record = Record { benchmark: "cold", date, commit, machine, rows, parts, missing };
    publish("cold", &record, &record.table())
}

/// Of the wall time of each run and its timeline; none where the product was left out.
fn parts(runs: &[(f64, Timeline)]) -> Result<Vec<Part>> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let part = |name, of: fn(f64, &Timeline) -> f64| -> Result<Part> {
        Ok(Part {
            name,
            wall_ms: spread(runs.iter().map(|(wall, timeline)| of(*wall, timeline)))?,
            share: spread(runs.iter().map(|(wall, timeline)| of(*wall, timeline) / wall))?,
        })
    };
    Ok(vec![
        part("apt and dpkg, until their last line", |_, timeline| timeline.packages)?,
        part("evidence", |_, timeline| timeline.evidence)?,
        part("all else", |wall, timeline| wall - timeline.packages - timeline.evidence)?,
    ])
}

/// What one needs for a container of its own, which is as the judge wants it afterwards.
fn install(bed: &Bed, one: &Competitor<'_>, judge: &Competitor<'_>) -> Result<Sample> {
    // In a folder on the disk, as in real life: an overlay of the test bed never waits for the disk.
    let container: Container = bed.fresh(Disk::Folder)?;
    // What the copy has left to be written would be written meanwhile.
    rustix::fs::sync();
    let name = [container.name()];
    // Only now, for a container that starts meanwhile would count as something that the command left behind.
    let sampler = Sampler::new()?;
    let (sample, finished) = sampler.run(&mut (one.start)(&name))?;
    if (one.verdict)(&finished)? != Verdict::Differs {
        bail!("{} found nothing to do in a fresh container:\n{}", one.name, finished.text);
    }
    let (_, judged) = sampler.run(&mut (judge.start)(&name))?;
    if (judge.verdict)(&judged)? != Verdict::NothingToChange {
        bail!("{} did not do it: {}\n{}", one.name, judged.text, finished.text);
    }
    drop(sampler);
    container.destroy()?;
    Ok(sample)
}

impl Record {
    fn table(&self) -> String {
        let mut text = format!(
            "{}, {}\n\n| a fresh container | rounds | wall | CPU | wall, to the floor | CPU, to the floor |\n\
             |---|---|---|---|---|---|\n",
            self.date,
            self.machine.line(&self.commit),
        );
        for row in &self.rows {
            text += &format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                row.name,
                row.rounds,
                time(row.wall_ms),
                time(row.cpu_ms),
                factor(row.to_floor.wall),
                factor(row.to_floor.cpu)
            );
        }
        text += &self.missing.iter().map(|missing| missing_row(missing, 6)).collect::<String>();
        if !self.parts.is_empty() {
            text += &format!("\n| of {OURS} | wall | share |\n|---|---|---|\n");
        }
        for part in &self.parts {
            let share = part.share.median * 100.0;
            text += &format!("| {} | {} | {share:.1} % |\n", part.name, time(part.wall_ms));
        }
        text
    }
}
