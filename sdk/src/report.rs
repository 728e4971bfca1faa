//! What `check` and `verify` answer.

use serde::{Deserialize, Serialize};

use crate::Change;

/// What a step wants changed, and what it found in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// In the order in which they are performed; empty when all is as wanted.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// Why the rest is fine already, a fragment each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the operator must know although it is no error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl CheckReport {
    /// Adds what the operator must know.
    #[must_use]
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// Adds the changes, notes and warnings of another report behind the present ones.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.changes.extend(other.changes);
        self.notes.extend(other.notes);
        self.warnings.extend(other.warnings);
        self
    }
}

/// One observation that shows whether a claim holds.
///
/// Good evidence comes from where the effect is: not the file that was written, but the program that was to
/// read it. It can fail, and says what was seen when it does.
///
/// ```
/// # use phoenix_sdk::Evidence;
/// let stratum = "16";
/// let evidence = Evidence {
///     claim: "the clock is kept by a server".to_owned(),
///     how: "chronyc -n tracking".to_owned(),
///     expected: "a stratum below 16".to_owned(),
///     observed: stratum.to_owned(),
///     holds: stratum.parse().is_ok_and(|number: u8| number < 16),
/// };
/// assert!(!evidence.holds);
///
/// // Where exactly one value will do:
/// assert!(Evidence::equal("it runs", "systemctl is-active chrony", "active", "active").holds);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What is claimed, as a sentence without a full stop.
    pub claim: String,
    /// How it was looked at: a command or a path.
    pub how: String,
    /// What had to be seen.
    pub expected: String,
    /// What was seen.
    pub observed: String,
    /// Whether the claim holds.
    pub holds: bool,
}

impl Evidence {
    /// Evidence whose claim holds if exactly the expected was observed.
    pub fn equal(
        claim: impl Into<String>,
        how: impl Into<String>,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) -> Self {
        let (expected, observed) = (expected.into(), observed.into());
        let holds = expected == observed;
        Self { claim: claim.into(), how: how.into(), expected, observed, holds }
    }
}

/// The evidence that a step's work is in effect, gathered by other means than `check` used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// Never empty for a step that is to be believed; the orchestrator refuses a report without any.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// What the operator must know although the evidence holds: "this container is NOT confined".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl VerifyReport {
    /// Adds evidence.
    #[must_use]
    pub fn with(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// Adds what the operator must know.
    #[must_use]
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// Whether there is evidence and all of it holds.
    pub fn holds(&self) -> bool {
        !self.evidence.is_empty() && self.evidence.iter().all(|evidence| evidence.holds)
    }
}
