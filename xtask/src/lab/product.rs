//! The product, as it is built here and brought into the lab.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::{Lab, TOOLS, sync};
use crate::{process, say, workspace};

/// What the lab's suite needs besides: the program with the workload and the attempts, and what stands in for
/// Proxmox.
const SUITE_PROGRAMS: [&str; 3] = ["phoenix-lab", "pct", "pmxcfs"];

/// The product's own program.
pub const BINARY: &str = "phoenix-orch";

/// The profile of what is shipped.
pub const SHIPPED: &str = "dist";

/// Builds phoenix-orch and its steps, optimized, for the lab.
pub fn build() -> Result<()> {
    build_as("release")
}

/// Builds phoenix-orch and its steps as they are shipped, which takes longer.
pub fn build_shipped() -> Result<()> {
    build_as(SHIPPED)
}

/// Where [`build_shipped`] leaves them.
pub fn shipped() -> PathBuf {
    workspace::target().join(SHIPPED)
}

fn build_as(profile: &str) -> Result<()> {
    say::timed(&format!("building phoenix-orch and its steps ({profile})"), || {
        let mut cargo = workspace::cargo();
        process::live(cargo.args(["build", "--profile", profile]).stdin(Stdio::null()))
    })
}

/// Builds what the lab's suite needs besides, with the same features and profile as `cargo xtask test` has built it
/// already.
pub fn build_suite_programs() -> Result<()> {
    say::timed("building the workload, the attempts and the stand-in for Proxmox", || {
        let programs = SUITE_PROGRAMS.iter().flat_map(|program| ["--bin", program]);
        let words = ["build", "--workspace"].into_iter().chain(programs);
        process::live(workspace::cargo().args(words).stdin(Stdio::null()))
    })
}

/// Brings what [`build`] made into the lab, with the repository's own catalogue; only what has changed. The
/// libraries lie outside of the checkout there, so they are pinned, as an administrator would do it.
pub fn send(lab: &Lab) -> Result<()> {
    sync::files(lab, &files()?)?;
    lab.ok(&["phoenix-orch", "plugins", "pin", "--all", "--config", &catalogue()]).map(drop)
}

/// Where the catalogue lies in the lab.
pub fn catalogue() -> String {
    format!("{TOOLS}/plugins.toml")
}

/// The names of the files that [`build`] makes: the program, and the libraries of the steps.
pub fn names() -> Vec<String> {
    let libraries = [
        "host_tunables",
        "container_options",
        "apparmor_profile",
        "fuse_overlayfs",
        "docker_install",
    ];
    let libraries = libraries.map(|library| format!("lib{library}.so"));
    [BINARY.to_owned()].into_iter().chain(libraries).collect()
}

fn files() -> Result<Vec<(PathBuf, String)>> {
    let built = workspace::target().join("release");
    let mut files: Vec<_> = names().into_iter().map(|name| (built.join(&name), name)).collect();
    // The demo does not need them, and does not build them.
    for name in SUITE_PROGRAMS {
        let program = workspace::target().join("debug").join(name);
        if program.exists() {
            files.push((program, name.to_owned()));
        }
    }
    files.push((workspace::root().join("plugins.toml"), "plugins.toml".to_owned()));
    let missing = files.iter().find(|(path, _)| !path.exists());
    match missing {
        None => Ok(files),
        Some((path, _)) => Err(anyhow::anyhow!("`{}` is missing", path.display()))
            .context("the product is not built; `cargo build --release` does that"),
    }
}
