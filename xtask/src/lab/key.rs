//! The key that opens one lab and nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::image::Image;
use crate::process;

/// Makes a new key pair, `key` and `key.pub` in `folder`. Gives the part of the public key that the
/// virtual machine must be told.
pub(super) fn make(folder: &Path) -> Result<String> {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", "phoenix-lab", "-f"]);
    process::quiet(command.arg(folder.join("key")))?;
    read(folder)
}

/// The part of the public key in `folder` that the virtual machine must be told.
pub(super) fn read(folder: &Path) -> Result<String> {
    let path = folder.join("key.pub");
    let public =
        fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let key = public.split_whitespace().nth(1).context("ssh-keygen wrote a strange public key")?;
    Ok(key.to_owned())
}

/// Writes down in `folder` whom to expect at `port`.
pub(super) fn expect(folder: &Path, image: &Image, port: u16) -> Result<()> {
    let host = fs::read_to_string(image.host_key()).context("cannot read the lab's host key")?;
    let known: Vec<&str> = host.split_whitespace().take(2).collect();
    let line = format!("[127.0.0.1]:{port} {}\n", known.join(" "));
    fs::write(folder.join("known_hosts"), line).context("cannot write the known hosts")
}
