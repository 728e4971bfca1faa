//! Runs commands and says what each cost, with every process that it started.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    mem,
    process::{Child, Command, ExitStatus, Stdio, id},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rustix::{
    io::Errno,
    process::{WaitOptions, getpid, set_child_subreaper, wait},
};
use xtask::{interrupt, process, process_tree};

/// How often the memory of a command is looked at.
const INTERVAL: Duration = Duration::from_millis(3);

/// A process has one heir of what others leave behind, and one sum of what it has buried: two samplers at once would take each
/// other's dead for their own.
static ONLY: Mutex<()> = Mutex::new(());

/// What one run of a command cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// The time, in the kernel too, of all processes that it started, until the last of them had ended. What
    /// kernel threads do for it later is in nobody's account.
    pub(crate) cpu: Duration,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// As typed, for messages.
    line: String,
    /// As a shell would give it.
    pub(crate) code: i32,
    /// What it wrote to stdout and stderr, as it came.
    pub(crate) text: String,
}

impl Finished {
    fn of(command: &Command, status: ExitStatus, mut output: File) -> Result<Self> {
        let mut bytes = Vec::new();
        output.rewind()?;
        output.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Self { line: process::command_line(command), code: process::exit_code(status), text })
    }

    /// Of a command that told this.
    #[cfg(test)]
    pub(crate) fn told(code: i32, text: &str) -> Self {
        Self { line: "a command".to_owned(), code, text: text.to_owned() }
    }

    /// Demands success.
    pub(crate) fn success(&self) -> Result<()> {
        if self.code != 0 {
            bail!("`{}` ended with exit code {}\n{}", self.line, self.code, self.text);
        }
        Ok(())
    }
}

/// How often something is measured.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Rounds {
    /// How many rounds count.
    #[arg(long = "rounds", default_value_t = 30)]
    pub(crate) counted: usize,
    /// How many rounds are run before, and do not count.
    #[arg(long, default_value_t = 3)]
    pub(crate) warm_up: usize,
}

/// Makes a command, for each round anew.
pub(crate) type Make<'a> = &'a dyn Fn() -> Command;

/// While there is one, whatever a command leaves behind becomes a child of ours: the kernel tells the cost
/// of a process to the one that buries it, and who buries nobody hears nothing.
pub(crate) struct Sampler(
    #[expect(dead_code, reason = "held, never looked at")] MutexGuard<'static, ()>,
);

impl Sampler {
    /// For a time in which nothing else starts processes here, and no container is started. Waits for the end of another one.
    pub(crate) fn new() -> Result<Self> {
        let only = ONLY.lock().unwrap_or_else(PoisonError::into_inner);
        set_child_subreaper(Some(getpid())).context("cannot become the heir of processes")?;
        Ok(Self(only))
    }

    /// Runs a command that must succeed.
    pub(crate) fn sample(&self, command: &mut Command) -> Result<Sample> {
        let (sample, finished) = self.run(command)?;
        finished.success()?;
        Ok(sample)
    }

    /// Runs a command, whatever its end.
    pub(crate) fn run(&self, command: &mut Command) -> Result<(Sample, Finished)> {
        let output = prepare(command)?;
        let before = cpu_of_the_buried()?;
        let begin = Instant::now();
        let mut child = spawn(command)?;
        let status = child.wait().context("cannot wait for a command")?;
        let wall = begin.elapsed();
        bury_the_rest()?;
        let cpu = cpu_of_the_buried()?.saturating_sub(before);
        Ok((Sample { wall, cpu }, Finished::of(command, status, output)?))
    }

    /// Runs a command, and gives the largest memory that it and all that it started had together, in KiB (PSS): what is
    /// shared with processes that are not its own counts in proportion. Looking costs time, so its time is not measured.
    pub(crate) fn peak_kib(&self, command: &mut Command) -> Result<(u64, Finished)> {
        let output = prepare(command)?;
        let mut child = spawn(command)?;
        let mut peak = 0;
        let status = loop {
            peak = peak.max(process_tree::memory_kib(process_tree::below(id())));
            if let Some(status) = child.try_wait().context("cannot wait for a command")? {
                break status;
            }
            thread::sleep(INTERVAL);
        };
        bury_the_rest()?;
        // The command lived at the first look, so that nothing means that nobody tells.
        ensure!(peak > 0, "this kernel shows no PSS");
        Ok((peak, Finished::of(command, status, output)?))
    }

    /// Runs all these pairs of commands in each round, so that whatever else the machine does is the same to
    /// all. Gives the samples of each pair, round by round.
    pub(crate) fn in_turns<const N: usize>(
        &self,
        rounds: Rounds,
        pairs: [[Make<'_>; 2]; N],
    ) -> Result<[Vec<[Sample; 2]>; N]> {
        let mut samples = [const { Vec::new() }; N];
        for round in 0..rounds.warm_up + rounds.counted {
            for ([one, other], samples) in pairs.iter().zip(&mut samples) {
                // Neither always finds what the other has just left in the caches.
                let pair = if round % 2 == 0 {
                    [self.sample(&mut one())?, self.sample(&mut other())?]
                } else {
                    let other = self.sample(&mut other())?;
                    [self.sample(&mut one())?, other]
                };
                if round >= rounds.warm_up {
                    samples.push(pair);
                }
            }
        }
        Ok(samples)
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        // Asked for nothing but what was possible before.
        let _ = set_child_subreaper(None);
    }
}

/// Sends what it writes to the file that this gives.
fn prepare(command: &mut Command) -> Result<File> {
    interrupt::check()?;
    // A file, because reading a pipe meanwhile would cost time on the same processors.
    let output = tempfile::tempfile().context("cannot create a temporary file")?;
    let stream = || output.try_clone().map(Stdio::from);
    command.stdin(Stdio::null()).stdout(stream()?).stderr(stream()?);
    Ok(output)
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("cannot run `{}`", process::command_line(command)))
}

fn bury_the_rest() -> Result<()> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::CHILD) => return Ok(()),
            Err(error) => return Err(error).context("cannot wait for what a command left"),
        }
    }
}

/// The time of all children that have been waited for, and of theirs.
fn cpu_of_the_buried() -> Result<Duration> {
    // SAFETY: all zeroes is a valid `rusage`, and the kernel writes no more than one.
    let usage = unsafe {
        let mut usage: libc::rusage = mem::zeroed();
        match libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage) {
            0 => usage,
            _ => return Err(io::Error::last_os_error()).context("cannot ask for times"),
        }
    };
    let duration = |time: libc::timeval| -> Result<Duration> {
        let micros = time.tv_sec * 1_000_000 + time.tv_usec;
        Ok(Duration::from_micros(micros.try_into().context("a negative time")?))
    };
    Ok(duration(usage.ru_utime)? + duration(usage.ru_stime)?)
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::Sampler;

    #[test]
    fn what_a_command_leaves_behind_is_waited_for_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let script = "(i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; : >done) &";
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(folder.path());
        let sample = Sampler::new().unwrap().sample(&mut command).unwrap();
        assert!(folder.path().join("done").exists());
        // No processor counts that far in less, and a shell that only starts another needs far less.
        assert!(sample.cpu > Duration::from_millis(10), "{sample:?}");
    }

    #[test]
    fn the_memory_of_all_that_is_started_counts_and_failures_are_shown() {
        let sampler = Sampler::new().unwrap();
        let command = |program: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", program]);
            command
        };
        let (one, _) = sampler.peak_kib(&mut command("sleep 0.2; :")).unwrap();
        let more = "for i in 1 2 3 4 5 6; do (sleep 0.2; :) & done; wait; echo told; exit 3";
        let (six, finished) = sampler.peak_kib(&mut command(more)).unwrap();
        assert!(one > 50 && six > 2 * one, "{one} and {six} KiB");
        assert_eq!(finished.code, 3);
        assert!(finished.success().unwrap_err().to_string().contains("told"));
    }
}
