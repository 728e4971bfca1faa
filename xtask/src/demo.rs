//! `cargo xtask demo`: the main job of phoenix-orch in the lab, for everyone to see.

use anyhow::Result;
use xtask::lab::{ContainerWish, Docker, Lab, product};
use xtask::testbed::Release;
use xtask::{interrupt, say};

const NAME: &str = "demo";

/// What the kernel and the audit log say about the container, asked without phoenix-orch. The first
/// argument is its name, the second the time from which on denials count.
const EVIDENCE: &str = include_str!("demo-evidence.sh");

/// What the demo may be asked.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Remove the lab with everything in it instead.
    #[arg(long)]
    destroy: bool,
}

/// Brings Docker up in a fresh container in the lab, and shows that a second run changes nothing.
pub(crate) fn run(options: &Options) -> Result<()> {
    interrupt::listen()?;
    if options.destroy {
        let there = Lab::down()?;
        say::heading(if there { "the lab is gone" } else { "there was no lab" });
        return Ok(());
    }
    say::heading(
        "the demo runs in a virtual machine: this machine gets Debian packages and target/",
    );
    let wish =
        ContainerWish { name: NAME.to_owned(), release: Release::Bookworm, docker: Docker::None };
    let lab = Lab::up_with(std::slice::from_ref(&wish), product::build)?;
    lab.remove_container(NAME)?;
    lab.make_container(&wish)?;
    let begin = lab.ok(&["date", "+%s"])?;

    let orchestrate = |verb: &str, more: &[&str]| {
        let words = ["phoenix-orch", verb, "--features", "docker"];
        lab.live(&[&words[..], &["--target", NAME], more].concat())
    };
    say::timed("first run: Docker, confined, on fuse-overlayfs", || {
        orchestrate("run", &["--allow", "restart"])
    })?;
    say::timed("second run: nothing is left to change", || {
        orchestrate("run", &["--allow", "restart"])
    })?;
    say::timed("the evidence of phoenix-orch itself", || orchestrate("verify", &[]))?;
    say::timed("the evidence of Docker, the kernel and the audit log", || {
        lab.live(&["sh", "-euc", EVIDENCE, "evidence", NAME, begin.trim()])
    })?;
    say::heading("what now");
    say::note("a shell in the lab:         cargo xtask lab ssh");
    say::note(&format!(
        "a look into the container:  cargo xtask lab run -- lxc-attach -n {NAME} -- docker info"
    ));
    say::note("another container:          cargo xtask lab container mine --docker vfs");
    say::note("take it all away:           cargo xtask lab down");
    Ok(())
}
