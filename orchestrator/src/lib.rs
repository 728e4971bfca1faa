//! The orchestrator of phoenix-orch as a library; `main.rs` is a thin shell around it.

pub mod error;
pub mod runtime;
pub mod transport;
