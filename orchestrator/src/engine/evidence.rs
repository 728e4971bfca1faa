//! What evidence says. Pure.

use phoenix_sdk::Evidence;

use crate::error::{Error, ErrorKind, Result};

/// All of it has to hold.
///
/// # Errors
/// `EVIDENCE-FAILED` with what was expected and observed of each that does not.
pub(super) fn must_hold(evidence: &[Evidence]) -> Result<()> {
    let failed = evidence.iter().filter(|evidence| !evidence.holds);
    let causes: Vec<String> = failed
        .map(|evidence| {
            format!(
                "{}: expected {}, observed {}",
                evidence.claim, evidence.expected, evidence.observed
            )
        })
        .collect();
    if causes.is_empty() {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Verify, "EVIDENCE-FAILED", "the evidence does not hold")
        .hint("The causes say what was expected and what was observed; mend it and run again.");
    Err(causes.into_iter().fold(error, Error::cause))
}
