//! Bringing files into the lab: only those that have changed since they were last sent.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::{Lab, TOOLS};
use crate::{interrupt, process, say};

/// The longest that sending everything anew may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Sends this very program, under the name `xtask`.
pub(super) fn tool(lab: &Lab) -> Result<()> {
    // Cargo may have replaced the file meanwhile; what runs can be read through the kernel all the same.
    let own = format!("/proc/{}/exe", std::process::id());
    files(lab, &[(own.into(), "xtask".to_owned())])
}

/// Makes the files in [`TOOLS`] equal to these, each given with its name there. Binaries are sent without
/// what only a debugger reads.
pub(super) fn files(lab: &Lab, wanted: &[(PathBuf, String)]) -> Result<()> {
    let record = lab.state.file("sent");
    let mut sent = read_record(&record);
    let work = tempfile::tempdir().context("cannot create a temporary folder")?;
    let mut changed = Vec::new();
    for (path, name) in wanted {
        let hash = hash(path)?;
        if sent.get(name) != Some(&hash) {
            stage(path, &work.path().join(name))?;
            changed.push(name.clone());
            sent.insert(name.clone(), hash);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    say::timed(&format!("copying {} into the lab", changed.join(", ")), || {
        send(lab, work.path(), TOOLS, LIMIT)
    })?;
    let text: String = sent.iter().map(|(name, hash)| format!("{hash} {name}\n")).collect();
    fs::write(&record, text).with_context(|| format!("cannot write `{}`", record.display()))
}

/// Sends a whole folder. Files are replaced, not overwritten, so a program that runs is no hindrance.
pub(super) fn send(lab: &Lab, folder: &Path, to: &str, limit: Duration) -> Result<()> {
    let mut pack = Command::new("tar");
    pack.args(["--create", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--directory"]);
    let mut pack = pack
        .arg(folder)
        .args(["--file=-", "."])
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run `tar`")?;
    let archive = pack.stdout.take().context("`tar` has no output")?;
    let words = ["mkdir", "-p", to];
    lab.ok(&words)?;
    let mut unpack = lab.ssh.command(&[
        "tar",
        "--extract",
        "--numeric-owner",
        "--xattrs",
        "--xattrs-include=*",
        "--unlink-first",
        "--file=-",
        "--directory",
        to,
    ]);
    let sent = process::capture_from(&mut unpack, Stdio::from(archive), limit);
    let packed = pack.wait().context("cannot wait for `tar`")?;
    sent?.success()?;
    interrupt::check()?;
    if !packed.success() {
        bail!("`tar` could not read all of `{}`", folder.display());
    }
    Ok(())
}

fn stage(from: &Path, to: &Path) -> Result<()> {
    let what = || format!("cannot copy `{}`", from.display());
    let executable = from.metadata().with_context(what)?.permissions().mode() & 0o100 != 0;
    if is_binary(from)? {
        let mut strip = Command::new("strip");
        strip.args(["--strip-debug", "-o"]).arg(to).arg(from);
        if process::quiet(&mut strip).is_err() {
            // Without the tool it only takes longer.
            fs::copy(from, to).with_context(what)?;
        }
    } else {
        fs::copy(from, to).with_context(what)?;
    }
    fs::set_permissions(to, fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 }))
        .with_context(what)
}

fn is_binary(path: &Path) -> Result<bool> {
    let mut start = [0; 4];
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    // A file that is shorter is none.
    Ok(std::io::Read::read_exact(&mut &file, &mut start).is_ok() && start == *b"\x7fELF")
}

fn hash(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A record that is missing or damaged only means that everything is sent again.
fn read_record(path: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(hash, name)| (name.to_owned(), hash.to_owned())).collect()
}
