//! `cargo xtask lab <verb>`: the disposable virtual machine that plays the Proxmox host.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use xtask::lab::{ContainerWish, Docker, Lab, Status, guest, product, suite};
use xtask::testbed::Release;
use xtask::{interrupt, say};

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Start the virtual machine; fine if it runs already.
    Up,
    /// End it and forget everything that was done in it.
    Down,
    /// Tell whether it runs, and how to reach it.
    Status,
    /// Open a shell in it.
    Ssh,
    /// Run a command in it as root; its exit code becomes ours.
    Run(Words),
    /// Bring the product into it, by the package that `cargo xtask dist` has made.
    Sync,
    /// Make an unprivileged LXC container in it.
    Container(Container),
    /// Run the tests that need a kernel which enforces AppArmor.
    Suite(suite::Options),
}

#[derive(Args)]
pub(crate) struct Words {
    /// The command and its arguments.
    #[arg(required = true, last = true)]
    words: Vec<String>,
}

#[derive(Args)]
pub(crate) struct Container {
    /// Its name.
    name: String,
    /// The Debian release that it runs.
    #[arg(long, default_value = "bookworm", value_parser = release)]
    release: Release,
    /// What is in it already.
    #[arg(long, default_value = "none")]
    docker: Docker,
}

/// What this program does inside the virtual machine.
#[derive(Subcommand)]
pub(crate) enum GuestVerb {
    /// Make a container from the images that were brought along.
    Container(Container),
    /// Remove a container.
    Remove {
        /// Its name.
        name: String,
    },
}

impl From<Container> for ContainerWish {
    fn from(arguments: Container) -> Self {
        let Container { name, release, docker } = arguments;
        Self { name, release, docker }
    }
}

pub(crate) fn run(verb: Verb) -> Result<ExitCode> {
    interrupt::listen()?;
    match verb {
        Verb::Up => {
            Lab::up()?;
            status();
        }
        Verb::Down => {
            let there = Lab::down()?;
            say::heading(if there { "the lab is gone" } else { "there was no lab" });
        }
        Verb::Status => return Ok(status()),
        // The shell takes our place, and with it the terminal.
        Verb::Ssh => return Err(Lab::open()?.shell().exec()).context("cannot run `ssh`"),
        Verb::Run(Words { words }) => {
            let code = Lab::open()?.live_code(&words)?;
            return Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from));
        }
        Verb::Sync => product::send(&Lab::up()?)?,
        Verb::Container(arguments) => Lab::up()?.make_container(&arguments.into())?,
        Verb::Suite(options) => suite::run(&options, product::build)?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run_in_guest(verb: GuestVerb) -> Result<()> {
    match verb {
        GuestVerb::Container(arguments) => guest::make(&arguments.into()),
        GuestVerb::Remove { name } => guest::remove(&name),
    }
}

/// Success only if it runs, so that scripts can ask.
fn status() -> ExitCode {
    match Lab::status() {
        Status::Running { pid, port } => {
            say::heading("the lab runs");
            say::note(&format!("process {pid}, ssh on port {port} of 127.0.0.1"));
            say::note("a shell in it: cargo xtask lab ssh");
            return ExitCode::SUCCESS;
        }
        Status::Died => say::heading("the lab has died; `cargo xtask lab up` starts a new one"),
        Status::Down => say::heading("there is no lab; `cargo xtask lab up` starts one"),
    }
    ExitCode::FAILURE
}

fn release(name: &str) -> Result<Release, String> {
    let known = Release::ALL.into_iter().find(|release| release.name() == name);
    known.ok_or_else(|| "not one of bookworm, trixie, sid".to_owned())
}
