//! The program and its plugins, built for every Debian that they must run on.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};

use super::symbols;
use super::sysroot::Sysroot;
use crate::lab::product;
use crate::{process, say, workspace};

/// What is built. Debian calls it amd64.
pub(super) const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The program that writes man pages and completions.
const MANUAL: &str = "phoenix-manual";

/// What one build left.
#[derive(Debug)]
pub(super) struct Built(PathBuf);

impl Built {
    /// Builds with this profile, and looks at what the results need of the C library.
    pub(super) fn with(profile: &str) -> Result<Self> {
        let sysroot = Sysroot::ensure()?;
        say::timed(&format!("building what is packaged ({profile})"), || {
            let mut cargo = workspace::cargo();
            // A target that is named gets a folder of its own, and its flags reach no build script.
            cargo.args(["build", "--profile", profile, "--target", TARGET]);
            for package in product::PACKAGES.into_iter().chain([MANUAL]) {
                cargo.args(["--package", package]);
            }
            cargo.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", rust_flags(&sysroot)?);
            cargo.env(format!("CFLAGS_{}", TARGET.replace('-', "_")), sysroot.compile_arguments());
            process::live(cargo.stdin(Stdio::null()))
        })?;
        let built = Self(workspace::target().join(TARGET).join(profile));
        for name in product::names() {
            symbols::check(&built.file(&name))?;
        }
        Ok(built)
    }

    /// A file of this name.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes man pages and completions into this folder.
    pub(super) fn write_manual(&self, folder: &Path) -> Result<()> {
        let mut command = std::process::Command::new(self.file(MANUAL));
        command.arg(folder).arg(workspace::root().join("plugins.toml"));
        process::quiet(&mut command).map(drop)
    }
}

/// Paths of this machine are in no message of the program, and do not make two builds differ.
fn rust_flags(sysroot: &Sysroot) -> Result<OsString> {
    let mut flags: Vec<OsString> = Vec::new();
    for argument in sysroot.link_arguments() {
        flags.push(format!("-Clink-arg={argument}").into());
    }
    for (from, to) in [(workspace::root(), "phoenix-orch"), (cargo_home()?, "cargo")] {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push(format!("=/usr/src/{to}"));
        flags.push(flag);
    }
    Ok(flags.join(&OsString::from("\u{1f}")))
}

fn cargo_home() -> Result<PathBuf> {
    let home = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).context("there is no home folder")
}
