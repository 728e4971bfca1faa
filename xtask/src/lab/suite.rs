//! The tests that need a kernel which enforces AppArmor, all in one boot.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{ContainerWish, Docker, Lab, TOOLS, parsers, product, table};
use crate::testbed::Release;
use crate::{interrupt, say};

/// What can be asked of the suite.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Run workload and attempts with each parser, and with current Docker too, which takes about half an hour more.
    #[arg(long)]
    pub long: bool,
    /// Words for every call of `phoenix-lab`.
    #[arg(last = true)]
    pub words: Vec<String>,
}

/// What became of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    /// A part that it stands on has failed.
    NotRun,
}

/// One line of the summary.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) part: String,
    pub(super) verdict: Verdict,
    pub(super) elapsed: Duration,
}

/// What must be possible under the profile, and what must not.
const BOTH: [&str; 2] = ["workload", "attempts"];

/// What the lab does as a Proxmox node.
const PROXMOX: &str = include_str!("proxmox.sh");

/// What must be so after the package was installed, where systemd runs.
const INSTALLED: &str = include_str!("installed.sh");

/// Starts the service that looks at the fleet, and looks at what it has written.
const SERVICE: &str = include_str!("service.sh");

/// Looks at the host and the container after a rollback.
const NOTHING_LEFT: &str = include_str!("nothing-left.sh");

/// Runs all parts, also after one has failed, shows a table, and fails if any part has. `build` makes the product's package,
/// while the machine starts.
pub fn run(options: &Options, build: impl FnOnce() -> Result<()>) -> Result<()> {
    let bookworm = wish("suite-bookworm", Release::Bookworm, Docker::Vfs);
    // Docker is not installed on unstable by the product, and confined it must run there all the same.
    let sid = wish("suite-sid", Release::Sid, Docker::FuseOverlayfs);
    let both = [bookworm.clone(), sid.clone()];
    let wishes = if options.long { &both[..] } else { &both[..1] };
    let lab = Lab::up_with(wishes, || build().and_then(|()| product::build_suite_programs()))?;
    let mut suite = Suite { lab: &lab, words: &options.words, outcomes: Vec::new() };
    let part = "the package is installed as it was made, and its timer is sound and off";
    suite.part(part, &|| lab.live(&["sh", "-c", INSTALLED]))?;
    // A lab that a demonstration or a developer has used has more containers that stand on the host.
    let alone = lab.live_code(&["test", "!", "-e", "/etc/apparmor.d/lxc-phoenix-v2"])? == 0;
    if suite.converge("Docker on vfs, not confined", "docker", &bookworm)? {
        suite.part("bookworm: the packaged service says so too", &|| {
            lab.live(&["sh", "-c", SERVICE, "sh", &bookworm.name])
        })?;
        // The parser of Debian 13 and Proxmox VE 9 makes less of the rules than that of Debian 12, so each judges what it is the
        // stricter one for; with time enough, both judge both.
        let [by_newer, by_older]: [&[&str]; 2] =
            if options.long { [&BOTH, &BOTH] } else { [&["workload"], &["attempts"]] };
        suite.judge(&bookworm, by_newer, &["--parser", &parsers::program(Release::Trixie)])?;
        suite.judge(&bookworm, by_older, &[])?;
        suite.back(&bookworm, alone)?;
    }
    if options.long && suite.converge("current Docker", "confinement", &sid)? {
        suite.judge(&sid, &BOTH, &[])?;
    }
    suite.proxmox()?;
    say::heading("the lab's summary");
    for line in table::lines(&suite.outcomes) {
        say::note(&line);
    }
    let failed = suite.outcomes.iter().filter(|one| one.verdict != Verdict::Passed).count();
    if failed > 0 {
        bail!("{failed} of {} parts in the lab did not pass", suite.outcomes.len());
    }
    Ok(())
}

fn wish(name: &str, release: Release, docker: Docker) -> ContainerWish {
    ContainerWish { name: name.to_owned(), release, docker }
}

struct Suite<'a> {
    lab: &'a Lab,
    words: &'a [String],
    outcomes: Vec<Outcome>,
}

impl Suite<'_> {
    /// From a fresh container to one that the product has nothing left to do on; tells whether it came
    /// to that.
    fn converge(&mut self, start: &str, feature: &str, wish: &ContainerWish) -> Result<bool> {
        let release = wish.release.name();
        let lab = self.lab;
        let orchestrate = |verb: &str, more: &[&str]| {
            let target = wish.name.as_str();
            let words = ["phoenix-orch", verb, "--features", feature];
            lab.live(&[&words[..], &["--target", target], more].concat())
        };
        let container = || {
            lab.remove_container(&wish.name)?;
            lab.make_container(wish)
        };
        let parts: [(String, &dyn Fn() -> Result<()>); 4] = [
            (format!("{release}: a container with {start}"), &container),
            (format!("{release}: phoenix-orch run"), &|| {
                orchestrate("run", &["--allow", "restart"])
            }),
            (format!("{release}: nothing is left to change"), &|| {
                orchestrate("plan", &["--check"])
            }),
            (format!("{release}: phoenix-orch verify"), &|| orchestrate("verify", &[])),
        ];
        let mut converged = true;
        for (part, work) in parts {
            if converged {
                converged = self.part(&part, work)?;
            } else {
                self.skip(part);
            }
        }
        if !converged {
            self.skip(format!("{release}: what stands on that"));
        }
        Ok(converged)
    }

    /// Runs the workload, the attempts, or both.
    fn judge(&mut self, wish: &ContainerWish, verbs: &[&str], more: &[&str]) -> Result<()> {
        let (lab, asked) = (self.lab, self.words);
        for verb in verbs {
            let mut words = vec!["phoenix-lab", verb, &wish.name];
            words.extend(more);
            words.extend(asked.iter().map(String::as_str));
            let what = [&[*verb], more].concat().join(" ");
            self.part(&format!("{}: {what}", wish.release.name()), &|| lab.live(&words))?;
        }
        Ok(())
    }

    /// Takes the run back, which is the last that changed anything: the container is not confined again, and
    /// what is on the host is gone if no other container stands on it (`alone`).
    fn back(&mut self, wish: &ContainerWish, alone: bool) -> Result<()> {
        let (lab, release) = (self.lab, wish.release.name());
        let rollback = "phoenix-orch rollback last --allow restart";
        let refused = format!("{rollback} --target host; test $? = 9");
        let host = if alone { "gone" } else { "kept" };
        let mut parts: Vec<(String, Vec<&str>)> = vec![
            ("phoenix-orch rollback".to_owned(), rollback.split(' ').collect()),
            (
                format!("the container is as it was, and what is on the host is {host}"),
                vec!["sh", "-c", NOTHING_LEFT, "sh", &wish.name, host],
            ),
        ];
        if alone {
            let part = "the host alone cannot be taken back".to_owned();
            parts.insert(0, (part, vec!["sh", "-c", &refused]));
        }
        for (part, words) in parts {
            self.part(&format!("{release}: {part}"), &|| lab.live(&words))?;
        }
        Ok(())
    }

    /// The product on a stand-in for a Proxmox node, whose kernel enforces AppArmor.
    fn proxmox(&mut self) -> Result<()> {
        let (lab, wish) = (self.lab, wish("7101", Release::Bookworm, Docker::Vfs));
        let part = "on Proxmox, what the old scripts left ends confined";
        self.part(part, &|| {
            lab.remove_container(&wish.name)?;
            lab.make_container(&wish)?;
            let words = [&wish.name, product::CATALOGUE, TOOLS];
            let done = lab.live(&[&["sh", "-c", PROXMOX, "sh"][..], &words].concat());
            lab.remove_container(&wish.name)?;
            done
        })?;
        Ok(())
    }

    /// Does one part with live output. Only an interruption is an error.
    fn part(&mut self, part: &str, work: &dyn Fn() -> Result<()>) -> Result<bool> {
        let begin = Instant::now();
        let result = say::timed(part, work);
        interrupt::check()?;
        if let Err(error) = &result {
            say::failure(error);
        }
        let verdict = if result.is_ok() { Verdict::Passed } else { Verdict::Failed };
        self.outcomes.push(Outcome { part: part.to_owned(), verdict, elapsed: begin.elapsed() });
        Ok(result.is_ok())
    }

    fn skip(&mut self, part: String) {
        self.outcomes.push(Outcome { part, verdict: Verdict::NotRun, elapsed: Duration::ZERO });
    }
}
