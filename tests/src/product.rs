//! Where the built product is. `cargo xtask test` builds it before the tests start.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// The binary.
pub fn binary() -> Result<PathBuf> {
    existing("phoenix-orch")
}

/// The library of a step, named as its crate is.
pub fn plugin(crate_name: &str) -> Result<PathBuf> {
    existing(&library(crate_name))
}

/// The library with the hostile plugins of one kind, from `tests/plugins/hostile`.
pub fn hostile(kind: &str) -> Result<PathBuf> {
    existing(&format!("examples/{}", library(&format!("hostile-{kind}"))))
}

/// The program of `tests/pve` that stands in for one of Proxmox: `pct` or `pmxcfs`.
pub fn stand_in(name: &str) -> Result<PathBuf> {
    existing(name)
}

/// What cargo calls the library of a crate.
pub fn library(crate_name: &str) -> String {
    format!("lib{}.so", crate_name.replace('-', "_"))
}

/// The folder with the binary and, beside it, the libraries of the steps: `target/<profile>`.
pub fn folder() -> Result<PathBuf> {
    // The tests themselves lie in `target/<profile>/deps`.
    let test = env::current_exe().context("cannot tell where this test's binary is")?;
    let folder = test.ancestors().nth(2).context("this test's binary is in no target folder")?;
    Ok(folder.to_owned())
}

fn existing(name: &str) -> Result<PathBuf> {
    let path = folder()?.join(name);
    if !path.exists() {
        bail!("`{}` is missing: run `cargo build --workspace --all-targets` first", path.display());
    }
    Ok(path)
}
