//! What the engine needs somebody to remember for it from one run to the next. The journal does.

use super::Effect;
use crate::{effect::Vault, error::Result, graph::Unit};

/// Remembers across runs, and across the death of a process.
pub trait Memory: Vault {
    /// Whether a unit owes its verification: it, or what it stands on, was changed and not verified since.
    /// A run that finds nothing to change in it must not call that fine.
    ///
    /// # Errors
    /// When nobody can say.
    fn owes(&self, unit: &Unit) -> Result<bool>;

    /// Notes down that these units owe their verification, from this run on if they do not owe it already;
    /// durable when it returns.
    ///
    /// # Errors
    /// When it cannot be noted; the change that they owe it for must not be made then.
    fn owe(&self, units: &[&Unit], run: &str) -> Result<()>;

    /// A unit has given its evidence, or what it was to prove has been taken back.
    ///
    /// # Errors
    /// When it cannot be noted.
    fn settle(&self, unit: &Unit) -> Result<()>;

    /// What earlier runs than this one have done in a unit since it was last verified.
    ///
    /// # Errors
    /// When nobody can say.
    fn unverified(&self, unit: &Unit, run: &str) -> Result<Vec<Effect>>;

    /// The units on a target that were last changed by another run that was cut off, in no particular order.
    ///
    /// # Errors
    /// When nobody can say.
    fn cut_off(&self, target: &str, run: &str) -> Result<Vec<Unit>>;

    /// The runs, and the targets of each, on which they have effects that no rollback has taken back.
    ///
    /// # Errors
    /// When nobody can say.
    fn in_force(&self) -> Result<Vec<(String, String)>>;

    /// How long the container's last restart by a run took, in milliseconds; nothing if there was none.
    ///
    /// # Errors
    /// When nobody can say.
    fn last_restart(&self, target: &str) -> Result<Option<u64>>;

    /// What other runs have begun on a target and not ended. Whoever holds the target's lock knows that
    /// they never will.
    ///
    /// # Errors
    /// When nobody can say.
    fn in_doubt(&self, target: &str, run: &str) -> Result<Vec<Effect>>;
}
