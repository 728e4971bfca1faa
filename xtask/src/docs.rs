//! `cargo xtask docs`: the parts of the documentation that are made from the code.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use xtask::{process, reference, say, workspace};

/// Writes the reference: errors from the code tables of phoenix-orch and of the steps, the command line from the command
/// line, events from their types.
pub(crate) fn run() -> Result<()> {
    say::timed("building phoenix-orch and its steps", || {
        process::live(workspace::cargo().arg("build").stdin(Stdio::null()))
    })?;
    write("docs/errors.md", &explained("--markdown")?)?;
    write("docs/reference/cli.md", &explained("--markdown=commands")?)?;
    write("docs/reference/events.md", &reference::events()?)
}

/// A page that the product itself writes.
fn explained(page: &str) -> Result<String> {
    let mut command = Command::new(workspace::target().join("debug/phoenix-orch"));
    command.args(["explain", page, "--config"]).arg(workspace::root().join("plugins.toml"));
    Ok(process::quiet(&mut command)?.stdout)
}

fn write(path: &str, text: &str) -> Result<()> {
    let path = workspace::root().join(path);
    fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    say::note(&format!("wrote {}", path.display()));
    Ok(())
}
