//! `cargo xtask test`: everything that must hold before a change is kept.

use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Result, bail};
use xtask::dist::Package;
use xtask::lab::{product, suite};
use xtask::testbed::{Image, RaisedLimits, Release};
use xtask::{interrupt, packages, process, say, workspace};

/// What else can be asked for.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Kill runs at every moment and at 200 random ones, and let the lab judge with each parser and with current Docker, which takes
    /// about an hour and a half more.
    #[arg(long)]
    long: bool,
    /// The profile of cargo that the package is built with, which the lab installs.
    #[arg(long, default_value = product::TRIED)]
    profile: String,
}

/// Tests at once for each core: most of the time, they wait for containers to start, to stop, and to say that they are up.
const AT_ONCE: usize = 2;

/// Rounds of the random kills with `--long`.
const LONG: &str = "200";

/// From the cheapest check to the dearest, so that a mistake shows early. The lab comes last.
pub(crate) fn run(options: &Options) -> Result<()> {
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
    packages::ensure(packages::PACKAGE)?;
    Image::ensure(Release::Bookworm)?;
    Image::ensure(Release::Trixie)?;
    // The system tests start the binary and load the plugins that this leaves in the target folder.
    cargo("building everything", &["build", "--workspace", "--all-targets"])?;
    // The SDK asks for its feature `testing` itself when it is tested.
    cargo("testing the documentation", &["test", "--workspace", "--doc", "--quiet"])?;
    say::timed("reading the guide of phoenix-sdk, with warnings denied", || {
        let words = ["doc", "--package", "phoenix-sdk", "--features", "testing", "--no-deps"];
        let mut command = workspace::cargo();
        command.args(words).arg("--quiet").env("RUSTDOCFLAGS", "--deny warnings");
        process::live(command.stdin(Stdio::null()))
    })?;
    let threads = AT_ONCE * thread::available_parallelism()?.get();
    let all = if has_nextest() {
        format!("nextest run --workspace --no-fail-fast --test-threads {threads}")
    } else {
        format!("test --workspace --all-targets --no-fail-fast -- --test-threads {threads}")
    };
    say::timed("unit, law and system tests", || {
        let _limits = RaisedLimits::new()?;
        let mut command = workspace::cargo();
        command.args(all.split(' ')).stdin(Stdio::null());
        if options.long {
            command.env("PHOENIX_LONG", LONG);
        }
        process::live(&mut command)
    })?;
    interrupt::listen()?;
    suite::run(&suite::Options { long: options.long, ..suite::Options::default() }, || {
        Package::make(&options.profile)?.prove()
    })
}

fn cargo(what: &str, arguments: &[&str]) -> Result<()> {
    say::timed(what, || process::live(workspace::cargo().args(arguments).stdin(Stdio::null())))
}

fn has_nextest() -> bool {
    let mut command: Command = workspace::cargo();
    let command = command.args(["nextest", "--version"]).stdout(Stdio::null());
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
