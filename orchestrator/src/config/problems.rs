//! All that is wrong with a file, in the order in which it was found: whoever mends a file wants to hear of everything
//! at once, and whoever only wants to use it hears of the first.

use crate::error::{Error, Result};

/// More than so many are told to nobody: whoever has mended these asks again. It bounds the time that a hostile file costs.
pub const MOST_TOLD: usize = 30;

/// What was wrong so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Error>);

impl Problems {
    /// What the result holds; its error is kept, and the reading goes on.
    pub(super) fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    /// Whether there are enough of them, so that nothing more needs to be looked at.
    pub(super) fn enough(&self) -> bool {
        self.0.len() >= MOST_TOLD
    }

    /// Keeps an error.
    pub(super) fn add(&mut self, error: Error) {
        self.0.push(error);
    }

    /// All of them, but not more than [`MOST_TOLD`].
    pub(super) fn into_errors(mut self) -> Vec<Error> {
        self.0.truncate(MOST_TOLD);
        self.0
    }
}
