//! The laws of steps, tried with a loaded library on the fake host, for `plugins check`.

use phoenix_sdk::{
    Change, CheckReport, Meta, StepError, VerifyReport,
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
    let worlds = step.rehearsals()?;
    let count = worlds.len();
    laws::hold_in(&Rehearsed(step), worlds).map(|()| count).map_err(|broken| {
        Error::new(
            ErrorKind::Plugin,
            "LAW-BROKEN",
            format!("step `{}` breaks a law: {}", step.meta.name, broken.law),
        )
        .cause(format!("in the world `{}`", broken.world))
        .cause(crate::transport::printable(&broken.seen.chars().take(2000).collect::<String>()))
        .hint("docs/writing-a-step.md lists the laws.")
    })
}

struct Rehearsed<'a>(&'a LoadedStep);

impl laws::Rehearsed for Rehearsed<'_> {
    fn meta(&self) -> Meta {
        self.0.meta.clone()
    }

    fn check(&self, host: &FakeHost, input: &Input) -> Result<CheckReport, StepError> {
        lend(host, input, &[], || Ok(self.0.seat().check(host, input)?.into_parts().0))
    }

    fn apply(&self, host: &FakeHost, input: &Input, report: &CheckReport) -> Result<(), StepError> {
        let with_report = Input { report: Some(report.clone()), ..input.clone() };
        lend(host, input, &report.changes, || self.0.seat().apply(host, &with_report).map(drop))
    }

    fn verify(&self, host: &FakeHost, input: &Input) -> Result<VerifyReport, StepError> {
        lend(host, input, &[], || self.0.seat().verify(host, input))
    }
}

fn lend<T>(
    host: &FakeHost,
    input: &Input,
    allowed: &[Change],
    work: impl FnOnce() -> Result<T>,
) -> Result<T, StepError> {
    host.with(input, allowed, |_| work().map_err(Error::into_step))
}
