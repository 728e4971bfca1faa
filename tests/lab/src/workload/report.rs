//! The verb `workload`: the cases, and every denial that came while they ran.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Serialize;
use xtask::say;

use super::noise::harmless;
use super::{Tried, cases, clean, try_cases};
use crate::audit::{Seen, Watch};
use crate::record::Denial;
use crate::target::Target;

/// A denial, how often it came, and during which cases.
#[derive(Debug, Serialize)]
pub(crate) struct Denied {
    pub(crate) denial: Denial,
    pub(crate) times: usize,
    pub(crate) during: Vec<&'static str>,
    /// Why it is of no account, where it is.
    pub(crate) harmless: Option<&'static str>,
}

/// All that a run of the workload gave.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The label under which the container ran.
    pub(crate) label: String,
    pub(crate) cases: Vec<Tried>,
    pub(crate) denials: Vec<Denied>,
    /// Signs that audit records were lost; then nothing is proved.
    pub(crate) losses: Vec<String>,
}

impl Report {
    /// Whether everything passed and nothing that matters was denied or lost.
    pub(crate) fn is_clean(&self) -> bool {
        self.losses.is_empty()
            && self.cases.iter().all(|case| !case.failed())
            && self.denials.iter().all(|denied| denied.harmless.is_some())
    }

    /// How many cases passed.
    pub(crate) fn passed(&self) -> usize {
        self.cases.iter().filter(|case| case.passed()).count()
    }
}

/// Runs the cases of these names, all if there are none, and reads the denials.
pub(crate) fn run(target: &Target, wanted: &[String]) -> Result<Report> {
    if let Some(name) = wanted.iter().find(|name| !cases().any(|case| case.id == **name)) {
        let known: Vec<&str> = cases().map(|case| case.id).collect();
        bail!("there is no case `{name}`; there are: {}", known.join(", "));
    }
    let label = target.label()?;
    say::heading(&format!("the workload in `{}`, which runs as `{label}`", target.name()));
    let before = clean(target, false);
    let mut watch = Watch::begin()?;
    // Leftovers that cannot be removed may disturb a case, but Docker may also not be there at all.
    if let Err(error) = before {
        say::note(&format!("what was left from earlier stays: {error:#}"));
    }
    let tried = try_cases(target, wanted, &mut |_| true);
    let seen = watch.denials(&label)?;
    if let Err(error) = clean(target, false) {
        say::note(&format!("what the cases left stays: {error:#}"));
    }
    let Seen { denials, losses } = seen;
    Ok(Report { label, denials: grouped(&denials, &tried), cases: tried, losses })
}

/// Equal denials together, each with the cases during which it came.
fn grouped(denials: &[Denial], tried: &[Tried]) -> Vec<Denied> {
    let mut groups: BTreeMap<String, Denied> = BTreeMap::new();
    for denial in denials {
        let entry = groups.entry(shape(denial)).or_insert_with(|| Denied {
            denial: denial.clone(),
            times: 0,
            during: Vec::new(),
            harmless: harmless(denial),
        });
        entry.times += 1;
        // Records are stamped in milliseconds, so a case owns what came just before its end too.
        let owner = tried
            .iter()
            .find(|case| case.span.0 - 0.001 <= denial.at && denial.at <= case.span.1 + 0.001)
            .map_or("between two cases", |case| case.id);
        if !entry.during.contains(&owner) {
            entry.during.push(owner);
        }
    }
    groups.into_values().collect()
}

/// What two occurrences of the same denial have in common: ids of layers and numbers are left out.
fn shape(denial: &Denial) -> String {
    let text = denial.to_string();
    let words = text.split_inclusive(['/', '"', '.', '-']).map(|word| {
        let (body, end) = word.split_at(word.len() - 1);
        let id = body.len() >= 6 && body.bytes().all(|b| b.is_ascii_hexdigit());
        let number = !body.is_empty() && body.bytes().all(|b| b.is_ascii_digit());
        if id || number { format!("*{end}") } else { word.to_owned() }
    });
    words.collect()
}

/// Says for people what is not clean, and the sum.
pub(crate) fn tell(report: &Report) {
    for denied in &report.denials {
        let why = denied.harmless.map_or(String::new(), |why| format!(" (harmless: {why})"));
        say::note(&format!(
            "denied {} times during {}{why}: {}",
            denied.times,
            denied.during.join(", "),
            denied.denial
        ));
    }
    for loss in &report.losses {
        say::note(&format!("records were lost: {loss}"));
    }
    let took: f64 = report.cases.iter().map(|case| case.took.as_secs_f64()).sum();
    let count = |what: fn(&Tried) -> bool| report.cases.iter().filter(|case| what(case)).count();
    let failed: Vec<&str> =
        report.cases.iter().filter(|case| case.failed()).map(|case| case.id).collect();
    say::heading(&format!(
        "{} of {} cases passed in {took:.0} s, {} failed{}{}, {} were skipped; {} kinds of denials, {} of them harmless",
        report.passed(),
        report.cases.len(),
        failed.len(),
        if failed.is_empty() { "" } else { ": " },
        failed.join(", "),
        count(|case| !case.failed() && !case.passed()),
        report.denials.len(),
        report.denials.iter().filter(|denied| denied.harmless.is_some()).count(),
    ));
}
