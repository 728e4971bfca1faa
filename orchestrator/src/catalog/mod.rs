//! The catalogue: may this library be loaded, load it, speak to it; the same for scripts.
//!
//! What this module does not do: it does not know what a step is for, nor in which order steps run.

mod acquaintances;
pub mod host;
mod loaded;
mod loaded_step;
pub mod parameters;
mod probes;
pub mod rehearse;
pub mod script;
mod seat;
mod trust;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    thread::{self, ScopedJoinHandle},
};

use phoenix_sdk::Code;

pub use acquaintances::Acquaintances;
pub use loaded::{Loaded, versions};
pub use loaded_step::LoadedStep;
pub use script::{LoadedScript, Ran, Verb};
pub use seat::{Applied, Seat};
pub use trust::{Demand, Signed, Standing};

use crate::{
    config::{Manifest, Part, Plugin},
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
    load_as_demanded(manifest, names, exe_dir, Demand::of, &Acquaintances::none())
}

/// The same for libraries that are about to be pinned: whether they are already does not matter.
///
/// # Errors
/// As [`load`].
pub fn load_to_pin(
    manifest: &Manifest,
    names: &BTreeSet<String>,
    exe_dir: &Path,
) -> Result<BTreeMap<String, LoadedStep>> {
    load_as_demanded(manifest, names, exe_dir, Demand::before_pinning, &Acquaintances::none())
}

fn load_as_demanded<'m>(
    manifest: &'m Manifest,
    names: &BTreeSet<String>,
    exe_dir: &Path,
    demand: fn(&'m Manifest, &'m Plugin) -> Demand<'m>,
    acquaintances: &Acquaintances,
) -> Result<BTreeMap<String, LoadedStep>> {
    // Each loads in a process of its own, and nobody waits for another.
    let loaded: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = names
            .iter()
            .map(|name| {
                let load = move || load_one(manifest, name, exe_dir, demand, acquaintances);
                (name, scope.spawn(load))
            })
            .collect();
        let joined = |thread: ScopedJoinHandle<'_, _>| thread.join().unwrap_or(Err(Error::panic()));
        threads.into_iter().map(|(name, thread)| (name, joined(thread))).collect()
    });
    loaded.into_iter().map(|(name, step)| Ok((name.clone(), step?))).collect()
}

fn load_one<'m>(
    manifest: &'m Manifest,
    name: &str,
    exe_dir: &Path,
    demand: fn(&'m Manifest, &'m Plugin) -> Demand<'m>,
    acquaintances: &Acquaintances,
) -> Result<LoadedStep> {
    let plugin = manifest.plugins.get(name).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "STEP-UNKNOWN", format!("no step `{name}`"))
            .hint("This is a defect of phoenix-orch; please report it.")
    })?;
    let candidates = manifest.library_candidates(plugin, exe_dir);
    let at = |mut error: Error, part: Part<'_>, label: &str| {
        error.excerpt = Some(manifest.excerpt(plugin, part, label));
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
        at(looked.fold(error, Error::cause), Part::Library, "not found")
    })?;
    let step =
        LoadedStep::load(path, &demand(manifest, plugin), acquaintances).map_err(|error| {
            match trust::place(&error.code) {
                Some((part, label)) => at(error, part, label),
                None if ["PLUGIN-NOT-A-LIBRARY", "PLUGIN-NOT-A-STEP"].contains(&&*error.code) => {
                    at(error, Part::Library, "not a step's library")
                }
                None => error,
            }
        })?;
    let found = &step.meta.name;
    if found != name {
        let found = printable(found);
        let message = format!("`{}` is the step `{found}`, not `{name}`", path.display());
        let error = Error::new(ErrorKind::Plugin, "PLUGIN-OTHER-STEP", message)
            .hint("Correct `library` in plugins.toml.");
        return Err(at(error, Part::Library, "another step"));
    }
    Ok(step)
}

/// All steps of these names, of either kind. Whose library is an acquaintance is not started yet.
///
/// # Errors
/// As [`load`] and [`script::load`].
pub fn load_all(
    manifest: &Manifest,
    names: &BTreeSet<String>,
    exe_dir: &Path,
    acquaintances: &Acquaintances,
) -> Result<BTreeMap<String, Loaded>> {
    let scripts = script::load(manifest, names)?;
    let plugins = names.iter().filter(|name| !scripts.contains_key(*name)).cloned().collect();
    let plugins = load_as_demanded(manifest, &plugins, exe_dir, Demand::of, acquaintances)?;
    let plugins = plugins.into_iter().map(|(name, step)| (name, Loaded::Plugin(Box::new(step))));
    let scripts =
        scripts.into_iter().map(|(name, script)| (name, Loaded::Script(Box::new(script))));
    Ok(plugins.chain(scripts).collect())
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
        "The library, a folder above it, or a symbolic link on the way to it could be changed by somebody else than root or you, or it is no regular file. It was not loaded.",
        "Mend owner or mode as the cause says (`chown root`, `chmod go-w`).",
    ),
    Code::new(
        "PLUGIN-NOT-PINNED",
        "plugins.toml does not say which file may be loaded as this plugin. It has to, for every library outside a development checkout that is not signed and was not brought by the package of phoenix-orch, unless the policy says `pins = \"optional\"`.",
        "If the library is the one that you installed, `phoenix-orch plugins pin NAME` writes its SHA-256 into plugins.toml.",
    ),
    Code::new(
        "PLUGIN-PIN-MISMATCH",
        "The library is not the file whose SHA-256 stands in plugins.toml: somebody has replaced or changed it since it was pinned.",
        "Find out who changed it. If it was you, with a new version: `phoenix-orch plugins pin NAME`.",
    ),
    Code::new(
        "PLUGIN-PACKAGE-MISMATCH",
        "The library lies where packages put theirs, plugins.toml has no pin for it, and it is not the file whose SHA-256 stands in the `SHA256SUMS` of the package beside it, or that file cannot be read.",
        "`dpkg --verify phoenix-orch` names what was changed, and `apt-get install --reinstall phoenix-orch` brings it back. If the library is meant to be another: `phoenix-orch plugins pin NAME`.",
    ),
    Code::new(
        "PLUGIN-NOT-SIGNED",
        "The policy names signers, and beside the library there is no signature: a file of the same name with `.minisig` behind it.",
        "Get it from whoever built the library, or sign it: `minisign -S -m FILE`.",
    ),
    Code::new(
        "PLUGIN-SIGNATURE",
        "The signature beside the library does not hold: it is damaged, was made for another file, or with a key that the policy does not name.",
        "Get library and signature anew from whoever built them; add a new signer's public key to `signers` under [policy].",
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
