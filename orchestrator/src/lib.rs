//! The orchestrator of phoenix-orch as a library; `main.rs` is a thin shell around it.

pub mod config;
pub mod error;
pub mod graph;
pub mod runtime;
pub mod transport;
