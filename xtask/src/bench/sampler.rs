//! Runs commands and says what each cost, with every process that it started.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    mem,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::{
    io::Errno,
    process::{WaitOptions, getpid, set_child_subreaper, wait},
};
use xtask::{interrupt, process};

/// What one run of a command cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// From its start to its end.
    pub(crate) wall: Duration,
    /// The time, in the kernel too, of all processes that it started, until the last of them had ended. What
    /// kernel threads do for it later is in nobody's account.
    pub(crate) cpu: Duration,
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
pub(crate) struct Sampler(());

impl Sampler {
    /// For a time in which nothing else starts processes here, and no container is started.
    pub(crate) fn new() -> Result<Self> {
        set_child_subreaper(Some(getpid())).context("cannot become the heir of processes")?;
        Ok(Self(()))
    }

    /// Runs a command that must succeed.
    pub(crate) fn sample(&self, command: &mut Command) -> Result<Sample> {
        interrupt::check()?;
        let line = process::command_line(command);
        // A file, because reading a pipe meanwhile would cost time on the same processors.
        let mut output = tempfile::tempfile().context("cannot create a temporary file")?;
        let stream = |file: &File| file.try_clone().map(Stdio::from);
        command.stdin(Stdio::null()).stdout(stream(&output)?).stderr(stream(&output)?);
        let before = cpu_of_the_buried()?;
        let begin = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot run `{line}`"))?;
        let status = child.wait().with_context(|| format!("cannot wait for `{line}`"))?;
        let wall = begin.elapsed();
        bury_the_rest()?;
        let cpu = cpu_of_the_buried()?.saturating_sub(before);
        if !status.success() {
            let mut text = String::new();
            output.rewind()?;
            output.read_to_string(&mut text)?;
            bail!("`{line}` ended with exit code {}\n{text}", process::exit_code(status));
        }
        Ok(Sample { wall, cpu })
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
}
