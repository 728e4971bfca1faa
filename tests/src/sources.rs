//! Crates that a test builds: a plugin as somebody else wrote it, with another SDK or another compiler.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};
use xtask::{process, workspace};

const LIMIT: Duration = Duration::from_secs(900);

/// What all builds outside the repository have in common, so that dependencies are compiled once for all of
/// them: where that is kept, and with which settings.
pub fn share(command: &mut Command) -> &mut Command {
    command
        .env("CARGO_BUILD_BUILD_DIR", workspace::target().join("outside"))
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
}

/// Runs cargo with these words on a workspace outside the repository. The lock file keeps the versions that
/// were tested. What comes out is in `target` (in the repository's), which is returned.
pub fn cargo(folder: &Path, target: &str, words: &[&str]) -> Result<PathBuf> {
    fs::copy(workspace::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let target = workspace::target().join(target);
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(folder).args(words).env("CARGO_TARGET_DIR", &target);
    process::capture(share(&mut command), None, LIMIT)?.success()?;
    Ok(target)
}

/// Copies a folder of the repository.
pub fn copy(from: &str, to: &Path) -> Result<()> {
    process::quiet(Command::new("cp").arg("-r").arg(workspace::root().join(from)).arg(to)).map(drop)
}

/// A member of this workspace, built by the nightly compiler: the folder with what came out, and the
/// compiler's name. None where there is no nightly compiler.
pub fn by_nightly(package: &str) -> Result<Option<(PathBuf, String)>> {
    let rustup = |words: &[&str]| {
        let mut command = Command::new("rustup");
        command.current_dir(workspace::root()).args(["run", "nightly"]).args(words);
        process::capture(&mut command, None, LIMIT)
    };
    let Ok(version) = rustup(&["rustc", "--version"]).and_then(process::Output::success) else {
        return Ok(None);
    };
    let target = workspace::target().join("nightly");
    let folder = target.to_str().context("the target folder's name is not UTF-8")?;
    let words = ["cargo", "build", "--quiet", "--locked", "--package", package, "--target-dir"];
    rustup(&[&words[..], &[folder]].concat())?.success()?;
    Ok(Some((target.join("debug"), version.stdout.trim().to_owned())))
}

/// A lock that is held until it is dropped, for tests that share what they build.
pub fn lock(name: &str) -> Result<File> {
    let file = File::create(workspace::target().join(format!("{name}.lock")))?;
    file.lock()?;
    Ok(file)
}
