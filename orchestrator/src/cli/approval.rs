//! A run at a terminal: what it would disturb is shown and asked for once, before anything is done.

use std::{
    collections::BTreeSet,
    io::Write as _,
    sync::atomic::{AtomicBool, Ordering},
};

use phoenix_sdk::Consent;

use super::ask::Terminal;
use crate::{
    engine::{self, Job, Mode, state::UnitState},
    error::{Error, ErrorKind, Result},
    report::{self, Progress, View},
};

/// What the operator allows besides, having seen the plan; nothing if nothing of it needs that.
///
/// # Errors
/// `CONSENT-MISSING` when the operator does not, `INTERRUPTED` when there was no answer for that reason.
pub(super) fn approved(
    job: &Job<'_>,
    terminal: &Terminal,
    interrupted: &AtomicBool,
    view: View,
) -> Result<BTreeSet<Consent>> {
    debug_assert!(matches!(job.mode, Mode::Plan { .. }), "only a plan changes nothing");
    let mut progress = Progress::new(view);
    let (state, _) = engine::run(job, vec![&mut progress])?;
    let needed: BTreeSet<Consent> = state.units.values().flat_map(UnitState::consents).collect();
    let wanted: BTreeSet<Consent> = needed.difference(&job.consents).copied().collect();
    if wanted.is_empty() {
        return Ok(wanted);
    }
    // If it cannot be shown, the question cannot be answered either.
    let _ = anstream::stdout().write_all(report::proposal(&state, view).as_bytes());
    if terminal.approves(&wanted) {
        return Ok(wanted);
    }
    Err(match interrupted.load(Ordering::Relaxed) {
        true => Error::new(ErrorKind::Interrupted, "INTERRUPTED", "interrupted by you")
            .hint("Nothing was changed. Run again when it may be done."),
        false => Error::new(ErrorKind::Step, "CONSENT-MISSING", "you did not allow it").hint(
            "Nothing was changed. `--target` leaves containers out that must not be disturbed now.",
        ),
    })
}
