//! The orchestrator of phoenix-orch as a library; `main.rs` is a thin shell around it.
//!
//! Data flows downwards. A module may use those that its row names, and no others; a test holds the
//! `use crate::` lines of the sources to this table. The engine knows no report and no cli: whoever
//! wants to hear of events is a sink.
//!
//! | module | may use |
//! |---|---|
//! | error | nothing |
//! | trust | nothing |
//! | secret | nothing |
//! | log | error, config, secret |
//! | config | error, trust, graph |
//! | graph | error |
//! | inventory | error, config, graph |
//! | lock | error |
//! | transport | error |
//! | runtime | error, transport, config |
//! | catalog | error, trust, config, transport |
//! | cache | config, transport, trust |
//! | denials | error, transport |
//! | effect | error, trust, cache, transport, denials, runtime |
//! | doctor | error, graph, transport, runtime, effect |
//! | engine | error, cache, config, graph, lock, catalog, transport, runtime, effect |
//! | journal | error, graph, transport, effect, engine |
//! | bundle | error, secret, transport, graph, effect, engine |
//! | status | error, graph, engine, journal |
//! | report | error, graph, effect, engine, journal, transport, doctor, status |
//! | cli | error, bundle, cache, config, graph, lock, log, secret, catalog, transport, runtime, denials, doctor, effect, engine, journal, status, report, inventory |

pub mod bundle;
pub mod cache;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod denials;
pub mod doctor;
pub mod effect;
pub mod engine;
pub mod error;
pub mod graph;
pub mod inventory;
pub mod journal;
pub mod lock;
pub mod log;
pub mod report;
pub mod runtime;
pub mod secret;
pub mod status;
pub mod transport;
pub mod trust;

#[cfg(test)]
mod layering;
