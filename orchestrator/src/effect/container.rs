//! The container itself: its configuration and its restart, through its runtime.

use phoenix_sdk::{Observed, Others};

use super::{Eyes, Hands, observe::needs_container};
use crate::error::Result;

pub(super) fn observe(eyes: Eyes<'_>) -> Result<Observed> {
    let (runtime, name) = eyes.container.ok_or_else(|| needs_container("the container"))?;
    runtime.state(name).map(Observed::Container)
}

pub(super) fn observe_option(eyes: Eyes<'_>, key: &str) -> Result<Observed> {
    let (runtime, name) = eyes.container.ok_or_else(|| needs_container(key))?;
    let config = runtime.config(name)?;
    Ok(Observed::ContainerOption { values: runtime.values(&config, key) })
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
