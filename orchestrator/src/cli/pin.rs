//! `plugins pin`: from now on, only these very libraries are loaded.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
};

use super::{
    args::{Global, Pin},
    setting,
};
use crate::{
    catalog,
    config::{self, Manifest},
    error::{Error, ErrorKind, Result},
    transport::{LocalMachine, Mutator as _, WriteFile, printable},
};

/// Writes the SHA-256 of each library into plugins.toml. The libraries are found as a run finds them, and
/// loaded; if one is refused, or is another step, nothing is written.
pub(super) fn run(global: &Global, verb: &Pin) -> Result<u8> {
    let manifest = setting::manifest(global)?;
    let names: BTreeSet<String> = match verb.all {
        true => manifest.plugins.keys().cloned().collect(),
        false => {
            let known = |name: &String| manifest.plugin(name).map(|plugin| plugin.name.clone());
            verb.names.iter().map(known).collect::<Result<_>>()?
        }
    };
    let steps = catalog::load_to_pin(&manifest, &names, &setting::exe_dir())?;
    let pins: BTreeMap<String, String> =
        steps.iter().map(|(name, step)| (name.clone(), step.sha256.clone())).collect();
    let changes = pins.iter().any(|(name, sha256)| old(&manifest, name) != Some(sha256));
    if changes {
        write(&manifest, &manifest.with_pins(&pins)?)?;
    }
    let text: String = steps
        .iter()
        .map(|(name, step)| {
            let path = printable(&step.path.to_string_lossy());
            let pin = match old(&manifest, name) {
                Some(old) if *old == step.sha256 => format!("unchanged {old}"),
                Some(old) => format!("{old} -> {}", step.sha256),
                None => format!("none -> {}", step.sha256),
            };
            format!("{name} ({path})\n  {pin}\n")
        })
        .collect();
    // Only a reader who stopped reading makes this fail.
    let _ = anstream::stdout().write_all(text.as_bytes());
    Ok(0)
}

fn old<'m>(manifest: &'m Manifest, name: &str) -> Option<&'m String> {
    manifest.plugins.get(name)?.sha256.as_ref()
}

/// Replaces plugins.toml, unless it was changed since it was read. Where it is a symbolic link, that stays.
fn write(manifest: &Manifest, text: &str) -> Result<()> {
    let unreadable = |error: io::Error| config::cannot_pin(&error.to_string());
    let real = fs::canonicalize(&manifest.path).map_err(unreadable)?;
    let metadata = fs::metadata(&real).map_err(unreadable)?;
    let path = real.to_str().ok_or_else(|| config::cannot_pin("its path is not UTF-8"))?;
    let write = WriteFile {
        path: path.to_owned(),
        content: text.into(),
        mode: metadata.mode() & 0o7777,
        owner: (metadata.uid(), metadata.gid()),
        expected: Some(manifest.text().into()),
    };
    // What would be a failed step in a run is a matter of the configuration here.
    LocalMachine.write_file(&write).map_err(|error| Error { kind: ErrorKind::Config, ..error })
}
