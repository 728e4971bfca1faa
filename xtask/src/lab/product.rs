//! The product, as it is built here and brought into the lab: by its Debian package, as an administrator gets it.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::{Lab, TOOLS, sync};
use crate::dist::Package;
use crate::{process, say, workspace};

/// What the lab's suite needs besides: the program with the workload and the attempts, and what stands in for
/// Proxmox.
const SUITE_PROGRAMS: [&str; 3] = ["phoenix-lab", "pct", "pmxcfs"];

/// The product's own program.
pub const BINARY: &str = "phoenix-orch";

/// The profile of what is shipped.
pub const SHIPPED: &str = "dist";

/// The profile of what is only tried: optimized, and built in less time.
pub const TRIED: &str = "trial";

/// The name of the package in the lab.
const PACKAGE: &str = "phoenix-orch.deb";

/// Installs the package unless it is the one that is installed, with its catalogue, which nobody has written in a lab.
const INSTALL: &str = include_str!("install.sh");

/// Makes the package for the lab.
pub fn build() -> Result<()> {
    Package::make(TRIED).map(drop)
}

/// Builds phoenix-orch and its steps with the profile of what is shipped, for this machine alone: to be measured.
pub fn build_shipped() -> Result<()> {
    say::timed(&format!("building phoenix-orch and its steps ({SHIPPED})"), || {
        let mut cargo = workspace::cargo();
        process::live(cargo.args(["build", "--profile", SHIPPED]).stdin(Stdio::null()))
    })
}

/// Where [`build_shipped`] leaves them.
pub fn shipped() -> PathBuf {
    workspace::target().join(SHIPPED)
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

/// Brings the package that [`build`] made into the lab and installs it, and brings what the suite needs besides; only what has
/// changed.
pub fn send(lab: &Lab) -> Result<()> {
    sync::files(lab, &files()?)?;
    lab.ok(&["sh", "-c", INSTALL, "sh", &format!("{TOOLS}/{PACKAGE}")]).map(drop)
}

/// Where the catalogue lies in the lab, and where the program finds it by itself.
pub const CATALOGUE: &str = "/etc/phoenix-orch/plugins.toml";

/// The crates of the product: the program, and the steps.
pub const PACKAGES: [&str; 6] = [
    BINARY,
    "host-tunables",
    "container-options",
    "apparmor-profile",
    "fuse-overlayfs",
    "docker-install",
];

/// The names of the files that a build leaves: the program, and the libraries of the steps.
pub fn names() -> Vec<String> {
    [BINARY.to_owned()].into_iter().chain(libraries()).collect()
}

/// The names of the steps' libraries.
pub fn libraries() -> Vec<String> {
    PACKAGES[1..].iter().map(|step| format!("lib{}.so", step.replace('-', "_"))).collect()
}

fn files() -> Result<Vec<(PathBuf, String)>> {
    let package = Package::planned();
    if !package.exists() {
        return Err(anyhow::anyhow!("`{}` is missing", package.display())).context(
            "there is no package; `cargo xtask dist --profile trial --no-proof` makes it",
        );
    }
    let mut files = vec![(package, PACKAGE.to_owned())];
    // The demo does not need them, and does not build them.
    for name in SUITE_PROGRAMS {
        let program = workspace::target().join("debug").join(name);
        if program.exists() {
            files.push((program, name.to_owned()));
        }
    }
    Ok(files)
}
