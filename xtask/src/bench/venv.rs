//! Python programs at pinned versions, each set in a virtual environment of its own under `target/bench-venvs`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};
use xtask::{process, say, workspace};

/// The folder with the programs of these requirements, as `pip install` takes them; made when it is not there yet, which needs
/// PyPI. `local` is a package of ours that is put beside them.
///
/// # Errors
/// When pip cannot install one of them.
pub(crate) fn ensure(name: &str, requirements: &[&str], local: Option<&Path>) -> Result<PathBuf> {
    let hash = Sha256::digest(requirements.join(" "));
    let short: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let folder = workspace::target().join("bench-venvs").join(format!("{name}-{short}"));
    let (programs, complete) = (folder.join("bin"), folder.join("complete"));
    let pip = |words: &mut dyn Iterator<Item = &str>| {
        let mut command = Command::new(programs.join("pip"));
        command.args(["install", "--quiet", "--disable-pip-version-check"]).args(words);
        process::quiet(&mut command)
    };
    if !complete.exists() {
        say::timed(&format!("installing {}", requirements.join(", ")), || {
            process::quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
            pip(&mut requirements.iter().copied())?;
            fs::write(&complete, "").context("cannot mark the environment as complete")
        })?;
    }
    if let Some(local) = local {
        // A copy, for its build leaves files beside its source; anew each time, because it may have been edited.
        let copy = folder.join("local");
        if copy.exists() {
            fs::remove_dir_all(&copy)
                .with_context(|| format!("cannot remove `{}`", copy.display()))?;
        }
        process::quiet(Command::new("cp").arg("--recursive").arg(local).arg(&copy))?;
        let path = copy.to_string_lossy();
        let words = ["--no-deps", "--no-build-isolation", "--force-reinstall", &*path];
        pip(&mut words.into_iter())?;
    }
    Ok(programs)
}
