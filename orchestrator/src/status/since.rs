//! Since when a target is as it is.

use jiff::Timestamp;

use super::Health;
use crate::journal::Standing;

/// Since the first of the looks that found the same without a break: a run that left the target as wanted in between is one.
pub(super) fn since(health: Health, known: Option<&Standing>, at: Timestamp) -> Timestamp {
    let Some(known) = known else { return at };
    match &known.seen {
        Some((seen, since)) if seen == health.word() => {
            let good_since = known.good.is_some_and(|good| good > *since);
            let is_good = matches!(health, Health::Converged | Health::NotConfined);
            if good_since && !is_good { at } else { *since }
        }
        _ => at,
    }
}
