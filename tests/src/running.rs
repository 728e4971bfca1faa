//! A run of phoenix-orch that goes on while the test does something else.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use xtask::process::{Output, quiet};

use crate::{Finished, Workbench};

/// Nothing that a test waits for may take longer.
const LIMIT: Duration = Duration::from_secs(180);

/// Counts the runs of this process.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A run that has begun. Dropped before its end, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    words: String,
    begin: Instant,
    streams: [PathBuf; 2],
}

impl Running {
    /// Starts phoenix-orch with these words.
    pub fn start(bench: &Workbench, words: &[&str]) -> Result<Self> {
        let mut command = bench.command()?;
        // Several runs of one workbench write at once.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let streams =
            ["stdout", "stderr"].map(|name| bench.folder().join(format!("{name}-{number}")));
        command.args(words).stdout(File::create(&streams[0])?).stderr(File::create(&streams[1])?);
        let child = command.spawn().context("cannot start phoenix-orch")?;
        Ok(Self { child, words: words.join(" "), begin: Instant::now(), streams })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to stdout and stderr so far.
    pub fn so_far(&self) -> Result<String> {
        let [out, err] = self.streams.each_ref().map(fs::read);
        Ok(String::from_utf8_lossy(&[out?, err?].concat()).into_owned())
    }

    /// Sends it a signal, such as `INT`.
    pub fn signal(&self, name: &str) -> Result<()> {
        let pid = self.pid().to_string();
        quiet(Command::new("kill").args(["-s", name, &pid])).map(drop)
    }

    /// Whether its process has not ended yet.
    pub fn is_alive(&self) -> Result<bool> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid()))?;
        // Until this value is waited for, the process stays as one that has ended.
        Ok(!stat.contains(") Z "))
    }

    /// Waits until it has ended. After a signal that it could not catch, its exit code is -1.
    pub fn wait(mut self) -> Result<Finished> {
        let what = format!("`phoenix-orch {}` to end", self.words);
        until(&what, || Ok(self.child.try_wait()?.is_some()))?;
        let code = self.child.wait()?.code().unwrap_or(-1);
        let [out, err] = self.streams.each_ref().map(fs::read);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Finished::from(Output {
            command: format!("phoenix-orch {}", self.words),
            code,
            stdout: text(out?),
            stderr: text(err?),
            elapsed: self.begin.elapsed(),
        }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // That it has ended already is the only failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so.
///
/// # Errors
/// When it is not within three minutes, or cannot be looked at.
pub fn until(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while !is_so()? {
        if Instant::now() > deadline {
            bail!("waited in vain for {what}");
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
