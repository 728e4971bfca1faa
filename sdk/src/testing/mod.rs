//! For a step's own tests: a fake host in memory, the laws that every step keeps, and transcripts of
//! real machines.
//!
//! The feature `testing` brings this module; a step asks for it in its `[dev-dependencies]` only.

mod fake_host;
pub mod laws;
mod transcript;

pub use fake_host::FakeHost;
pub use transcript::{Exchange, Recorder, Transcript};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A test that panicked while it held the lock has failed already.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
