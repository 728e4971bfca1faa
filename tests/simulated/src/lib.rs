//! Containers in memory: the engine over thousands of them, with the real steps in their confined processes,
//! and no machine. What it costs then is ours alone: that of the orchestrator and of its steps.
//!
//! Everything in them is as the steps of the feature `docker` want it, on a host with AppArmor, which asks the most of
//! a check. What this crate does not do: it is not in the product, and nothing in it can be changed; a run that wanted
//! to would fail.

pub mod converged;
pub mod cost;
pub mod machine;
pub mod process;
pub mod runtime;
pub mod same;
mod scene;
