//! The container itself: its configuration and its restart, through its runtime.

use std::{fs, io, path::Path};

use phoenix_sdk::{Denials, Mark, Observed, Others};

use super::{Eyes, Hands, Image, file, observe::needs_container, service};
use crate::{denials, error::Result, transport::TEMPORARY};

pub(super) fn observe(eyes: Eyes<'_>) -> Result<Observed> {
    let (runtime, name) = eyes.container.ok_or_else(|| needs_container("the container"))?;
    runtime.state(name).map(Observed::Container)
}

pub(super) fn observe_option(eyes: Eyes<'_>, key: &str) -> Result<Observed> {
    let (runtime, name) = eyes.container.ok_or_else(|| needs_container(key))?;
    let config = runtime.config(name)?;
    Ok(Observed::ContainerOption { values: runtime.values(&config, key) })
}

/// The label is looked up anew: it may have changed with a restart since the mark.
pub(super) fn observe_denials(eyes: Eyes<'_>, since: Mark) -> Result<Observed> {
    let (runtime, name) = eyes.container.ok_or_else(|| needs_container("what was denied"))?;
    let label = runtime.state(name)?.label;
    let profiles = label.as_deref().map(denials::profiles_of_label).unwrap_or_default();
    let seen = denials::since(eyes.host, &profiles, since)?;
    Ok(Observed::Denials(Denials { label, ..seen }))
}

pub(super) fn set_option(hands: Hands<'_>, key: &str, value: &str, others: Others) -> Result<()> {
    let (runtime, name) = hands.container.ok_or_else(|| needs_container(key))?;
    let before = runtime.config(name)?;
    let after = runtime.with_value(&before, key, value, others);
    runtime.store(name, &before, &after)
}

/// Removes what a killed writer left beside the configuration.
pub(super) fn clean(hands: Hands<'_>) -> Result<()> {
    let (runtime, name) = hands.container.ok_or_else(|| needs_container("a configuration"))?;
    let path = runtime.config(name)?.path;
    let folder = Path::new(&path).parent().unwrap_or(Path::new("/"));
    let clean = || -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // Only files of this form, which nobody else makes.
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    clean().map_err(|error| file::refused(&path, &error.to_string()))
}

/// Finishes a container's restart that a run which was killed had begun.
///
/// # Errors
/// When it does not start, or does not answer in time.
pub fn finish_restart(hands: Hands<'_>, line: &mut dyn FnMut(&str)) -> Result<()> {
    let (runtime, name) = hands.container.ok_or_else(|| needs_container("a restart"))?;
    let outcome = runtime.finish_restart(name, line);
    hands.own.reconnect();
    outcome
}

/// After a container's restart: what ran in it before runs again, or has ended by itself. Of other effects
/// nothing is asked.
///
/// # Errors
/// `SERVICE-NOT-BACK` with the service's own reason.
pub fn all_back(hands: Hands<'_>, before: &Image) -> Result<()> {
    match before {
        Image::Running { running: true, services } => service::all_back(hands.own, services),
        _ => Ok(()),
    }
}

pub(super) fn restart(hands: Hands<'_>, line: &mut dyn FnMut(&str)) -> Result<()> {
    let (runtime, name) = hands.container.ok_or_else(|| needs_container("a restart"))?;
    let outcome = runtime.restart(name, line);
    // The session died with the container, however the restart ended.
    hands.own.reconnect();
    outcome
}
