//! The container itself: its configuration and its restart, through its runtime.

use phoenix_sdk::{Denials, Kind, Mark, Observed};

use super::{Eyes, Hands, Image, observe::needs_container, service};
use crate::{
    denials,
    error::Result,
    runtime::{Config, Edit, Runtime},
};

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

/// A configuration before and after a change of it; nothing for other changes, and without a container.
pub(super) fn edited(
    container: Option<(&dyn Runtime, &str)>,
    kind: &Kind,
) -> Result<Option<(Config, Config)>> {
    let (Some(edit), Some((runtime, name))) = (Edit::of(kind), container) else { return Ok(None) };
    let before = runtime.config(name)?;
    let after = runtime.edited(&before, edit)?;
    Ok(Some((before, after)))
}

pub(super) fn edit(hands: Hands<'_>, edit: Edit<'_>) -> Result<()> {
    let (runtime, name) = hands.container.ok_or_else(|| needs_container("a configuration"))?;
    runtime.edit(name, &mut |now| runtime.edited(now, edit))
}

/// Removes what a killed writer left beside the configuration.
pub(super) fn clean(hands: Hands<'_>) -> Result<()> {
    let (runtime, name) = hands.container.ok_or_else(|| needs_container("a configuration"))?;
    runtime.clean(name)
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
