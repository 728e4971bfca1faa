//! What a run cost the machine: how often it entered a container, and its peak memory.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

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

/// Runs phoenix-orch with these words. `lxc-attach` is the real one, behind a script in front of the
/// `PATH` that notes each call; GNU time tells the memory.
pub fn measured(bench: &Workbench, words: &[&str]) -> Result<Measured> {
    let calls = bench.write("attach-calls", "")?;
    let folder = bench.folder().join("bin");
    fs::create_dir_all(&folder)?;
    let real = "/usr/bin/lxc-attach";
    let script = format!("#!/bin/sh\necho x >>'{}'\nexec {real} \"$@\"\n", calls.display());
    let shim = bench.write("bin/lxc-attach", script)?;
    fs::set_permissions(shim, fs::Permissions::from_mode(0o755))?;
    let memory = bench.folder().join("memory");
    let mut command = bench.command_through("/usr/bin/time")?;
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", folder.display()));
    command.args(["--format", "%M", "--output"]).arg(&memory).arg(product::binary()?);
    command.args(bench.state_words()).args(words);
    let output = process::capture(&mut command, None, Duration::from_secs(600))?;
    let peak = fs::read_to_string(&memory)?;
    let peak = peak.lines().last().unwrap_or_default();
    Ok(Measured {
        finished: Finished::from(output),
        attached: fs::read_to_string(&calls)?.lines().count(),
        peak_kib: peak.trim().parse().with_context(|| format!("not a size: {peak}"))?,
    })
}
