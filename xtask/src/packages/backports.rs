//! Packages from Debian's backports, without a trace in the machine's own apt configuration.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::apt_get;
use crate::{process, workspace};

const SOURCES: &str = "/etc/apt/sources.list.d";

/// Installs packages and what they need from the backports of the machine's own release. The source is
/// known to this one run of apt: its list of sources is a copy of the machine's with one line more, and
/// what it fetches stays under `target`. Nothing installed is removed.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    let folder = workspace::target().join("lab/apt");
    let (parts, lists) = (folder.join("sources"), folder.join("lists"));
    if parts.exists() {
        fs::remove_dir_all(&parts)
            .with_context(|| format!("cannot remove `{}`", parts.display()))?;
    }
    for made in [&parts, &lists.join("partial")] {
        fs::create_dir_all(made).with_context(|| format!("cannot create `{}`", made.display()))?;
    }
    let suite = format!("{}-backports", code_name()?);
    copy_sources(Path::new(SOURCES), &parts)?;
    // Distinct from every name that is there, so that nothing of the user's is replaced.
    let ours = parts.join("phoenix-lab-backports.list");
    fs::write(&ours, format!("deb http://deb.debian.org/debian {suite} main\n"))
        .with_context(|| format!("cannot write `{}`", ours.display()))?;

    let options = [
        format!("Dir::Etc::SourceParts={}", parts.display()),
        format!("Dir::State::Lists={}", lists.display()),
    ];
    let apt = || {
        let mut command = apt_get();
        for option in &options {
            command.args(["--option", option]);
        }
        command
    };
    process::quiet(apt().arg("update"))?;
    let mut command = apt();
    command.args(["install", "--yes", "--no-remove", "--no-install-recommends"]);
    process::quiet(command.args(["--target-release", &suite]).args(packages))?;
    Ok(())
}

fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    let list = fs::read_dir(from).with_context(|| format!("cannot list `{}`", from.display()))?;
    for entry in list {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))
            .with_context(|| format!("cannot copy `{}`", entry.path().display()))?;
    }
    Ok(())
}

fn code_name() -> Result<String> {
    let text = fs::read_to_string("/etc/os-release").context("cannot read `/etc/os-release`")?;
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    Ok(name.context("this Debian does not say its code name")?.trim_matches('"').to_owned())
}
