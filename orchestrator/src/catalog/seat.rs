//! Where the calls of one unit go: to the step's process, which serves all units; and if that dies under
//! several calls, to a process of their own, where it is certain whose fault it is.

use std::sync::{Mutex, PoisonError};

use phoenix_sdk::{
    HostCalls, StepError, VerifyReport,
    boundary::Doc,
    wire::{Checked, Input},
};
use serde::de::DeserializeOwned;

use super::{
    LoadedStep,
    host::{End, StepProcess, frame::Kind},
};
use crate::error::{Error, ErrorKind, Result};

/// How often a process may be gone before a call has begun.
const PATIENCE: usize = 5;

/// The author's three verbs for one unit.
pub struct Seat<'a> {
    step: &'a LoadedStep,
    own: Mutex<Option<StepProcess>>,
}

/// How far an `apply` came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// To its end.
    Whole,
    /// The process died like this, and perhaps through the call of another unit. What was asked for until
    /// then was done; another `check` tells what is left.
    CutOff(Error),
}

/// How a call in the shared process ended.
enum Ended {
    /// By itself.
    By(End),
    /// With the process, in company.
    Along(Error),
}

impl<'a> Seat<'a> {
    pub(super) fn new(step: &'a LoadedStep) -> Self {
        Self { step, own: Mutex::new(None) }
    }

    /// As the step's own `check`.
    ///
    /// # Errors
    /// The step's, or how its process died.
    pub fn check(&self, host: &dyn HostCalls, input: &Input) -> Result<Checked> {
        self.looked(Kind::Check, host, input)
    }

    /// As the step's own `verify`.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn verify(&self, host: &dyn HostCalls, input: &Input) -> Result<VerifyReport> {
        self.looked(Kind::Verify, host, input)
    }

    /// As the step's own `apply`.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn apply(&self, host: &dyn HostCalls, input: &Input) -> Result<Applied> {
        match self.call(Kind::Apply, host, input)? {
            Ended::By(end) => answer::<()>(end).map(|()| Applied::Whole),
            Ended::Along(error) => Ok(Applied::CutOff(error)),
        }
    }

    /// Looking can be done again.
    fn looked<T: DeserializeOwned>(
        &self,
        verb: Kind,
        host: &dyn HostCalls,
        input: &Input,
    ) -> Result<T> {
        let ended = match self.call(verb, host, input)? {
            // The next one is alone, and whoever dies alone is an error.
            Ended::Along(error) => {
                tracing::warn!(%error, "a step's process died under several units; looking again");
                self.call(verb, host, input)?
            }
            ended @ Ended::By(_) => ended,
        };
        match ended {
            Ended::By(end) => answer(end),
            Ended::Along(error) => Err(error),
        }
    }

    /// How the call ended. After a death in company the next one is alone.
    fn call(&self, verb: Kind, host: &dyn HostCalls, input: &Input) -> Result<Ended> {
        let input = Doc::write(input);
        let whose = format!("step `{}`", self.step.meta.name);
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = &*own {
            return match process.call(verb, &whose, &input, host) {
                end @ (End::Reply(_) | End::ReplyError(_)) => Ok(Ended::By(end)),
                End::Died { error, .. } => Err(error),
                End::Gone => Err(gone(&whose)),
            };
        }
        for _ in 0..PATIENCE {
            match self.step.process()?.call(verb, &whose, &input, host) {
                // Another unit's call has ended it meanwhile.
                End::Gone => {}
                End::Died { company: true, error } => {
                    *own = Some(self.step.start()?);
                    return Ok(Ended::Along(error));
                }
                End::Died { error, company: false } => return Err(error),
                end => return Ok(Ended::By(end)),
            }
        }
        Err(gone(&whose))
    }
}

fn gone(whose: &str) -> Error {
    Error::new(ErrorKind::Step, "STEP-DIED", format!("the process of {whose} died again and again"))
        .hint("This is a defect of the step; the units that failed say how it died.")
}

fn answer<T: DeserializeOwned>(end: End) -> Result<T> {
    let unreadable = |error: serde_json::Error| {
        Error::new(ErrorKind::Plugin, "SDK-DOCUMENT", "the step's answer cannot be read")
            .cause(error)
            .hint("Step and orchestrator do not understand each other; rebuild the step.")
    };
    match end {
        End::Reply(document) => document.read().map_err(unreadable),
        End::ReplyError(document) => match document.read::<StepError>() {
            // The SDK reads the parameters on the step's behalf; what is wrong with them is in plugins.toml.
            Ok(error) if error.code == "PARAMS-INVALID" => {
                Err(Error::from_step(ErrorKind::Config, error))
            }
            Ok(error) => Err(Error::from_step(ErrorKind::Step, error)),
            Err(error) => Err(unreadable(error)),
        },
        End::Died { error, .. } => Err(error),
        End::Gone => Err(gone("the step")),
    }
}
