//! Whoever does the same work as the product, and how to tell what they found.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};
use serde::Serialize;
use xtask::{lab::product, workspace};

use super::{bed::Bed, sampler::Finished};

/// What somebody said about the containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything is as it should be.
    NothingToChange,
    /// Something is not, or was not and has been mended.
    Differs,
}

/// What one does about what differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Checks nothing: the row is a measure for others.
    None,
    /// Says so.
    Report,
    /// Mends it.
    Repair,
}

/// Starts the work on these containers.
pub(crate) type Start<'a> = Box<dyn Fn(&[&str]) -> Command + 'a>;

/// One that is measured.
pub(crate) struct Competitor<'a> {
    /// The title of its row; unique.
    pub(crate) name: &'static str,
    /// What it does about what differs.
    pub(crate) duty: Duty,
    /// How it is started.
    pub(crate) start: Start<'a>,
    /// What it found, or why that cannot be told.
    pub(crate) verdict: fn(&Finished) -> Result<Verdict>,
}

/// Who is not wanted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Without {
    /// Leave these competitors out: the beginnings of their names.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    without: Vec<String>,
}

impl Without {
    /// Those that remain of these, and the others as missing.
    pub(crate) fn apply<T>(
        &self,
        names: impl IntoIterator<Item = (&'static str, T)>,
        missing: &mut Vec<Missing>,
    ) -> Vec<T> {
        let is_left_out = |name: &str| self.without.iter().any(|it| name.starts_with(it.as_str()));
        let (out, kept): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|(name, _)| is_left_out(name));
        let reason = || "left out with `--without`".to_owned();
        missing.extend(out.into_iter().map(|(name, _)| Missing { name, reason: reason() }));
        kept.into_iter().map(|(_, one)| one).collect()
    }
}

/// One that has no figures.
#[derive(Serialize)]
pub(crate) struct Missing {
    /// Its title.
    pub(crate) name: &'static str,
    /// Why.
    pub(crate) reason: String,
}

/// The title of what ratios are made to: the least that a tool that enters has to pay.
pub(crate) const FLOOR: &str = "floor";
/// The title of the product's own row.
pub(crate) const OURS: &str = "phoenix-orch run";

/// A recipe of ours.
pub(crate) fn recipe(name: &str) -> std::path::PathBuf {
    workspace::root().join("xtask/bench").join(name)
}

/// Those that need nothing but LXC and what is built here.
pub(crate) fn at_home<'a>(
    bed: &'a Bed,
    binary: &'a Path,
    host_files: &'a Path,
) -> Vec<Competitor<'a>> {
    let script = move |shell: &'static str, name: &'static str, compares: bool| -> Start<'a> {
        Box::new(move |containers| {
            let mut command = Command::new(shell);
            command.arg(recipe(name)).args(compares.then_some(host_files)).args(containers);
            command
        })
    };
    let ours = move |verb: &'static str, more: &'static [&'static str]| -> Start<'a> {
        Box::new(move |containers| {
            let mut command = bed.command_for(binary, verb, containers);
            command.args(more);
            command
        })
    };
    vec![
        Competitor {
            name: "lxc-attach alone",
            duty: Duty::None,
            start: script("sh", "attach.sh", false),
            verdict: |finished| finished.success().map(|()| Verdict::NothingToChange),
        },
        Competitor {
            name: FLOOR,
            duty: Duty::Report,
            start: script("sh", "floor.sh", true),
            verdict: |finished| match finished.code {
                0 => Ok(Verdict::NothingToChange),
                1 if finished.text.contains("differs: ") => Ok(Verdict::Differs),
                _ => unclear(finished),
            },
        },
        Competitor {
            name: "bash script",
            duty: Duty::Repair,
            start: script("bash", "script.sh", true),
            verdict: |finished| {
                finished.success()?;
                match finished.text.lines().last() {
                    Some("changed: 0") => Ok(Verdict::NothingToChange),
                    Some(line) if line.starts_with("changed: ") => Ok(Verdict::Differs),
                    _ => unclear(finished),
                }
            },
        },
        Competitor {
            name: OURS,
            duty: Duty::Repair,
            start: ours("run", &[]),
            verdict: |finished| finished.success().and_then(|()| ours_found(finished)),
        },
        Competitor {
            name: "phoenix-orch plan",
            duty: Duty::Report,
            start: ours("plan", &["--check"]),
            verdict: ours_checked,
        },
        Competitor {
            name: "phoenix-orch status",
            duty: Duty::Report,
            start: ours("status", &["--check"]),
            verdict: ours_checked,
        },
    ]
}

/// The least that has to be done in a fresh container.
pub(crate) fn cold_floor<'a>() -> Competitor<'a> {
    Competitor {
        name: FLOOR,
        duty: Duty::Repair,
        start: Box::new(|containers| {
            let mut command = Command::new("sh");
            command.arg(recipe("cold.sh")).args(containers);
            command
        }),
        verdict: |finished| finished.success().map(|()| Verdict::Differs),
    }
}

/// The product as it is shipped.
pub(crate) fn binary() -> std::path::PathBuf {
    product::shipped().join(product::BINARY)
}

/// From the line that a run closes with: `Finished 5 units, 4 unchanged, 1 changed in 2 s`.
fn ours_found(finished: &Finished) -> Result<Verdict> {
    let mut lines = finished.text.lines().map(str::trim_start);
    let Some(closing) = lines.find(|line| line.starts_with("Finished ")) else {
        return unclear(finished);
    };
    let changed = closing.split([' ', ',']).any(|word| word == "changed");
    Ok(if changed { Verdict::Differs } else { Verdict::NothingToChange })
}

/// From the exit code of a verb with `--check`.
fn ours_checked(finished: &Finished) -> Result<Verdict> {
    match finished.code {
        0 => Ok(Verdict::NothingToChange),
        3 => Ok(Verdict::Differs),
        _ => unclear(finished),
    }
}

/// The error for an end that says neither.
pub(crate) fn unclear(finished: &Finished) -> Result<Verdict> {
    bail!("exit code {}, which tells nothing:\n{}", finished.code, finished.text)
}

#[cfg(test)]
mod tests {
    use super::{Finished, Verdict, ours_found};

    #[test]
    fn what_a_run_says_at_its_end() {
        let found = |text: &str| ours_found(&Finished::told(0, text)).ok();
        let unchanged =
            "   Unchanged docker-install on web\n    Finished 5 units, 5 unchanged in 41 ms\n";
        assert_eq!(found(unchanged), Some(Verdict::NothingToChange));
        let changed = "     Changed docker-install on web\n    Finished 5 units, 1 changed, 4 unchanged in 2 s\n";
        assert_eq!(found(changed), Some(Verdict::Differs));
        assert_eq!(found("something else"), None);
    }
}
