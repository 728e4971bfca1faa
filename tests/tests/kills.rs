//! A run that is killed, before and after every effect and at random times, on a real container. Whatever
//! the moment: either the next run converges, or a rollback brings the first state back, byte for byte.
//!
//! `PHOENIX_LONG` is the number of rounds (`cargo xtask test --long` sets it); without it a short slice is
//! tried. `PHOENIX_SEED` repeats a choice; it is printed when something fails.

use std::{env, time::Instant};

use anyhow::{Context, Result, bail};
use phoenix_tests::{
    Listing, Workbench,
    crash::{self, Moment},
    events,
    listing::restorable,
};
use xtask::testbed::{Container, Image, Options, Release};

/// Rounds in CI.
const SHORT: usize = 4;

/// More transactions than a run has.
const MOST: u64 = 60;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

struct Place {
    container: Container,
    bench: Workbench,
    first: Listing,
    packages: String,
}

impl Place {
    fn new(label: &str) -> Result<Self> {
        let image = Image::ensure(Release::Bookworm)?;
        let container = Container::create(&image, label, &Options::default())?;
        container.write_file("/etc/docker/daemon.json", b"{\n  \"debug\": true\n}\n", 0o640)?;
        let bench = Workbench::with_repository_catalogue()?;
        let (first, packages) = (restorable(&container)?, packages(&container)?);
        Ok(Self { container, bench, first, packages })
    }

    fn run_words(&self) -> Vec<&str> {
        vec!["run", "--features", "docker", "--target", self.container.name(), "--allow", "restart"]
    }

    /// Takes everything back, and holds the container to its first state.
    fn back(&self) -> Result<()> {
        self.bench.take_all_back()?;
        let differences = self.first.differences(&restorable(&self.container)?);
        if !differences.is_empty() {
            bail!("not the first state:\n{}", differences.join("\n"));
        }
        let now = packages(&self.container)?;
        if now != self.packages {
            bail!("other packages:\n{}\ninstead of\n{now}", self.packages);
        }
        Ok(())
    }

    /// Runs again, and holds that it converges: nothing is left to do.
    fn forth(&self) -> Result<()> {
        self.bench.run(&self.run_words())?.expect_code(0)?;
        let again = self.bench.run(&[&self.run_words()[..], &["--output", "json"]].concat())?;
        let events = events::parse(&again)?;
        if !events::intended(&events).is_empty() {
            bail!("the second run still changes: {:?}", events::intended(&events));
        }
        let driver = self.container.ok(&["docker", "info", "--format", "{{.Driver}}"])?;
        if driver.trim() != "fuse-overlayfs" {
            bail!("Docker is on {driver}");
        }
        Ok(())
    }

    fn round(&self, moment: Moment, forth: bool) -> Result<bool> {
        let killed = crash::killed(&self.bench, &self.run_words(), moment)?;
        if forth {
            self.forth()?;
        }
        self.back()?;
        Ok(killed)
    }
}

fn packages(container: &Container) -> Result<String> {
    container.ok(&["dpkg-query", "-W", "-f=${Package} ${Version} ${Status}\\n"])
}

#[test]
fn killed_before_and_after_effects() -> Result<()> {
    let place = Place::new("killed")?;
    let seed = number("PHOENIX_SEED").unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    // All moments, in an order that the seed gives; a run that ends before its moment shows the last.
    let kinds = [Moment::Announced as fn(u64) -> Moment, Moment::Done];
    let mut rounds: Vec<_> = (1..=MOST)
        .flat_map(|number| kinds.iter().map(move |kind| kind(number)))
        .flat_map(|moment| [(moment, true), (moment, false)])
        .collect();
    random.shuffle(&mut rounds);
    let most = if number("PHOENIX_LONG").is_some() { rounds.len() } else { SHORT };
    let mut beyond = MOST + 1;
    let mut killed = 0;
    for (moment, forth) in rounds {
        let (Moment::Announced(transaction) | Moment::Done(transaction)) = moment else { continue };
        if killed == most || transaction >= beyond {
            continue;
        }
        let was = place
            .round(moment, forth)
            .with_context(|| format!("seed {seed}, {moment:?}, then a run: {forth}"))?;
        if was { killed += 1 } else { beyond = transaction }
    }
    assert!(killed > 0, "seed {seed}: no run was killed");
    println!("seed {seed}: {killed} runs were killed, before transaction {beyond}");
    Ok(())
}

#[test]
fn killed_at_random_times() -> Result<()> {
    let place = Place::new("random")?;
    let seed = number("PHOENIX_SEED").unwrap_or_else(|| fastrand::u64(..));
    let mut random = fastrand::Rng::with_seed(seed);
    let begin = Instant::now();
    place.bench.run(&place.run_words())?.expect_code(0)?;
    let whole = begin.elapsed();
    place.back()?;
    let rounds = number("PHOENIX_LONG").map_or(SHORT as u64 / 2, |rounds| rounds);
    for round in 0..rounds {
        let moment = Moment::After(whole.mul_f64(random.f64()));
        let forth = random.bool();
        place.round(moment, forth).with_context(|| {
            format!("seed {seed}, round {round}, {moment:?}, then a run: {forth}")
        })?;
    }
    println!("seed {seed}: {rounds} rounds");
    Ok(())
}
