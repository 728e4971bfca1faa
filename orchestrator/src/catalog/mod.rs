//! The catalogue: may this library be loaded, load it, speak to it.
//!
//! What this module does not do: it does not know what a step is for, nor in which order steps run.

pub mod host;
mod loaded_step;
mod probes;
pub mod rehearse;
mod seat;
mod trust;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    thread::{self, ScopedJoinHandle},
};

use phoenix_sdk::Code;
use semver::Version;

pub use loaded_step::LoadedStep;
pub use seat::{Applied, Seat};

use crate::{
    config::{Manifest, Part},
    error::{Error, ErrorKind, Result},
    transport::printable,
};

/// Loads the libraries of these steps.
///
/// # Errors
/// The first library that is not there, is refused, or is another step than `plugins.toml` says.
pub fn load(
    manifest: &Manifest,
    names: &BTreeSet<String>,
    exe_dir: &Path,
) -> Result<BTreeMap<String, LoadedStep>> {
    // Each loads in a process of its own, and nobody waits for another.
    let loaded: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = names
            .iter()
            .map(|name| (name, scope.spawn(move || load_one(manifest, name, exe_dir))))
            .collect();
        let joined = |thread: ScopedJoinHandle<'_, _>| thread.join().unwrap_or(Err(Error::panic()));
        threads.into_iter().map(|(name, thread)| (name, joined(thread))).collect()
    });
    loaded.into_iter().map(|(name, step)| Ok((name.clone(), step?))).collect()
}

fn load_one(manifest: &Manifest, name: &str, exe_dir: &Path) -> Result<LoadedStep> {
    let plugin = manifest.plugins.get(name).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "STEP-UNKNOWN", format!("no step `{name}`"))
            .hint("This is a defect of phoenix-orch; please report it.")
    })?;
    let candidates = manifest.library_candidates(plugin, exe_dir);
    let at = |mut error: Error, label: &str| {
        error.excerpt = Some(manifest.excerpt(plugin, Part::Library, label));
        error
    };
    let path = candidates.iter().find(|path| path.exists()).ok_or_else(|| {
        let error = Error::new(
            ErrorKind::Plugin,
            "PLUGIN-MISSING",
            format!("the library of step `{name}` is not there"),
        )
        .hint("Build or install it, or name its folder in `plugin_dirs`.");
        let looked = candidates.iter().map(|path| format!("not `{}`", path.display()));
        at(looked.fold(error, Error::cause), "not found")
    })?;
    let step = LoadedStep::load(path)?;
    let found = &step.meta.name;
    if found != name {
        let found = printable(found);
        let message = format!("`{}` is the step `{found}`, not `{name}`", path.display());
        let error = Error::new(ErrorKind::Plugin, "PLUGIN-OTHER-STEP", message)
            .hint("Correct `library` in plugins.toml.");
        return Err(at(error, "another step"));
    }
    Ok(step)
}

/// The version of each loaded step.
///
/// # Errors
/// `PLUGIN-META` when a step's version is not semver.
pub fn versions(steps: &BTreeMap<String, LoadedStep>) -> Result<BTreeMap<String, Version>> {
    steps.iter().map(|(name, step)| Ok((name.clone(), step.version()?))).collect()
}

/// The errors of this module.
pub const CODES: &[Code] = &[
    Code::new(
        "PLUGIN-MISSING",
        "The library of a step is in none of the folders that are searched.",
        "The causes list them: `plugin_dirs`, the folder of phoenix-orch, `/usr/lib/phoenix-orch/plugins`.",
    ),
    Code::new(
        "PLUGIN-UNTRUSTED",
        "The library, or a folder above it, could be changed by somebody else than root or you. A library runs inside phoenix-orch, so it was not loaded.",
        "Mend owner or mode as the cause says (`chown root`, `chmod go-w`).",
    ),
    Code::new(
        "PLUGIN-NOT-A-LIBRARY",
        "The file is not a shared library that this machine can load.",
        "Build the step with `cargo build --release` and `crate-type = [\"cdylib\"]` for this machine.",
    ),
    Code::new(
        "PLUGIN-NOT-A-STEP",
        "The file is a shared library, but exports no step.",
        "Put `export_step!(YourStep);` into its `lib.rs`, or correct `library` in plugins.toml.",
    ),
    Code::new(
        "PLUGIN-SDK-MISMATCH",
        "The step was built for another major version of the SDK, or with an incompatible one.",
        "Rebuild it with the SDK version that the message names.",
    ),
    Code::new(
        "PLUGIN-META",
        "What the step says about itself cannot be read or is not valid.",
        "Report it to the step's author, with the causes.",
    ),
    Code::new(
        "PLUGIN-OTHER-STEP",
        "The library holds another step than plugins.toml says.",
        "Correct `library` in plugins.toml.",
    ),
    Code::new(
        "PROBE-TOO-WIDE",
        "A step declares a probe that would let it run anything, such as a shell without its script. It was not loaded.",
        "Report it to the step's author: the whole command has to be declared.",
    ),
    Code::new(
        "LAW-BROKEN",
        "A step does not keep one of the laws of steps in a world that its author described.",
        "The message names the law and the world. docs/writing-a-step.md lists the laws.",
    ),
];
