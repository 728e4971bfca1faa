//! Whether a step understands its parameters, asked without any machine: its `check` is called on a host that answers
//! nothing. What a step says before it has asked for anything can only be about what it was given; what it would say
//! later is not known here.

use std::sync::atomic::{AtomicBool, Ordering};

use phoenix_sdk::{
    HostCalls, Scope, StepError,
    wire::{Answer, AppArmorPolicy, FORM, Input, MachineId, Manager, Request, Target},
};
use serde_json::Value as Json;

use super::LoadedStep;
use crate::error::{Error, ErrorKind, Result};

/// What a container is called that stands for all of them.
const ANY: &str = "container";

/// Asks a step about the parameters for this target, or for all containers, or for the host where it works on that alone.
///
/// # Errors
/// What the step says of them, or how its process died of them.
pub fn understood(
    step: &LoadedStep,
    target: Option<&str>,
    apparmor: AppArmorPolicy,
    params: Json,
) -> Result<()> {
    let of_host = target == Some("host") || (target.is_none() && step.meta.scope == Scope::Host);
    let (name, machine) = match of_host {
        true => ("host", MachineId::Host),
        false => (target.unwrap_or(ANY), MachineId::Container),
    };
    let input = Input {
        form: FORM,
        target: Target { name: name.to_owned(), machine, manager: Manager::default() },
        apparmor,
        params,
        own_params: target.is_some(),
        report: None,
        looks: Vec::new(),
    };
    let host = Silent::default();
    match step.seat().check(&host, &input) {
        Err(error) if !host.asked.load(Ordering::Relaxed) => {
            Err(Error { kind: ErrorKind::Config, ..error })
        }
        _ => Ok(()),
    }
}

/// A host that answers nothing, and remembers whether it was asked.
#[derive(Default)]
struct Silent {
    asked: AtomicBool,
}

impl HostCalls for Silent {
    fn call(&self, request: Request) -> Result<Answer, StepError> {
        if matches!(request, Request::Progress { .. }) {
            return Ok(Answer::Done);
        }
        self.asked.store(true, Ordering::Relaxed);
        Err(StepError::new("SUBJECT-NEEDS-CONTAINER", "there is no machine here")
            .hint("Only the parameters are looked at."))
    }
}
