//! What a step talks to: answers its requests for one unit, and refuses what the phase forbids.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
    time::Duration,
};

use phoenix_sdk::{
    Change, HostCalls, Meta, Observed, Probe, StepError, Subject,
    wire::{Answer, Look, MachineId, Request},
};

use super::{
    Job, Target,
    doer::{Doer, step},
    event::Body,
    foresight::{self, Place, is_small},
    mediate,
    recorder::Recorder,
};
use crate::{
    effect::{self, Hands},
    error::{Error, ErrorKind, Result},
    graph::Unit,
    transport::{Exec, Reader},
};

/// The longest time that a probe may take, whatever it declares.
const LONGEST_PROBE: Duration = Duration::from_secs(600);
/// What a step may record in one call, in bytes.
const MOST_RECORDED: usize = 64 << 20;
/// How much of a step's message is shown, in characters.
const LONGEST_MESSAGE: usize = 1000;

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
    /// How much was recorded in this call, in bytes.
    pub(super) recorded: Mutex<usize>,
    /// The first failure of ours, with its kind, which does not cross the boundary.
    pub(super) failure: Mutex<Option<Error>>,
    /// What the step has asked to look at in this call.
    pub(super) asked: Mutex<Vec<Place>>,
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
            Request::Observe { machine, subjects } => self.observe(machine, &subjects),
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

    /// Looks at what the step will most likely ask for, by the same rules and in one round trip into each
    /// machine. What it may not see, what cannot be looked at, and what is large, it has to ask for itself.
    pub(super) fn foresee(&self, places: &[Place]) -> Vec<Look> {
        let mut looks = Vec::with_capacity(places.len());
        for machine in [MachineId::Container, MachineId::Host] {
            let there = places.iter().filter(|(at, _)| *at == machine);
            let subjects: Vec<Subject> = there.map(|(_, subject)| subject.clone()).collect();
            if subjects.is_empty() {
                continue;
            }
            // A machine that cannot be reached is the answer to whatever the step asks first.
            let Ok(seen) = self.look(machine, &subjects) else { continue };
            let seen = subjects.into_iter().zip(seen).filter_map(|(subject, seen)| {
                let seen = seen.ok().filter(is_small)?;
                Some(Look { machine, subject, seen })
            });
            looks.extend(seen);
        }
        looks
    }

    /// What the step has asked to look at since this was called last.
    pub(super) fn asked(&self) -> Vec<Place> {
        std::mem::take(&mut *lock(&self.asked))
    }

    fn observe(&self, machine: MachineId, subjects: &[Subject]) -> Result<Answer> {
        {
            // What is more than can be looked at beforehand is nothing to learn from.
            let mut asked = lock(&self.asked);
            let room = (2 * foresight::MOST).saturating_sub(asked.len());
            asked.extend(subjects.iter().take(room).map(|subject| (machine, subject.clone())));
        }
        let seen = self.look(machine, subjects)?.into_iter();
        let seen = seen.map(|seen| seen.map_err(|error| self.remember(error))).collect();
        Ok(Answer::Observed { seen })
    }

    /// Looks, and shows what the step may see.
    fn look(&self, machine: MachineId, subjects: &[Subject]) -> Result<Vec<Result<Observed>>> {
        for subject in subjects {
            if let Subject::Command { argv } = subject {
                self.declared(machine, argv)?;
            }
        }
        // Looked at in the same round trip.
        let around: Vec<Vec<Subject>> = subjects
            .iter()
            .map(|subject| mediate::surroundings(self.meta, machine, subject))
            .collect();
        let all: Vec<Subject> = subjects.iter().chain(around.iter().flatten()).cloned().collect();
        let eyes = self.target.eyes();
        let mut seen = effect::observe_all(eyes, self.machine(machine)?, &all)?;
        let mut seen_around = seen.split_off(subjects.len()).into_iter();
        Ok(subjects
            .iter()
            .zip(seen)
            .zip(&around)
            .map(|((subject, seen), around)| {
                let around: Vec<_> = seen_around.by_ref().take(around.len()).collect();
                mediate::visible(self.meta, machine, subject, &seen, &around).and(seen)
            })
            .collect())
    }

    fn probe(&self, machine: MachineId, argv: Vec<String>) -> Result<Answer> {
        let declared = self.declared(machine, &argv)?.time_limit_s;
        let limit = Duration::from_secs(declared.into()).min(LONGEST_PROBE);
        let docker = self.target.docker.filter(|_| machine == MachineId::Container);
        let exec = Exec::new(argv).within(limit);
        let output = effect::probe(self.machine(machine)?, &exec, docker)?;
        Ok(Answer::Ran { output })
    }

    fn declared(&self, machine: MachineId, argv: &[String]) -> Result<&Probe> {
        self.meta.permitted(machine, argv).map_err(step)
    }

    /// What this round's check announced, in `apply`.
    fn announced(&self) -> Option<&[Change]> {
        match self.phase {
            Phase::Look => None,
            Phase::Apply(_, announced) => Some(announced),
        }
    }

    fn hands(&self, what: &str) -> Result<Hands<'_>> {
        match self.phase {
            Phase::Apply(hands, _) => Ok(hands),
            Phase::Look => Err(mediate::outside_apply(self.meta, what)),
        }
    }

    fn perform(&self, change: &Change) -> Result<()> {
        mediate::perform(self.meta, self.announced(), change)?;
        let hands = self.hands("perform")?;
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
        self.doer(self.hands("take something back")?).take_back().map(drop)
    }

    fn record(&self, name: String, content: &[u8]) -> Result<()> {
        self.hands("record a document")?;
        let mut recorded = lock(&self.recorded);
        *recorded += content.len();
        if *recorded > MOST_RECORDED {
            let message = format!("step `{}` recorded too much", self.meta.name);
            return Err(Error::new(ErrorKind::Step, "STEP-TOO-LARGE", message)
                .cause(format!("more than {} MiB in one call", MOST_RECORDED >> 20))
                .hint("Record what an operator may need later, and nothing else."));
        }
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
        let message = message.chars().take(LONGEST_MESSAGE).collect();
        self.recorder.emit(Body::Output { unit: self.unit.clone(), line: message })
    }
}

#[cfg(test)]
mod tests;
