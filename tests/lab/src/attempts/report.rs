//! The verb `attempts`: what is stopped, and by whom, which only the same attempt without the
//! profile and without our seccomp filter can tell.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clap::Args;
use serde::Serialize;
use xtask::say;

use super::{GROUPS, Outcome, Results, attempts, prepare, try_all};
use crate::policy::Parser;
use crate::target::Target;
use crate::workload;

/// LXC's own filter, which every container has.
const STOCK_SECCOMP: &str = "/usr/share/lxc/config/common.seccomp";

#[derive(Args)]
pub(crate) struct Options {
    /// The container.
    name: String,
    /// Make only this attempt; may be given more than once.
    #[arg(long = "only", value_name = "ATTEMPT")]
    only: Vec<String>,
    /// Leave the controls out, which restart the container: who stopped an attempt is then not known.
    #[arg(long)]
    no_control: bool,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    parser: Parser,
}

/// Who stopped an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stopper {
    /// Nobody.
    GotThrough,
    /// It works unconfined, with our seccomp filter.
    Profile,
    /// It works unconfined, but not with our seccomp filter. The profile may stop it too.
    Seccomp,
    /// It does not work in an unprivileged container at all: the user namespace, the kernel, or
    /// LXC's own filter.
    Kernel,
    /// No control was run.
    Unknown,
}

/// One attempt with its controls.
#[derive(Debug, Serialize)]
pub(crate) struct Judged {
    id: &'static str,
    group: &'static str,
    tries: &'static str,
    stopper: Stopper,
    outcome: Outcome,
    /// What came of it without profile and without our filter.
    control: Option<Outcome>,
}

/// The three ways in which the attempts were made.
#[derive(Debug, Default)]
struct Runs {
    own: Results,
    /// Unconfined, with the container's own seccomp filter, where that is not the stock one.
    filtered: Option<Results>,
    /// Unconfined, with LXC's stock filter.
    control: Option<Results>,
}

/// Whether every attempt was stopped.
pub(crate) fn run(options: &Options) -> Result<bool> {
    if let Some(id) = options.only.iter().find(|id| !attempts().any(|one| one.id == **id)) {
        let known: Vec<&str> = attempts().map(|one| one.id).collect();
        bail!("there is no attempt `{id}`; there are: {}", known.join(", "));
    }
    let target = Target::open(&options.name)?;
    prepare(&target)?;
    say::heading(&format!("attempts in `{}`, which runs as `{}`", target.name(), target.label()?));
    let own = options.parser.with_ours(|| try_all(&target, &options.only))?;
    let mut runs = Runs { own, ..Runs::default() };
    if !options.no_control {
        let result = controls(&target, &options.only, &mut runs);
        say::note("starting the container again as it is configured");
        let restored = target.restart(&[]);
        result?;
        restored?;
    }
    if let Err(error) = workload::clean(&target, false) {
        say::note(&format!("what the attempts left stays: {error:#}"));
    }
    let judged = judge(&runs);
    tell(&judged);
    if options.json {
        anstream::println!("{}", serde_json::to_string_pretty(&judged)?);
    }
    if judged.is_empty() {
        bail!("no attempt was made at all");
    }
    Ok(judged.iter().all(|one| one.stopper != Stopper::GotThrough))
}

fn controls(target: &Target, only: &[String], runs: &mut Runs) -> Result<()> {
    let seccomp = target.config("lxc.seccomp.profile")?.unwrap_or_default();
    let unconfined = ("lxc.apparmor.profile", "unconfined");
    if seccomp != STOCK_SECCOMP {
        say::heading("the same attempts unconfined, with the container's seccomp filter");
        target.restart(&[unconfined, ("lxc.seccomp.profile", &seccomp)])?;
        runs.filtered = Some(try_all(target, only)?);
    }
    say::heading("the same attempts unconfined, with LXC's stock seccomp filter");
    target.restart(&[unconfined, ("lxc.seccomp.profile", STOCK_SECCOMP)])?;
    runs.control = Some(try_all(target, only)?);
    Ok(())
}

fn judge(runs: &Runs) -> Vec<Judged> {
    let all = GROUPS.iter().flat_map(|group| group.attempts.iter().map(move |one| (group, one)));
    all.filter_map(|(group, attempt)| {
        let outcome = runs.own.get(attempt.id)?.clone();
        let control = runs.control.as_ref().and_then(|results| results.get(attempt.id));
        let filtered = runs.filtered.as_ref().and_then(|results| results.get(attempt.id));
        Some(Judged {
            id: attempt.id,
            group: group.name,
            tries: attempt.tries,
            stopper: stopper(&outcome, filtered, control),
            outcome,
            control: control.cloned(),
        })
    })
    .collect()
}

/// Who stopped an attempt. Pure.
fn stopper(own: &Outcome, filtered: Option<&Outcome>, control: Option<&Outcome>) -> Stopper {
    match (own, filtered, control) {
        (Outcome::Managed(_), _, _) => Stopper::GotThrough,
        (_, _, None) => Stopper::Unknown,
        (_, _, Some(Outcome::Stopped(_))) => Stopper::Kernel,
        (_, Some(Outcome::Stopped(_)), _) => Stopper::Seccomp,
        _ => Stopper::Profile,
    }
}

/// A table for people: each group with its counts, and what got through.
fn tell(judged: &[Judged]) {
    say::heading("who stopped what");
    let mut counts: BTreeMap<&str, BTreeMap<Stopper, usize>> = BTreeMap::new();
    for one in judged {
        *counts.entry(one.group).or_default().entry(one.stopper).or_default() += 1;
        *counts.entry("all").or_default().entry(one.stopper).or_default() += 1;
    }
    let row = |name: &str, cells: [String; 5]| {
        let [a, b, c, d, e] = cells;
        say::note(&format!("{name:24} {a:>8} {b:>8} {c:>8} {d:>8} {e:>8}"));
    };
    row("", ["through", "profile", "seccomp", "kernel", "unknown"].map(str::to_owned));
    let groups = GROUPS.iter().map(|group| group.name).chain(["all"]);
    for (name, count) in groups.filter_map(|name| Some((name, counts.get(name)?))) {
        use Stopper::{GotThrough, Kernel, Profile, Seccomp, Unknown};
        let cell = |stopper| count.get(&stopper).copied().unwrap_or_default().to_string();
        row(name, [GotThrough, Profile, Seccomp, Kernel, Unknown].map(cell));
    }
    for one in judged {
        if let Outcome::Managed(how) = &one.outcome {
            say::note(&format!(
                "GOT THROUGH  {}: root in the container {}: {how}",
                one.id, one.tries
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_control_that_gets_through_gives_the_credit_to_the_profile() {
        let managed = Outcome::Managed(String::new());
        let stopped = Outcome::Stopped(String::new());
        assert_eq!(stopper(&managed, None, Some(&stopped)), Stopper::GotThrough);
        assert_eq!(stopper(&stopped, None, Some(&stopped)), Stopper::Kernel);
        assert_eq!(stopper(&stopped, None, Some(&managed)), Stopper::Profile);
        assert_eq!(stopper(&stopped, Some(&managed), Some(&managed)), Stopper::Profile);
        assert_eq!(stopper(&stopped, Some(&stopped), Some(&managed)), Stopper::Seccomp);
        assert_eq!(stopper(&stopped, None, None), Stopper::Unknown);
    }
}
