//! What must be so of whatever bytes cross between a step's process and the orchestrator.

mod decoders;

pub use decoders::{frames, from_step, to_step};
