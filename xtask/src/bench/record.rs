//! What a benchmark found, for the terminal and for `docs/bench`.

use std::{fs, io::Write as _, process::Command, thread::available_parallelism, time::Duration};

use anyhow::{Context, Result};
use serde::Serialize;
use xtask::{process, say, workspace};

use super::{sampler::Sample, statistics::Spread};

/// The results of one benchmark.
#[derive(Serialize)]
pub(crate) struct Record {
    /// Its name, and that of its file.
    pub(crate) benchmark: &'static str,
    /// When, as a date.
    pub(crate) date: String,
    /// Of which source.
    pub(crate) commit: String,
    /// Where.
    pub(crate) machine: Machine,
    /// In how many containers.
    pub(crate) containers: usize,
    /// How many rounds were counted.
    pub(crate) rounds: usize,
    /// How many were run before, and not counted.
    pub(crate) warm_up: usize,
    /// What was found.
    pub(crate) comparisons: Vec<Comparison>,
}

/// What it was measured on.
#[derive(Serialize)]
pub(crate) struct Machine {
    processor: String,
    processors: usize,
    kernel: String,
}

impl Machine {
    /// This one.
    pub(crate) fn this() -> Result<Self> {
        let text = fs::read_to_string("/proc/cpuinfo").context("cannot read `/proc/cpuinfo`")?;
        let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Ok(Self {
            processor: name
                .map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned()),
            processors: available_parallelism().context("cannot count processors")?.get(),
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        })
    }
}

/// One command of two builds.
#[derive(Serialize)]
pub(crate) struct Comparison {
    /// The command.
    command: String,
    /// The product.
    product: Cost,
    /// What it is compared with.
    other: Cost,
    /// The product's cost divided by the other's, in each round.
    ratio: Ratio,
}

#[derive(Serialize)]
struct Cost {
    cpu_ms: Spread,
    wall_ms: Spread,
}

#[derive(Serialize)]
struct Ratio {
    cpu: Spread,
    wall: Spread,
}

impl Comparison {
    /// Of the samples of the product and of the other, round by round.
    pub(crate) fn of(command: &str, pairs: &[[Sample; 2]]) -> Result<Self> {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let spread = |value: &dyn Fn(&[Sample; 2]) -> f64| {
            Spread::of(pairs.iter().map(value)).context("no rounds")
        };
        let cost = |index: usize| -> Result<Cost> {
            Ok(Cost {
                cpu_ms: spread(&|pair| ms(pair[index].cpu))?,
                wall_ms: spread(&|pair| ms(pair[index].wall))?,
            })
        };
        let ratio = Ratio {
            cpu: spread(&|[product, other]| ms(product.cpu) / ms(other.cpu))?,
            wall: spread(&|[product, other]| ms(product.wall) / ms(other.wall))?,
        };
        Ok(Self { command: command.to_owned(), product: cost(0)?, other: cost(1)?, ratio })
    }

    fn rows(&self, names: [&str; 2]) -> String {
        let row = |what: &str, unit: &str, Spread { median, min, max }: Spread, digits: usize| {
            let number = |value: f64| format!("{value:.digits$}{unit}");
            let (median, min, max) = (number(median), number(min), number(max));
            format!("{:<8}{what:<22}{median:>12}{min:>12}{max:>12}\n", self.command)
        };
        let costs = [(names[0], &self.product), (names[1], &self.other)];
        let mut text = String::new();
        for (name, cost) in costs {
            text += &row(&format!("CPU, {name}"), " ms", cost.cpu_ms, 1);
        }
        text += &row("CPU, ratio", "", self.ratio.cpu, 3);
        for (name, cost) in costs {
            text += &row(&format!("wall, {name}"), " ms", cost.wall_ms, 1);
        }
        text + &row("wall, ratio", "", self.ratio.wall, 3)
    }
}

impl Record {
    /// Shows it, under these names of the two builds, and writes it down.
    pub(crate) fn publish(&self, names: [&str; 2]) -> Result<()> {
        let mut text = format!("{:<8}{:<22}{:>12}{:>12}{:>12}\n", "", "", "median", "min", "max");
        text.extend(self.comparisons.iter().map(|comparison| comparison.rows(names)));
        std::io::stdout().write_all(text.as_bytes()).context("cannot print")?;
        let folder = workspace::root().join("docs/bench");
        let path = folder.join(format!("{}.json", self.benchmark));
        let json = serde_json::to_string_pretty(self)? + "\n";
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&path, json))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        say::note(&format!("wrote {}", path.display()));
        Ok(())
    }
}

/// Today.
pub(crate) fn date() -> Result<String> {
    let output = process::quiet(Command::new("date").arg("--iso-8601"))?;
    Ok(output.stdout.trim().to_owned())
}

/// The commit of this checkout.
pub(crate) fn commit() -> Result<String> {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty"]).current_dir(workspace::root());
    Ok(process::quiet(&mut git)?.stdout.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Comparison, Sample};

    #[test]
    fn each_round_is_compared_with_itself() {
        let sample = |ms| Sample { wall: Duration::from_millis(1), cpu: Duration::from_millis(ms) };
        let pairs = [[11, 10], [22, 20], [100, 50]].map(|pair| pair.map(sample));
        let comparison = Comparison::of("run", &pairs).unwrap();
        let cpu = comparison.ratio.cpu;
        assert_eq!((cpu.median, cpu.min, cpu.max), (1.1, 1.1, 2.0));
        assert_eq!(comparison.product.cpu_ms.median, 22.0);
        let rows = comparison.rows(["ours", "theirs"]);
        assert!(rows.contains("run     CPU, ratio                   1.100"), "{rows}");
    }
}
