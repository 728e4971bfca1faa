//! What it costs that phoenix-orch starts: before it does anything, and with loading and confining the steps.

use std::{path::Path, process::Command};

use anyhow::Result;
use serde::Serialize;
use xtask::say;

use super::{
    bed::{Ready, targetless, unacquainted},
    competitor,
    fleet::{ms, spread},
    fleet_table::time,
    publish::publish,
    record::{self, Machine},
    sampler::{Sample, Sampler},
    statistics::Spread,
};

/// How much is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many rounds count, after one that does not.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
}

/// A command.
struct Subject {
    name: &'static str,
    words: &'static [&'static str],
    /// Whether it knows no step from earlier, so that it has to start a process for each of the four, confine it, and let it
    /// load its library.
    forgets: bool,
}

const GRAPH: [&str; 3] = ["graph", "--features", "docker"];
const SUBJECTS: [Subject; 3] = [
    Subject { name: "--version", words: &["--version"], forgets: false },
    Subject { name: "graph, steps known from earlier", words: &GRAPH, forgets: false },
    Subject { name: "graph, four steps confined and loaded", words: &GRAPH, forgets: true },
];

#[derive(Serialize)]
struct Record {
    benchmark: &'static str,
    date: String,
    commit: String,
    machine: Machine,
    rounds: usize,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    command: &'static str,
    wall_ms: Spread,
    cpu_ms: Spread,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let Ready { folder, commit, .. } = Ready::alone()?;
    let rows = say::timed("measuring", || measure(&folder, options.rounds))?;
    let (date, machine) = (record::date()?, Machine::this()?);
    let record = Record { benchmark: "start", date, commit, machine, rounds: options.rounds, rows };
    publish("start", &record, &record.table())
}

fn measure(folder: &Path, rounds: usize) -> Result<Vec<Row>> {
    let sampler = Sampler::new()?;
    let mut samples = [const { Vec::new() }; SUBJECTS.len()];
    let mut order: Vec<usize> = (0..SUBJECTS.len()).collect();
    for round in 0..=rounds {
        fastrand::shuffle(&mut order);
        for &index in &order {
            let sample = sampler.sample(&mut command(folder, &SUBJECTS[index]))?;
            if round > 0 {
                samples[index].push(sample);
            }
        }
    }
    let row = |(subject, samples): (&Subject, &Vec<Sample>)| -> Result<Row> {
        Ok(Row {
            command: subject.name,
            wall_ms: spread(samples.iter().map(|sample| ms(sample.wall)))?,
            cpu_ms: spread(samples.iter().map(|sample| ms(sample.cpu)))?,
        })
    };
    SUBJECTS.iter().zip(&samples).map(row).collect()
}

fn command(folder: &Path, subject: &Subject) -> Command {
    let make = if subject.forgets { unacquainted } else { targetless };
    make(folder, &competitor::binary(), subject.words)
}

impl Record {
    fn table(&self) -> String {
        let mut text = format!(
            "{}, {}\n\n| {} rounds | wall | CPU |\n|---|---|---|\n",
            self.date,
            self.machine.line(&self.commit),
            self.rounds
        );
        for row in &self.rows {
            text +=
                &format!("| {} | {} | {} |\n", row.command, time(row.wall_ms), time(row.cpu_ms));
        }
        text
    }
}
