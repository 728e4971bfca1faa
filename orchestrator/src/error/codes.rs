//! Every code that the orchestrator itself can give, for `explain` and `docs/errors.md`. Each module
//! keeps the list of its own codes; steps bring theirs in their metadata.

use phoenix_sdk::Code;

/// All of them, in the order of the modules.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [crate::transport::CODES, crate::runtime::CODES].into_iter().flatten()
}
