//! An orchestrator in memory: answers requests from a [`World`] and performs changes on it.

mod observe;
mod perform;
mod undo;

use std::sync::Mutex;

use self::{
    observe::{observe, probe},
    perform::perform,
};
use crate::{
    Bytes, Change, Context, FileState, HostCalls, Kind, Meta, Observed, Result, StepError, Subject,
    scope::is_private,
    testing::lock,
    wire::{Answer, FORM, Input, MachineId, Request},
    world::{Trigger, World},
};

pub(super) use self::undo::undo;

/// A fake host. It refuses what the orchestrator would refuse: probes that the step's metadata does not
/// declare, and changes outside `apply` or beyond the report.
///
/// The laws use it for you (see [`crate::testing::laws`]). It is here for tests of a single claim: what a
/// helper makes of a file, which evidence fails when something is missing.
///
/// ```
/// use phoenix_sdk::{testing::FakeHost, *};
///
/// const META: Meta = Meta::new("banner", "0.1.0", Scope::Container, "a banner");
///
/// let world = World::container("drifted").on_target(|machine| machine.file("/etc/issue", "old\n"));
/// let host = FakeHost::new(world, META);
/// let input = host.input()?;
///
/// // As in `check`: nothing may be changed, so no change is allowed.
/// let report = host.with(&input, &[], |cx| {
///     Wanted::on(cx.machine()).file("/etc/issue", "ours\n").into_report()
/// })?;
/// assert_eq!(report.changes.len(), 1);
///
/// // As in `apply`: what the report announced is performed, on the world in memory.
/// host.with(&input, &report.changes, |cx| cx.perform(&report.changes[0]))?;
/// let after = &host.world().container.files["/etc/issue"];
/// assert_eq!(after.content().map(Bytes::to_text).as_deref(), Some("ours\n"));
/// # Ok::<(), StepError>(())
/// ```
pub struct FakeHost {
    world: Mutex<World>,
    meta: Meta,
    allowed: Mutex<Vec<Change>>,
    /// What was performed in this call, with the world before it.
    performed: Mutex<Vec<(World, Change)>>,
    recorded: Mutex<Vec<(String, Bytes)>>,
}

impl FakeHost {
    /// A host with this world, for a step with this metadata.
    pub fn new(world: World, meta: Meta) -> Self {
        Self {
            world: Mutex::new(world),
            meta,
            allowed: Mutex::new(Vec::new()),
            performed: Mutex::new(Vec::new()),
            recorded: Mutex::new(Vec::new()),
        }
    }

    /// The documents that the step had kept.
    pub fn recorded(&self) -> Vec<(String, Bytes)> {
        lock(&self.recorded).clone()
    }

    /// The world as it is now.
    pub fn world(&self) -> World {
        lock(&self.world).clone()
    }

    /// The input document for this world.
    ///
    /// # Errors
    /// When the world's parameters are not JSON.
    pub fn input(&self) -> Result<Input> {
        let world = self.world();
        let params = if world.params.is_empty() {
            serde_json::Value::Null
        } else {
            serde_json::from_str(&world.params).map_err(|error| {
                StepError::new("PARAMS-INVALID", "the world's parameters are not JSON")
                    .cause(error.to_string())
                    .hint("Correct `World::params`.")
            })?
        };
        Ok(Input {
            form: FORM,
            target: world.target,
            apparmor: world.apparmor,
            params,
            own_params: world.own_params,
            report: None,
            looks: Vec::new(),
        })
    }

    /// Lets a step work with a context: changes are performed only if they are among `allowed`.
    ///
    /// # Errors
    /// Those of the work.
    pub fn with<T>(
        &self,
        input: &Input,
        allowed: &[Change],
        work: impl FnOnce(&Context<'_>) -> Result<T>,
    ) -> Result<T> {
        *lock(&self.allowed) = allowed.to_vec();
        lock(&self.performed).clear();
        let outcome = work(&Context::new(self, input));
        lock(&self.allowed).clear();
        outcome
    }

    /// Nothing is announced but in `apply`.
    fn in_apply(&self, what: &str) -> Result<()> {
        if !lock(&self.allowed).is_empty() {
            return Ok(());
        }
        let message = format!("the step tried to {what} outside `apply`");
        Err(StepError::new("CHANGE-NOT-ANNOUNCED", message)
            .hint("Do it in `apply`, with what this round's `check` announced."))
    }

    /// What not everybody may see of the host is not shown to a step for containers.
    fn public(&self, machine: MachineId, subject: &Subject, seen: &Observed) -> Result<()> {
        match (subject, seen) {
            (Subject::File { path }, Observed::File(state @ FileState::Regular { .. }))
                if self.meta.sees_what_is_public(machine) && is_private(state) =>
            {
                Err(self.meta.private(path))
            }
            _ => Ok(()),
        }
    }
}

impl HostCalls for FakeHost {
    fn call(&self, request: Request) -> Result<Answer> {
        match request {
            Request::Observe { machine, subjects } => {
                let world = self.world();
                let look = |subject: &Subject| {
                    if let Subject::Command { argv } = subject {
                        self.meta.permitted(machine, argv)?;
                    }
                    let seen = observe(&world, machine, subject)?;
                    self.public(machine, subject, &seen)?;
                    Ok(seen)
                };
                let seen = subjects.iter().map(look).collect();
                Ok(Answer::Observed { seen })
            }
            Request::Probe { machine, argv } => {
                self.meta.permitted(machine, &argv)?;
                Ok(Answer::Ran { output: probe(&self.world(), machine, &argv) })
            }
            Request::Perform { change } => {
                if !lock(&self.allowed).contains(&change) {
                    return Err(StepError::new(
                        "CHANGE-NOT-ANNOUNCED",
                        format!("the step tried to {} without announcing it", change.kind),
                    )
                    .hint("Perform only changes that this round's `check` put into its report."));
                }
                self.meta.allows(&change)?;
                let before = self.world();
                perform(&mut lock(&self.world), &change)?;
                lock(&self.performed).push((before, change));
                Ok(Answer::Done)
            }
            Request::TakeBack => {
                self.in_apply("take something back")?;
                let mut performed = lock(&self.performed);
                while let Some((before, change)) = performed.pop() {
                    let mut world = lock(&self.world);
                    *world = undo(&before, &world, std::slice::from_ref(&change));
                    if let Kind::RestartService { name, .. } = change.kind {
                        world.react(&[Trigger::Start(name)].into());
                    }
                }
                Ok(Answer::Done)
            }
            Request::Record { name, content } => {
                self.in_apply("record a document")?;
                lock(&self.recorded).push((name, content));
                Ok(Answer::Done)
            }
            Request::Progress { .. } => Ok(Answer::Done),
        }
    }
}
