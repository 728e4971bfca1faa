//! What a step talks to: answers its requests for one unit, and refuses what the phase forbids.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    time::Duration,
};

use phoenix_sdk::{
    Change, HostCalls, Meta, Probe, StepError, Subject,
    wire::{Answer, MachineId, Request},
};

use super::{
    Job, Target,
    doer::{Doer, step},
    event::Body,
    recorder::Recorder,
};
use crate::{
    effect::{self, Hands},
    error::{Error, ErrorKind, Result},
    graph::Unit,
    transport::{Exec, Reader},
};

/// What a step may do now.
#[derive(Clone, Copy)]
pub(super) enum Phase<'a> {
    /// `check` and `verify`: look, and run declared probes.
    Look,
    /// `apply`: besides, perform with these hands what this round's check announced.
    Apply(Hands<'a>, &'a [Change]),
}

/// The orchestrator as one unit sees it in one call.
pub(super) struct UnitHost<'a, 'r> {
    pub(super) job: &'a Job<'a>,
    pub(super) unit: &'a Unit,
    pub(super) meta: &'a Meta,
    pub(super) target: Target<'a>,
    pub(super) phase: Phase<'a>,
    pub(super) recorder: &'a Recorder<'r>,
    /// How many changes were performed in this call.
    pub(super) performed: Mutex<usize>,
    /// The first failure of ours, with its kind, which does not cross the boundary.
    pub(super) failure: Mutex<Option<Error>>,
}

impl HostCalls for UnitHost<'_, '_> {
    fn call(&self, request: Request) -> Result<Answer, StepError> {
        // The step waits for an answer, even if it is that we panicked.
        let outcome = catch_unwind(AssertUnwindSafe(|| self.answer(request)));
        outcome.unwrap_or_else(|_| Err(Error::panic())).map_err(|error| self.remember(error))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl<'r> UnitHost<'_, 'r> {
    fn answer(&self, request: Request) -> Result<Answer> {
        match request {
            Request::Observe { machine, subjects } => {
                for subject in &subjects {
                    if let Subject::Command { argv } = subject {
                        self.declared(argv)?;
                    }
                }
                let seen =
                    effect::observe_all(self.target.eyes(), self.machine(machine)?, &subjects)?;
                let seen = seen
                    .into_iter()
                    .map(|seen| seen.map_err(|error| self.remember(error)))
                    .collect();
                Ok(Answer::Observed { seen })
            }
            Request::Probe { machine, argv } => self.probe(machine, argv),
            Request::Perform { change } => self.perform(&change).map(|()| Answer::Done),
            Request::TakeBack => self.take_back().map(|()| Answer::Done),
            Request::Record { name, content } => {
                self.record(name, &content.0).map(|()| Answer::Done)
            }
            Request::Progress { message } => {
                self.say(message)?;
                Ok(Answer::Done)
            }
        }
    }

    /// A failed look that a step passes on keeps its kind, and with it its exit code.
    fn remember(&self, error: Error) -> StepError {
        lock(&self.failure).get_or_insert_with(|| error.clone());
        error.into_step()
    }

    fn machine(&self, id: MachineId) -> Result<&dyn Reader> {
        match id {
            MachineId::Host => Ok(self.target.host),
            MachineId::Container if self.target.container.is_some() => Ok(self.target.own),
            MachineId::Container => Err(Error::new(
                ErrorKind::Step,
                "SUBJECT-NEEDS-CONTAINER",
                "a container was asked for in a unit of the host",
            )
            .hint("Ask for it only in a unit of a container; `Context::on_host` tells.")),
        }
    }

    fn probe(&self, machine: MachineId, argv: Vec<String>) -> Result<Answer> {
        let limit = Duration::from_secs(self.declared(&argv)?.time_limit_s.into());
        let output = self.machine(machine)?.probe(&Exec::new(argv).within(limit))?;
        Ok(Answer::Ran { output })
    }

    fn declared(&self, argv: &[String]) -> Result<&Probe> {
        self.meta.declared(argv).map_err(step)
    }

    fn perform(&self, change: &Change) -> Result<()> {
        let hands = match self.phase {
            Phase::Apply(hands, announced) if announced.contains(change) => hands,
            _ => {
                return Err(Error::new(
                    ErrorKind::Step,
                    "CHANGE-NOT-ANNOUNCED",
                    format!("the step tried to {} without announcing it", change.kind),
                )
                .hint("Perform only changes that this round's `check` put into its report."));
            }
        };
        self.recorder.checkpoint()?;
        let first = *lock(&self.performed) == 0;
        let owing: Vec<&Unit> = match first {
            true => self.job.graph.dependants(self.unit).into_iter().chain([self.unit]).collect(),
            false => Vec::new(),
        };
        if self.doer(hands).change(change, &owing)? {
            *lock(&self.performed) += 1;
        }
        Ok(())
    }

    fn take_back(&self) -> Result<()> {
        match self.phase {
            Phase::Apply(hands, _) => self.doer(hands).take_back().map(drop),
            Phase::Look => Err(Error::new(
                ErrorKind::Step,
                "CHANGE-NOT-ANNOUNCED",
                "the step tried to take something back outside `apply`",
            )
            .hint("Take back only in `apply`, what it has just performed.")),
        }
    }

    fn record(&self, name: String, content: &[u8]) -> Result<()> {
        let content = self.job.memory.keep(content)?;
        self.recorder.emit(Body::Recorded { unit: self.unit.clone(), name, content })
    }

    fn doer<'s>(&'s self, hands: Hands<'s>) -> Doer<'s, 'r> {
        Doer {
            fleet: self.job.fleet,
            memory: self.job.memory,
            recorder: self.recorder,
            unit: self.unit,
            hands,
        }
    }

    fn say(&self, message: String) -> Result<()> {
        self.recorder.emit(Body::Output { unit: self.unit.clone(), line: message })
    }
}
