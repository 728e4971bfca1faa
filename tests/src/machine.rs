//! What a run cost the machine: how often it entered a container, and its peak memory.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use xtask::process;

use crate::{Finished, Workbench, product};

/// A run with what it cost.
#[derive(Debug)]
pub struct Measured {
    /// The run.
    pub finished: Finished,
    /// How many times `lxc-attach` was started.
    pub attached: usize,
    /// The largest resident size of any process of the run, in KiB.
    pub peak_kib: u64,
}

/// Runs phoenix-orch with these words. strace counts the programs that are started; GNU time tells the
/// memory of the largest process.
pub fn measured(bench: &Workbench, words: &[&str]) -> Result<Measured> {
    let (memory, trace) = (bench.folder().join("memory"), bench.folder().join("trace"));
    let mut command = bench.command_through("/usr/bin/time")?;
    command.args(["--format", "%M", "--output"]).arg(&memory);
    command.args(["strace", "-f", "-qq", "-e", "trace=execve", "-o"]).arg(&trace);
    command.arg(product::binary()?).args(bench.state_words()).args(words);
    let output = process::capture(&mut command, None, Duration::from_secs(600))?;
    let peak = fs::read_to_string(&memory)?;
    let peak = peak.lines().last().unwrap_or_default();
    let started = fs::read_to_string(&trace)?;
    let attached = |line: &&str| line.contains("/lxc-attach\"") && line.ends_with("= 0");
    Ok(Measured {
        finished: Finished::from(output),
        attached: started.lines().filter(attached).count(),
        peak_kib: peak.trim().parse().with_context(|| format!("not a size: {peak}"))?,
    })
}
