//! One step on one target.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The target that is no container.
pub const HOST: &str = "host";

/// One step on one target: the node of the graph. Written as `step@target`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Unit {
    /// The step's name.
    pub step: String,
    /// [`HOST`], or a container.
    pub target: String,
}

impl Unit {
    /// This step on this target.
    pub fn new(step: impl Into<String>, target: impl Into<String>) -> Self {
        Self { step: step.into(), target: target.into() }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.step, self.target)
    }
}
