//! What this checkout's lab leaves on disk while it runs, and whether it does.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::cache;

/// How the lab of this checkout is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// There is none.
    Down,
    /// Its virtual machine ended by itself, or was killed.
    Died,
    /// Its virtual machine runs.
    Running {
        /// The process.
        pid: i32,
        /// The port of 127.0.0.1 that leads to its sshd.
        port: u16,
    },
}

/// The folder `target/lab/state`.
#[derive(Debug, Clone)]
pub(super) struct State {
    folder: PathBuf,
}

impl State {
    pub(super) fn here() -> Self {
        Self { folder: cache::folder().join("state") }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Held while a lab is being started or ended, so that two commands do not do both at once.
    pub(super) fn lock(&self) -> Result<File> {
        let parent = cache::folder();
        fs::create_dir_all(&parent)
            .with_context(|| format!("cannot create `{}`", parent.display()))?;
        let file =
            File::create(parent.join("state.lock")).context("cannot create the lab's lock")?;
        file.lock().context("cannot lock the lab")?;
        Ok(file)
    }

    /// Forgets the last lab.
    pub(super) fn clear(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("cannot remove `{}`", self.folder.display()))?;
        }
        Ok(())
    }

    /// A process number that now belongs to another program is not mistaken for the lab.
    pub(super) fn status(&self) -> Status {
        let number = |name| fs::read_to_string(self.file(name)).ok()?.trim().parse::<i32>().ok();
        let port = number("port").and_then(|port| u16::try_from(port).ok());
        match (number("pid"), port) {
            (Some(pid), Some(port)) if self.is_ours(pid) => Status::Running { pid, port },
            _ if self.folder.exists() => Status::Died,
            _ => Status::Down,
        }
    }

    /// QEMU was given the path of this pid file, which no other lab has.
    fn is_ours(&self, pid: i32) -> bool {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let own = self.file("pid");
        line.split(|byte| *byte == 0).any(|word| word == own.as_os_str().as_encoded_bytes())
    }

    /// Ends the virtual machine if it runs, and waits until it is gone.
    pub(super) fn kill(&self) -> Result<()> {
        let Status::Running { pid, .. } = self.status() else { return Ok(()) };
        let Some(pid) = Pid::from_raw(pid) else { return Ok(()) };
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return Ok(()) };
        for signal in [Signal::TERM, Signal::KILL] {
            // One that is gone meanwhile is what we want.
            let _ = pidfd_send_signal(&process, signal);
            let limit = Timespec { tv_sec: 5, tv_nsec: 0 };
            let mut waits = [PollFd::new(&process, PollFlags::IN)];
            if poll(&mut waits, Some(&limit)).context("cannot wait for QEMU")? > 0 {
                return Ok(());
            }
        }
        anyhow::bail!("QEMU does not end, not even by force")
    }
}

/// The end of what a virtual machine wrote to its console.
pub(super) fn console_end(console: &Path) -> String {
    let bytes = fs::read(console).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}
