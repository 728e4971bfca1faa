//! What a step is given for its work on one target.

use crate::{
    Bytes, Change, Machine, Manager, Result,
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
///
/// A step of the scope [`crate::Scope::HostAndContainers`] asks it where it is:
///
/// ```
/// # use phoenix_sdk::{testing::FakeHost, *};
/// fn check(cx: &Context<'_>) -> Result<CheckReport> {
///     let wanted = Wanted::on(cx.machine());
///     if cx.on_host() {
///         wanted.kernel_module("fuse").into_report()
///     } else {
///         wanted.packages(["fuse-overlayfs"]).into_report()
///     }
/// }
/// # let meta = || Meta::new("fuse", "0.1.0", Scope::HostAndContainers, "fuse");
/// # for (world, change) in [
/// #     (World::host("host"), "load module `fuse`, now and at boot"),
/// #     (World::container("container"), "install `fuse-overlayfs`"),
/// # ] {
/// #     let host = FakeHost::new(world, meta());
/// #     let report = host.with(&host.input()?, &[], check)?;
/// #     assert_eq!(report.changes[0].kind.to_string(), change);
/// # }
/// # Ok::<(), StepError>(())
/// ```
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

    /// What manages the containers of this host. A step that sets options of a container asks, for Proxmox
    /// has options of its own.
    pub fn manager(&self) -> Manager {
        self.input.target.manager
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

    /// Performs a change that this round's `check` reported. The default of [`crate::Step::apply`] does so
    /// with each; a step writes an `apply` of its own if there is something to do in between.
    ///
    /// # Errors
    /// Why it could not be performed; or that it was not announced.
    pub fn perform(&self, change: &Change) -> Result<()> {
        self.host.call(Request::Perform { change: change.clone() }).map(drop)
    }

    /// Takes back what this unit has performed in this run, newest first: files get their contents, modes
    /// and owners back, services are restarted with them. For an `apply` that finds that its changes do not
    /// work. The change of a service or a restart after which something that ran before does not run any
    /// more is taken back without being asked.
    ///
    /// # Errors
    /// Why it could not be taken back; the report says what is left.
    pub fn take_back(&self) -> Result<()> {
        self.host.call(Request::TakeBack).map(drop)
    }

    /// Keeps a document with the run in the journal: what an operator may need later and nothing else
    /// remembers.
    ///
    /// # Errors
    /// When it cannot be kept. What depends on it must not be done then.
    pub fn record(&self, name: impl Into<String>, content: impl Into<Bytes>) -> Result<()> {
        self.host.call(Request::Record { name: name.into(), content: content.into() }).map(drop)
    }

    /// Tells the operator what is going on, in one line.
    ///
    /// # Errors
    /// When the orchestrator is gone.
    pub fn progress(&self, message: impl Into<String>) -> Result<()> {
        self.host.call(Request::Progress { message: message.into() }).map(drop)
    }
}
