//! Units, the order they run in, and which of them may run now.
//!
//! Everything here is pure: no clock, no path, no thread. What it does not do: run anything, or know
//! why a unit failed.

mod build;
mod cycle;
pub mod draw;
mod queue;
mod render;
mod render_svg;
mod steps;
mod unit;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;

use phoenix_sdk::Code;

pub use build::Graph;
pub use cycle::cycle;
pub use queue::Queue;
pub use steps::StepNode;
pub use unit::{HOST, Unit};

const GRAPH_INVALID: &str = "GRAPH-INVALID";
const TARGET_NAME_TAKEN: &str = "TARGET-NAME-TAKEN";

/// Every error of this module, documented.
pub const CODES: &[Code] = &[
    Code::new(
        GRAPH_INVALID,
        "The steps of a run cannot be put in order. plugins.toml is checked for this when it is read, \
         so this is a defect of phoenix-orch.",
        "Report it, with plugins.toml and the command line.",
    ),
    Code::new(
        TARGET_NAME_TAKEN,
        "A container is called `host`, and that name means the host itself: a run could not tell the \
         two apart.",
        "Rename the container, or name the other containers with --target.",
    ),
];
