//! What AppArmor denied, as the host's logs have it.

use serde::{Deserialize, Serialize};

/// A point in time on the host, from which denials are asked for. Taken from [`crate::Machine::mark`]
/// and given back as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// The host's wall clock in milliseconds since 1970, by the clock that stamps audit records.
    pub at_ms: u64,
    /// How many audit records the kernel had lost by then, since boot, if the host could say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
}

/// The denials of a label since a [`Mark`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denials {
    /// The label of the container's init, as the kernel writes it; nothing without AppArmor.
    #[serde(default)]
    pub label: Option<String>,
    /// The profiles in that label that can deny anything. None of them: the container is not confined,
    /// and no log was read.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// The most recent one last.
    #[serde(default)]
    pub denials: Vec<Denial>,
    /// Why there may have been more: lost or suppressed records, logs that begin too late, limits that
    /// were hit. A sentence without a full stop each.
    #[serde(default)]
    pub incomplete: Vec<String>,
    /// The logs that were read.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// One thing that was denied, however often.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// The profile that denied it.
    pub profile: String,
    /// As the kernel calls it: `mount`, `open`, `capable`, ...
    pub operation: String,
    /// The program's name, as the kernel knows it: at most fifteen bytes, and chosen by the program.
    pub comm: String,
    /// What was attempted, in words. Free of control characters.
    pub attempt: String,
    /// The smallest rule of AppArmor's language that allows it, if there is one.
    #[serde(default)]
    pub rule: Option<String>,
    /// What has to be known of the rule: what was generalised in it, or why there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The container that it happened in, where that is certain.
    #[serde(default)]
    pub container: Option<String>,
    /// How often.
    pub count: u64,
    /// The first time, in milliseconds since 1970.
    pub first_ms: u64,
    /// The last time, in milliseconds since 1970.
    pub last_ms: u64,
}
