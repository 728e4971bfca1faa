//! What the host would refuse, known before anything is done.

use phoenix_sdk::{Change, Kind};

use super::Target;
use crate::{
    error::Result,
    runtime::{self, Edit},
};

/// Whether the host lets the container's configuration be edited, and the container be restarted, where that is
/// wanted.
///
/// # Errors
/// Why not.
pub(super) fn require_none(target: Target<'_>, changes: &[Change]) -> Result<()> {
    let concerns =
        |change: &Change| Edit::of(&change.kind).is_some() || change.kind == Kind::RestartContainer;
    match target.container {
        Some((runtime, name)) if changes.iter().any(concerns) => runtime.editable(name),
        _ => Ok(()),
    }
}

/// What would keep a run from making these changes now, for a plan.
///
/// # Errors
/// When the host cannot say.
pub(super) fn warning(target: Target<'_>, changes: &[Change]) -> Result<Option<String>> {
    let lock = match target.container {
        Some((runtime, name)) if !changes.is_empty() => {
            runtime.lock(name)?.map(|lock| runtime::locked(name, &lock))
        }
        _ => None,
    };
    let refused = lock.or_else(|| require_none(target, changes).err());
    Ok(refused.map(|error| {
        let parts = [&error.message].into_iter().chain(&error.causes).chain(error.hints.first());
        let parts: Vec<&str> = parts.map(String::as_str).collect();
        format!("a run would be refused now: {}", parts.join("; "))
    }))
}
