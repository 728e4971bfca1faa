//! One lock a target, so that two runs never work on the same one.
//!
//! The process holds a lock, not the file: however a run ends, its locks are free in that moment. What
//! the file says is for whoever is kept out, and for nothing else. What this module does not do: it ends
//! no process, and knows no units.

mod codes;
mod file;
mod holder;
mod wait;

pub use codes::CODES;
pub use file::{Attempt, Lock, Locks};
pub use holder::Holder;
pub use wait::{Waiting, wait};
