//! `cargo xtask test`: everything that must hold before a change is kept.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use xtask::lab::suite;
use xtask::testbed::{Image, Release};
use xtask::{interrupt, packages, process, say, workspace};

/// From the cheapest check to the dearest, so that a mistake shows early. The lab comes last.
pub(crate) fn run() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!("the system tests make LXC containers, and need root");
    }
    cargo("checking the format", &["fmt", "--all", "--check"])?;
    cargo(
        "linting, with warnings denied",
        &["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"],
    )?;
    packages::ensure(packages::TESTBED)?;
    packages::ensure(packages::TESTS)?;
    Image::ensure(Release::Bookworm)?;
    Image::ensure(Release::Trixie)?;
    // The system tests start the binary and load the plugins that this leaves in the target folder.
    cargo("building everything", &["build", "--workspace", "--all-targets"])?;
    cargo("testing the documentation", &["test", "--workspace", "--doc", "--quiet"])?;
    let all = if has_nextest() {
        ["nextest", "run", "--workspace", "--no-fail-fast"]
    } else {
        ["test", "--workspace", "--all-targets", "--no-fail-fast"]
    };
    cargo("unit, law and system tests", &all)?;
    interrupt::listen()?;
    suite::run(&suite::Options::default())
}

fn cargo(what: &str, arguments: &[&str]) -> Result<()> {
    say::timed(what, || process::live(workspace::cargo().args(arguments).stdin(Stdio::null())))
}

fn has_nextest() -> bool {
    let mut command: Command = workspace::cargo();
    let command = command.args(["nextest", "--version"]).stdout(Stdio::null());
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
