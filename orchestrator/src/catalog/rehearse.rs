//! The laws of steps, tried with a loaded library on the fake host, for `plugins check`.

use abi_stable::std_types::{RErr, ROk, RResult};
use phoenix_sdk::{
    Change, CheckReport, HostCalls, Meta, StepError, VerifyReport,
    boundary::{Doc, Host},
    testing::{FakeHost, laws},
    wire::Input,
};

use super::LoadedStep;
use crate::error::{Error, ErrorKind, Result};

/// Tries all laws in the worlds that the step brings.
///
/// # Errors
/// `LAW-BROKEN` with the first law that does not hold.
pub fn laws_hold(step: &LoadedStep) -> Result<usize> {
    let worlds = step.meta.rehearsals.clone();
    let count = worlds.len();
    laws::hold_in(&Rehearsed(step), worlds).map(|()| count).map_err(|broken| {
        Error::new(
            ErrorKind::Plugin,
            "LAW-BROKEN",
            format!("step `{}` breaks a law: {}", step.meta.meta.name, broken.law),
        )
        .cause(format!("in the world `{}`", broken.world))
        .cause(crate::transport::printable(&broken.seen.chars().take(2000).collect::<String>()))
        .hint("docs/writing-a-step.md lists the laws.")
    })
}

struct Rehearsed<'a>(&'a LoadedStep);

impl laws::Rehearsed for Rehearsed<'_> {
    fn meta(&self) -> Meta {
        self.0.meta.meta.clone()
    }

    fn check(&self, host: &FakeHost, input: &Input) -> Result<CheckReport, StepError> {
        lend(host, input, &[], |host| self.0.check(host, input))
    }

    fn apply(&self, host: &FakeHost, input: &Input, report: &CheckReport) -> Result<(), StepError> {
        let with_report = Input { report: Some(report.clone()), ..input.clone() };
        lend(host, input, &report.changes, |host| self.0.apply(host, &with_report))
    }

    fn verify(&self, host: &FakeHost, input: &Input) -> Result<VerifyReport, StepError> {
        lend(host, input, &[], |host| self.0.verify(host, input))
    }
}

/// The fake host over the boundary.
struct OverBoundary<'a> {
    host: &'a FakeHost,
}

impl Host for OverBoundary<'_> {
    fn call(&self, request: Doc) -> RResult<Doc, Doc> {
        let answer = match request.read() {
            Ok(request) => self.host.call(request),
            Err(error) => {
                Err(StepError::new("SDK-DOCUMENT", error.to_string()).hint("Rebuild it."))
            }
        };
        match answer {
            Ok(answer) => ROk(Doc::write(&answer)),
            Err(error) => RErr(Doc::write(&error)),
        }
    }
}

fn lend<T>(
    host: &FakeHost,
    input: &Input,
    allowed: &[Change],
    work: impl FnOnce(&OverBoundary<'_>) -> Result<T>,
) -> Result<T, StepError> {
    host.with(input, allowed, |_| work(&OverBoundary { host }).map_err(Error::into_step))
}
