//! The product, as it is built here and brought into the lab.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::{Lab, TOOLS, sync};
use crate::{process, say, workspace};

/// The program with the workload and the attempts, from the package of the same name.
const LAB_PROGRAM: &str = "phoenix-lab";

/// Builds phoenix-orch, its steps and whatever runs in the lab besides, as they would be released.
pub fn build() -> Result<()> {
    say::timed("building phoenix-orch and its steps (release)", || {
        let mut command = workspace::cargo();
        command.args(["build", "--release"]).stdin(Stdio::null());
        if has_source() {
            command.args(["--package", LAB_PROGRAM]);
            for package in ["phoenix-orch", "host-tunables", "apparmor-profile"] {
                command.args(["--package", package]);
            }
            command.args(["--package", "fuse-overlayfs", "--package", "docker-install"]);
        }
        process::live(&mut command)
    })
}

/// Whether this checkout has the program with the workload and the attempts.
pub fn has_lab_program() -> bool {
    has_source() || workspace::target().join("release").join(LAB_PROGRAM).exists()
}

fn has_source() -> bool {
    workspace::root().join("tests/lab/Cargo.toml").exists()
}

/// Brings what [`build`] made into the lab, with the repository's own catalogue; only what has changed.
pub fn send(lab: &Lab) -> Result<()> {
    sync::files(lab, &files()?)
}

/// Where the catalogue lies in the lab.
pub fn catalogue() -> String {
    format!("{TOOLS}/plugins.toml")
}

fn files() -> Result<Vec<(PathBuf, String)>> {
    let built = workspace::target().join("release");
    let mut names = vec!["phoenix-orch".to_owned()];
    let libraries = ["host_tunables", "apparmor_profile", "fuse_overlayfs", "docker_install"];
    names.extend(libraries.map(|library| format!("lib{library}.so")));
    if built.join(LAB_PROGRAM).exists() {
        names.push(LAB_PROGRAM.to_owned());
    }
    let mut files: Vec<_> = names.into_iter().map(|name| (built.join(&name), name)).collect();
    files.push((workspace::root().join("plugins.toml"), "plugins.toml".to_owned()));
    let missing = files.iter().find(|(path, _)| !path.exists());
    match missing {
        None => Ok(files),
        Some((path, _)) => Err(anyhow::anyhow!("`{}` is missing", path.display()))
            .context("the product is not built; `cargo build --release` does that"),
    }
}
