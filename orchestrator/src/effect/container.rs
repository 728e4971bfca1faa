//! The container itself: its configuration and its restart, through its runtime.

use phoenix_sdk::{Denials, Mark, Observed, Others};

use super::{Eyes, Hands, observe::needs_container};
use crate::{denials, error::Result};

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

pub(super) fn restart(hands: Hands<'_>, line: &mut dyn FnMut(&str)) -> Result<()> {
    let (runtime, name) = hands.container.ok_or_else(|| needs_container("a restart"))?;
    let outcome = runtime.restart(name, line);
    // The session died with the container, however the restart ended.
    hands.own.reconnect();
    outcome
}
