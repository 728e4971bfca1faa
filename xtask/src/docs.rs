//! `cargo xtask docs`: the parts of the documentation that are made from the code.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use xtask::{process, say, workspace};

/// Writes `docs/errors.md` from the code tables of phoenix-orch and of the steps.
pub(crate) fn run() -> Result<()> {
    say::timed("building phoenix-orch and its steps", || {
        process::live(workspace::cargo().arg("build").stdin(Stdio::null()))
    })?;
    let mut command = Command::new(workspace::target().join("debug/phoenix-orch"));
    command.args(["explain", "--markdown", "--config"]).arg(workspace::root().join("plugins.toml"));
    let text = process::quiet(&mut command)?.stdout;
    let path = workspace::root().join("docs/errors.md");
    fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    say::note(&format!("wrote {}", path.display()));
    Ok(())
}
