//! Starting, finding and ending the lab of this checkout.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use super::accelerator::Accelerator;
use super::booted::Booted;
use super::qemu::Drives;
use super::ssh::Ssh;
use super::state::{State, Status, console_end};
use super::{Image, Roots, boot, key, qemu, sync};
use crate::process::{self, Output};
use crate::{interrupt, packages, say};

/// How often a start is tried again because another program took the port.
const START_TRIES: u32 = 5;

/// A lab that runs.
#[derive(Debug)]
pub struct Lab {
    pub(super) state: State,
    pub(super) ssh: Ssh,
}

impl Lab {
    /// The lab of this checkout, started if it does not run, with our own tool in it.
    pub fn up() -> Result<Self> {
        packages::ensure(packages::LAB)?;
        packages::ensure_qemu()?;
        let state = State::here();
        let _lock = state.lock()?;
        let lab = match Self::running(&state) {
            Some(lab) => lab,
            None => Self::start(state)?,
        };
        sync::tool(&lab)?;
        Ok(lab)
    }

    /// The lab of this checkout, which must run already.
    pub fn open() -> Result<Self> {
        let state = State::here();
        match Self::running(&state) {
            Some(lab) => Ok(lab),
            None if state.status() == Status::Died => {
                bail!("the lab has died; `cargo xtask lab up` starts a new one")
            }
            None => bail!("the lab does not run; `cargo xtask lab up` starts it"),
        }
    }

    /// How the lab of this checkout is.
    pub fn status() -> Status {
        State::here().status()
    }

    /// Ends the lab of this checkout, if there is one, and forgets everything that was done in it.
    /// Tells whether there was one.
    pub fn down() -> Result<bool> {
        let state = State::here();
        let _lock = state.lock()?;
        let there = state.status() != Status::Down;
        state.kill()?;
        state.clear()?;
        Ok(there)
    }

    fn running(state: &State) -> Option<Self> {
        let Status::Running { port, .. } = state.status() else { return None };
        Some(Self { ssh: Ssh::new(state.folder(), port), state: state.clone() })
    }

    fn start(state: State) -> Result<Self> {
        if state.status() == Status::Died {
            say::note("the last lab has died; its remains are removed");
        }
        let (image, roots) = (Image::ensure()?, Roots::ensure()?);
        let accelerator = Accelerator::probe(&image.kernel());
        let booted = match accelerator {
            // A real processor boots in no time.
            Accelerator::Kvm => None,
            Accelerator::Emulation => Some(Booted::ensure(&image, &roots, accelerator)?),
        };
        let what = format!("starting the lab's virtual machine, {}", accelerator.about());
        let unfinished = Unfinished(&state);
        let lab = say::timed(&what, || {
            let port = launch(&state, &image, &roots, accelerator, booted.as_ref())?;
            let lab = Self { ssh: Ssh::new(state.folder(), port), state: state.clone() };
            lab.wait_until_up().with_context(|| {
                if interrupt::requested() {
                    return "the lab was not started".to_owned();
                }
                let end = console_end(&state.file("console"));
                format!("the lab does not come up; its console ends with\n{end}")
            })?;
            Ok(lab)
        })?;
        std::mem::forget(unfinished);
        Ok(lab)
    }

    /// Waits until it answers, and leaves a connection open for all that follows.
    fn wait_until_up(&self) -> Result<()> {
        boot::wait(&self.ssh, &mut || Ok(matches!(self.state.status(), Status::Running { .. })))?;
        if process::live_code(&mut self.ssh.master())? != 0 {
            bail!("no lasting connection to the lab could be opened");
        }
        Ok(())
    }

    /// Runs a command in the lab with both streams captured, and kills it when the time is over.
    pub fn capture<T: AsRef<str>>(&self, words: &[T], limit: Duration) -> Result<Output> {
        process::capture(&mut self.ssh.command(words), None, limit)
    }

    /// Runs a command in the lab and demands success; gives what it printed on stdout.
    pub fn ok<T: AsRef<str>>(&self, words: &[T]) -> Result<String> {
        Ok(self.capture(words, Duration::from_secs(600))?.success()?.stdout)
    }

    /// Runs a command in the lab with its output going straight to the terminal, and demands success.
    pub fn live<T: AsRef<str>>(&self, words: &[T]) -> Result<()> {
        match self.live_code(words)? {
            0 => Ok(()),
            code => {
                let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
                Err(anyhow!("`{}` in the lab ended with exit code {code}", words.join(" ")))
            }
        }
    }

    /// The same, giving the exit code.
    pub fn live_code<T: AsRef<str>>(&self, words: &[T]) -> Result<i32> {
        process::live_code(&mut self.ssh.live(words))
    }

    /// The command that opens a shell in the lab.
    pub fn shell(&self) -> Command {
        self.ssh.live::<&str>(&[])
    }
}

/// Starts QEMU and gives the port that leads to the guest's sshd.
fn launch(
    state: &State,
    image: &Image,
    roots: &Roots,
    accelerator: Accelerator,
    booted: Option<&Booted>,
) -> Result<u16> {
    let mut tries = 1;
    loop {
        state.clear()?;
        let folder = state.folder();
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        let port = qemu::free_port()?;
        let (drives, key) = match booted {
            Some(booted) => {
                booted.copy_to(folder)?;
                (Drives::Own(folder), key::read(folder)?)
            }
            None => (Drives::Frozen { image, roots }, key::make(folder)?),
        };
        key::expect(folder, image, port)?;
        fs::write(state.file("port"), port.to_string()).context("cannot write down the port")?;
        let wish = qemu::Wish { image, drives, accelerator, port, key: &key, state: folder };
        let mut command = qemu::daemon(&wish);
        match process::capture(&mut command, None, Duration::from_secs(60))?.success() {
            Ok(_) => return Ok(port),
            Err(error) if tries < START_TRIES && error.to_string().contains("forwarding") => {
                tries += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Ends a virtual machine that did not come up, or whose start was interrupted.
struct Unfinished<'a>(&'a State);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        // An error is on its way to the user already, and `down` tries again.
        let _ = self.0.kill();
        // Where nobody interrupted us, the console stays for the user.
        if interrupt::requested() {
            let _ = self.0.clear();
        }
    }
}
