//! The verb `mutation`: without any one group of the profile's rules something is noticed that is not
//! noticed with it, or the group is not needed.

mod killers;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use apparmor_profile::template::{self, Effect, Group, Settings};
use clap::Args;
use xtask::say;

use self::killers::BOOT;
use crate::attempts::{self, Outcome};
use crate::audit::Watch;
use crate::policy::{self, Parser};
use crate::target::Target;
use crate::workload::{self, harmless};

#[derive(Args)]
pub(crate) struct Options {
    /// The containers; a group must be missed in one of them, for no version of Docker needs all.
    #[arg(required = true)]
    names: Vec<String>,
    /// Remove only this group; may be given more than once.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Try only what is known to notice, and not everything else when that does not.
    #[arg(long)]
    known_only: bool,
    #[command(flatten)]
    parser: Parser,
}

/// Whether every group is missed.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let targets =
        options.names.iter().map(|name| Target::open(name)).collect::<Result<Vec<_>>>()?;
    let result = all(&targets, options);
    say::note("putting everything back");
    let restored = restore(&targets);
    let rows = result?;
    restored?;
    anstream::println!("| group | what notices that it is missing |\n|---|---|");
    for (group, noticed) in &rows {
        let noticed = noticed.as_deref().unwrap_or("**nothing**");
        anstream::println!("| {group} | {noticed} |");
    }
    Ok(rows.iter().all(|(_, noticed)| noticed.is_some()))
}

type Rows = Vec<(&'static str, Option<String>)>;

fn restore(targets: &[Target]) -> Result<()> {
    targets.iter().try_for_each(Target::stop)?;
    policy::restore_ours()?;
    targets.iter().try_for_each(|target| target.start(&[]).map(drop))
}

fn all(targets: &[Target], options: &Options) -> Result<Rows> {
    let settings = Settings::default();
    let whole = template::render(&settings);
    options.parser.load(&whole)?;
    let seccomp = policy::our_seccomp()?;
    let overrides = [
        ("lxc.apparmor.profile", policy::OURS),
        ("lxc.apparmor.allow_nesting", "1"),
        ("lxc.seccomp.profile", &seccomp),
    ];
    for target in targets {
        begin(target, &overrides)?;
    }
    let mut rows = Rows::new();
    for group in template::groups(&settings) {
        if !options.groups.is_empty() && !options.groups.iter().any(|id| id == group.id) {
            continue;
        }
        let begin = Instant::now();
        say::heading(&format!("without `{}`", group.id));
        let mut noticed = None;
        'tries: for ids in tries(&group, options.known_only) {
            for target in targets {
                options.parser.load(&template::render_without(&settings, group.id))?;
                let result = observe(target, group.effect, &ids);
                options.parser.load(&whole)?;
                mend(target, &overrides)?;
                if let Some(notice) = result? {
                    control(target, &group, &notice)?;
                    noticed = Some(format!("in `{}` {}", target.name(), notice.said));
                    break 'tries;
                }
            }
        }
        let said = noticed.as_deref().unwrap_or("nothing notices");
        say::note(&format!("{:.0} s: {said}", begin.elapsed().as_secs_f64()));
        rows.push((group.id, noticed));
    }
    Ok(rows)
}

/// What has noticed a loss.
struct Notice {
    /// A case or [`BOOT`], or an attempt.
    id: String,
    said: String,
}

/// What may notice that the group is missing: what is known to, in whichever container, and then everything there is.
fn tries(group: &Group, known_only: bool) -> Vec<Vec<String>> {
    let known = killers::killer(group.id).map(|id| vec![id.to_owned()]);
    let boot = vec![BOOT.to_owned()];
    let rest = match (known_only, group.effect) {
        (true, _) => Vec::new(),
        (false, Effect::Allow) => vec![boot, Vec::new()],
        (false, Effect::Deny) => vec![Vec::new()],
    };
    known.into_iter().chain(rest).collect()
}

fn observe(target: &Target, effect: Effect, ids: &[String]) -> Result<Option<Notice>> {
    match effect {
        Effect::Allow => failing_case(target, ids),
        Effect::Deny => successful_attempt(target, ids),
    }
}

/// Whatever has noticed the loss must have nothing to say under the whole profile, or it was not the loss that it
/// noticed.
fn control(target: &Target, group: &Group, notice: &Notice) -> Result<()> {
    match observe(target, group.effect, std::slice::from_ref(&notice.id))? {
        None => Ok(()),
        Some(still) => bail!("under the whole profile, in `{}` {}", target.name(), still.said),
    }
}

/// The first case that fails, or during which something was denied that is allowed otherwise.
fn failing_case(target: &Target, ids: &[String]) -> Result<Option<Notice>> {
    // What an earlier mutation left cannot be removed under every profile.
    let _ = workload::clean(target, false);
    let mut watch = Watch::begin()?;
    let mut noticed = None;
    let mut problem = None;
    let mut ids = ids.to_vec();
    let boots = ids.iter().any(|id| id == BOOT);
    if boots {
        if let Err(error) = target.reboot() {
            let error = format!("{error:#}");
            let first = error.lines().next().unwrap_or_default();
            let said = format!("the container does not start again: {first}");
            return Ok(Some(Notice { id: BOOT.to_owned(), said }));
        }
        ids = vec!["systemd".to_owned()];
    }
    workload::try_cases(target, &ids, &mut |case| {
        let id = if boots { BOOT } else { case.id };
        let notice = |said| Some(Notice { id: id.to_owned(), said });
        if case.failed() {
            noticed = notice(format!("case `{}` fails", case.id));
        } else {
            match watch.denials(policy::OURS) {
                Ok(seen) => {
                    let denial = seen.denials.iter().find(|one| harmless(one).is_none());
                    let said = denial.map(|one| format!("case `{}`: denied {one}", case.id));
                    noticed = said.and_then(notice);
                }
                Err(error) => problem = Some(error),
            }
        }
        noticed.is_none() && problem.is_none()
    });
    problem.map_or(Ok(noticed), Err)
}

/// The first attempt that gets through.
fn successful_attempt(target: &Target, ids: &[String]) -> Result<Option<Notice>> {
    let results = attempts::try_all(target, ids)?;
    let through = results.iter().find(|(_, outcome)| matches!(outcome, Outcome::Managed(_)));
    Ok(through
        .map(|(id, _)| Notice { id: id.clone(), said: format!("attempt `{id}` gets through") }))
}

/// A container whose Docker has suffered is started anew under the whole profile.
fn mend(target: &Target, overrides: &[(&str, &str)]) -> Result<()> {
    if target.state()? != "RUNNING" || !runs_containers(target) {
        say::note("the container is started anew");
        begin(target, overrides)?;
    }
    Ok(())
}

/// Starts the container anew; one whose Docker does not work then could show nothing.
fn begin(target: &Target, overrides: &[(&str, &str)]) -> Result<()> {
    target.restart(overrides)?;
    attempts::prepare(target)?;
    if !runs_containers(target) {
        bail!(
            "Docker in `{}` runs no containers under the whole profile; `phoenix-orch run` makes it ready",
            target.name()
        );
    }
    Ok(())
}

fn runs_containers(target: &Target) -> bool {
    let run = "timeout 20 docker run --rm --network none phx-base true";
    target.script(run, Duration::from_secs(40)).is_ok_and(|output| output.code == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_ones_are_there() {
        let groups = template::groups(&Settings::default());
        for (id, killer) in killers::KILLERS {
            let Some(group) = groups.iter().find(|group| group.id == *id) else {
                panic!("the profile has no group `{id}`");
            };
            let known = match group.effect {
                Effect::Allow => {
                    *killer == BOOT || workload::cases().any(|case| case.id == *killer)
                }
                Effect::Deny => attempts::attempts().any(|attempt| attempt.id == *killer),
            };
            assert!(known, "nothing is called `{killer}`");
        }
    }
}
