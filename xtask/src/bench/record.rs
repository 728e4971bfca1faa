//! What a benchmark found, for the terminal and for `docs/bench`.

use std::{fmt::Write as _, fs, process::Command, thread::available_parallelism, time::Duration};

use anyhow::{Context, Result};
use serde::Serialize;
use xtask::{process, workspace};

use super::{fleet_table::time, publish::publish, sampler::Sample, statistics::Spread};

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
    memory_gib: f64,
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
            memory_gib: memory_gib()?,
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        })
    }

    /// For people, with the commit that was measured.
    pub(crate) fn line(&self, commit: &str) -> String {
        let Self { processor, processors, memory_gib, kernel } = self;
        let commit = format!("commit `{commit}`");
        format!("{processor}, {processors} processors, {memory_gib} GiB, Linux {kernel}, {commit}.")
    }
}

/// Rounded to a tenth.
fn memory_gib() -> Result<f64> {
    let text = fs::read_to_string("/proc/meminfo").context("cannot read `/proc/meminfo`")?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let total = total.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    let total = total.context("`/proc/meminfo` has no `MemTotal`")?;
    Ok((total / 1024.0 / 1024.0 * 10.0).round() / 10.0)
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

    fn rows(&self) -> String {
        let costs = [
            ("CPU", self.product.cpu_ms, self.other.cpu_ms, self.ratio.cpu),
            ("wall", self.product.wall_ms, self.other.wall_ms, self.ratio.wall),
        ];
        let row = |(what, product, other, ratio): (&str, Spread, Spread, Spread)| {
            let Spread { median, min, max } = ratio;
            let ratio = format!("**{median:.3}** ({min:.2} - {max:.2})");
            format!(
                "| `{}` | {what} | {} | {} | {ratio} |\n",
                self.command,
                time(product),
                time(other)
            )
        };
        costs.map(row).concat()
    }
}

impl Record {
    /// Shows it, under these names of the two builds, and writes it down.
    pub(crate) fn publish(&self, names: [&str; 2]) -> Result<()> {
        publish(self.benchmark, self, &self.table(names))
    }

    fn table(&self, [product, other]: [&str; 2]) -> String {
        let mut text = format!("{}, {}\n\n", self.date, self.machine.line(&self.commit));
        let _ = writeln!(
            text,
            "| {} containers, {} rounds | | {product} | {other} | ratio of the pairs |\n|---|---|---|---|---|",
            self.containers, self.rounds
        );
        text + &self.comparisons.iter().map(Comparison::rows).collect::<String>()
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
        let row = "| `run` | CPU | **22.0 ms** (11.0 - 100.0) | **20.0 ms** (10.0 - 50.0) | **1.100** (1.10 - 2.00) |\n";
        assert!(comparison.rows().starts_with(row), "{}", comparison.rows());
    }
}
