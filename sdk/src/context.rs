//! What a step is given for its work on one target.

use crate::{
    Change, Machine, Result,
    wire::{Answer, AppArmorPolicy, Input, MachineId, Request, Target},
};

/// The orchestrator as plain Rust: the same one call as [`crate::boundary::Host`]. The adapter behind
/// [`crate::export_step!`] implements it over the boundary, `FakeHost` in memory.
pub trait HostCalls: Sync {
    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// Whatever the orchestrator refuses or fails at.
    fn call(&self, request: Request) -> Result<Answer>;
}

/// The unit's target, the operator's policy, and the way to the orchestrator.
pub struct Context<'a> {
    host: &'a dyn HostCalls,
    input: &'a Input,
}

impl<'a> Context<'a> {
    /// For the adapter and for tests.
    pub fn new(host: &'a dyn HostCalls, input: &'a Input) -> Self {
        Self { host, input }
    }

    /// The host or the container that this unit is about.
    pub fn target(&self) -> &Target {
        &self.input.target
    }

    /// Whether this unit is about the host.
    pub fn on_host(&self) -> bool {
        self.input.target.machine == MachineId::Host
    }

    /// The unit's own machine: the only one that its changes go to.
    pub fn machine(&self) -> Machine<'a> {
        Machine::new(self.host, self.input.target.machine)
    }

    /// The host, to look at.
    pub fn host(&self) -> Machine<'a> {
        Machine::new(self.host, MachineId::Host)
    }

    /// Whether the operator insists on AppArmor.
    pub fn apparmor(&self) -> AppArmorPolicy {
        self.input.apparmor
    }

    /// Whether `plugins.toml` has parameters for this very target. A step whose parameters are about
    /// something that all targets share has to refuse them.
    pub fn has_own_params(&self) -> bool {
        self.input.own_params
    }

    /// Performs a change that this round's `check` reported.
    ///
    /// # Errors
    /// Why it could not be performed; or that it was not announced.
    pub fn perform(&self, change: &Change) -> Result<()> {
        self.host.call(Request::Perform { change: change.clone() }).map(drop)
    }

    /// Tells the operator what is going on, in one line.
    ///
    /// # Errors
    /// When the orchestrator is gone.
    pub fn progress(&self, message: impl Into<String>) -> Result<()> {
        self.host.call(Request::Progress { message: message.into() }).map(drop)
    }
}
