//! What a run cost the machine: how often it entered a container, and its peak memory.

use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use xtask::{process, trace::Trace};

use crate::{Finished, Workbench, product};

/// Nothing that is measured may take longer.
const LIMIT: Duration = Duration::from_secs(600);

/// Runs phoenix-orch with these words, and counts how many times it started `lxc-attach`.
pub fn count_entries(bench: &Workbench, words: &[&str]) -> Result<(Finished, usize)> {
    let (finished, counts) = count_starts(bench, words, &["lxc-attach"])?;
    Ok((finished, counts.iter().sum()))
}

/// Runs phoenix-orch with these words, and counts how many times it, or what it had started, started each of
/// these programs, such as `pct`, `perl` or `lxc-attach`.
pub fn count_starts(
    bench: &Workbench,
    words: &[&str],
    programs: &[&str],
) -> Result<(Finished, Vec<usize>)> {
    let trace = bench.folder().join("trace");
    let mut command = bench.command_through("strace")?;
    command
        .args(Trace::words(&trace))
        .arg(product::binary()?)
        .args(bench.state_words())
        .args(words);
    let output = process::capture(&mut command, None, LIMIT)?;
    let trace = Trace::read(&trace)?;
    let counts = programs.iter().map(|program| trace.starts(program)).collect();
    Ok((Finished::from(output), counts))
}

/// Runs phoenix-orch with these words, which must succeed, and gives the largest resident size that its
/// own process had, in KiB. What a parent learns of its children is no use here: it counts the programs
/// inside the container too.
pub fn peak_kib(bench: &Workbench, words: &[&str]) -> Result<u64> {
    let mut child = bench.command()?.args(words).stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let (begin, mut peak) = (Instant::now(), 0);
    while begin.elapsed() < LIMIT {
        if let Some(exit) = child.try_wait()? {
            if !exit.success() {
                bail!("`phoenix-orch {}` ended with {exit}", words.join(" "));
            }
            return Ok(peak);
        }
        // The kernel keeps the maximum itself, so that the last look before the end is enough. A process
        // that is just ending has no such line any more.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(size) = line {
            let number = size.trim().trim_end_matches(" kB");
            peak = number.parse().with_context(|| format!("not a size: {size}"))?;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    child.kill()?;
    bail!("`phoenix-orch {}` did not end", words.join(" "))
}
