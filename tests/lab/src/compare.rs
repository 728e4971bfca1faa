//! The verb `compare`: the old script's profile, LXC's generated one and ours, in one table.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use xtask::say;

use crate::attempts::{self, Outcome};
use crate::target::Target;
use crate::{policy, workload};

const STOCK_SECCOMP: &str = "/usr/share/lxc/config/common.seccomp";

/// How often the container is started to measure how long that takes.
const STARTS: usize = 3;

#[derive(Args)]
pub(crate) struct Options {
    /// The container.
    name: String,
    /// Compare only this one: old, generated or ours; may be given more than once.
    #[arg(long = "only", value_name = "PROFILE")]
    only: Vec<String>,
    /// Print the figures as JSON instead of the table.
    #[arg(long)]
    json: bool,
}

/// One line of the table.
#[derive(Debug, Serialize)]
struct Row {
    profile: &'static str,
    cases: usize,
    passed: usize,
    denials: usize,
    lost_records: bool,
    attempts: usize,
    stopped: usize,
    rules: usize,
    /// Seconds from the start to a settled systemd, the median; none where that never came.
    start: Option<f64>,
}

/// Whether the comparison could be made; which is better is for the reader.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let target = Target::open(&options.name)?;
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|o| o == name);
    let result = rows(&target, &wanted);
    say::note("putting everything back");
    let restored = target.stop().and_then(|()| policy::unload(policy::OLD));
    let restored = restored.and_then(|()| policy::restore_ours());
    let restored = restored.and_then(|()| target.start(&[]));
    let rows = result?;
    restored?;
    if options.json {
        anstream::println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        anstream::print!("{}", table(&rows));
    }
    Ok(true)
}

/// A profile, with all that a container under it is started with.
struct Candidate {
    said: &'static str,
    profile: &'static str,
    seccomp: String,
}

impl Candidate {
    fn overrides(&self) -> [(&str, &str); 3] {
        [
            ("lxc.apparmor.profile", self.profile),
            ("lxc.apparmor.allow_nesting", "1"),
            ("lxc.seccomp.profile", &self.seccomp),
        ]
    }
}

fn rows(target: &Target, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Row>> {
    let ours = policy::our_text()?;
    policy::load(policy::old_text())?;
    policy::load(&ours)?;
    let stock = || STOCK_SECCOMP.to_owned();
    let all = [
        ("old", "the old script's", policy::OLD, stock()),
        ("generated", "generated, with nesting", "generated", stock()),
        ("ours", "ours", policy::OURS, policy::our_seccomp()?),
    ];
    let candidates: Vec<Candidate> = all
        .into_iter()
        .filter(|(name, ..)| wanted(name))
        .map(|(_, said, profile, seccomp)| Candidate { said, profile, seccomp })
        .collect();
    let starts = starts(target, &candidates);
    let mut rows = Vec::new();
    for (candidate, starts) in candidates.iter().zip(starts) {
        let mut row = measure(target, candidate)?;
        row.start = (starts.len() == STARTS).then(|| median(starts).as_secs_f64());
        row.rules = match candidate.profile {
            policy::OLD => policy::rules(policy::old_text())?,
            policy::OURS => policy::rules(&ours)?,
            _ => policy::rules(&generated(target)?)?,
        };
        rows.push(row);
    }
    Ok(rows)
}

/// How long the container takes to come up under each, in turns, so that what else the machine does falls on all.
fn starts(target: &Target, candidates: &[Candidate]) -> Vec<Vec<Duration>> {
    say::heading("how long a start takes under each");
    let mut starts = vec![Vec::new(); candidates.len()];
    for _ in 0..STARTS {
        for (candidate, times) in candidates.iter().zip(&mut starts) {
            match target.restart(&candidate.overrides()) {
                Ok(time) => {
                    say::note(&format!("{:6.1} s  {}", time.as_secs_f64(), candidate.said));
                    times.push(time);
                }
                Err(error) => say::note(&format!("under {}: {error:#}", candidate.said)),
            }
        }
    }
    starts
}

fn measure(target: &Target, candidate: &Candidate) -> Result<Row> {
    say::heading(&format!("under the profile {}", candidate.said));
    let mut row = Row {
        profile: candidate.said,
        cases: workload::cases().count(),
        passed: 0,
        denials: 0,
        lost_records: false,
        attempts: attempts::attempts().count(),
        stopped: 0,
        rules: 0,
        start: None,
    };
    if let Err(error) = target.restart(&candidate.overrides()) {
        say::note(&format!("it does not come up: {error:#}"));
    }
    if target.state()? != "RUNNING" {
        return Ok(row);
    }
    let report = workload::run(target, &[])?;
    workload::tell(&report);
    row.passed = report.passed();
    row.cases = report.cases.iter().filter(|case| case.failed() || case.passed()).count();
    row.denials = report.denials.iter().filter(|denied| denied.harmless.is_none()).count();
    row.lost_records = !report.losses.is_empty();
    if target.state()? == "RUNNING" {
        attempts::prepare(target)?;
        let results = attempts::try_all(target, &[])?;
        let stopped = |outcome: &&Outcome| matches!(outcome, Outcome::Stopped(_));
        row.stopped = results.values().filter(stopped).count();
    }
    Ok(row)
}

/// The text that LXC has generated for the container at its last start.
fn generated(target: &Target) -> Result<String> {
    let folder = target.folder().join("apparmor");
    let entry = fs::read_dir(&folder)
        .and_then(|mut entries| entries.next().transpose())
        .with_context(|| format!("cannot look into `{}`", folder.display()))?
        .with_context(|| format!("LXC has generated nothing in `{}`", folder.display()))?;
    fs::read_to_string(entry.path())
        .with_context(|| format!("cannot read `{}`", entry.path().display()))
}

/// The middle one of some times.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| profile | workload cases passed | kinds of denials | attempts stopped | rules | container up after |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in rows {
        let lost = if row.lost_records { ", records lost" } else { "" };
        let start = row.start.map_or("never".to_owned(), |start| format!("{start:.1} s"));
        let Row { profile, passed, cases, denials, stopped, attempts, rules, .. } = row;
        text.push_str(&format!(
            "| {profile} | {passed} of {cases} | {denials}{lost} | {stopped} of {attempts} | {rules} | {start} |\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let seconds = |list: &[u64]| list.iter().map(|s| Duration::from_secs(*s)).collect();
        assert_eq!(median(seconds(&[9, 1, 5])), Duration::from_secs(5));
        assert_eq!(median(seconds(&[])), Duration::ZERO);
    }
}
