//! Runs that are killed at a chosen moment, or whose journal fails.

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use xtask::process;

use crate::{Finished, Workbench, product};

/// No run may take longer.
const LIMIT: Duration = Duration::from_secs(600);

/// The moment at which a run is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The journal's N-th transaction is written: what it announces has not begun yet.
    Announced(u64),
    /// What the N-th transaction announced is done, and nobody has noted it down.
    Done(u64),
    /// So long after its start.
    After(Duration),
}

/// Runs phoenix-orch with these words and kills it at this moment. Says whether it was killed; else it had
/// ended before.
pub fn killed(bench: &Workbench, words: &[&str], moment: Moment) -> Result<bool> {
    let killer = match moment {
        Moment::Announced(number) => format!("sync:{number}"),
        Moment::Done(number) => format!("begin:{number}"),
        Moment::After(_) => String::new(),
    };
    let mut command = bench.command()?;
    command.args(words).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    if !killer.is_empty() {
        command.env("LD_PRELOAD", product::plugin("killer")?).env("PHOENIX_KILLER", killer);
    }
    let mut child = command.spawn()?;
    if let Moment::After(time) = moment {
        thread::sleep(time);
        child.kill()?;
    }
    let begin = Instant::now();
    while begin.elapsed() < LIMIT {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code().is_none());
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill()?;
    bail!("`phoenix-orch {}` did not end", words.join(" "))
}

/// Runs phoenix-orch with these words on a disk that is full for its journal after so many transactions.
pub fn with_full_journal(bench: &Workbench, words: &[&str], after: u64) -> Result<Finished> {
    let mut command = bench.command()?;
    command.args(words);
    command.env("LD_PRELOAD", product::plugin("killer")?);
    command.env("PHOENIX_KILLER", format!("full:{after}"));
    Ok(Finished::from(process::capture(&mut command, None, LIMIT)?))
}
