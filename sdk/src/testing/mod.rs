//! For a step's own tests: a fake host in memory, and the laws that every step keeps.

mod fake_host;
pub mod laws;

pub use fake_host::FakeHost;
