//! The container itself: its configuration and its restart, through its runtime.

use std::{fs, path::Path};

use phoenix_sdk::{Denials, Mark, Observed, Others};

use super::{Eyes, Hands, observe::needs_container};
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
    // Only files of this form, which nobody else makes; that one is gone already is as good.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            fs::remove_file(entry.path()).ok();
        }
    }
    Ok(())
}

pub(super) fn finish_restart(hands: Hands<'_>, line: &mut dyn FnMut(&str)) -> Result<()> {
    let (runtime, name) = hands.container.ok_or_else(|| needs_container("a restart"))?;
    let outcome = runtime.finish_restart(name, line);
    hands.own.reconnect();
    outcome
}

pub(super) fn restart(hands: Hands<'_>, line: &mut dyn FnMut(&str)) -> Result<()> {
    let (runtime, name) = hands.container.ok_or_else(|| needs_container("a restart"))?;
    let outcome = runtime.restart(name, line);
    // The session died with the container, however the restart ended.
    hands.own.reconnect();
    outcome
}
