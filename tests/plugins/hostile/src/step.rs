//! A well-behaved step that keeps one file, and tries something at the moment that it was asked for.

use std::sync::{Mutex, PoisonError};

use phoenix_sdk::{
    Change, CheckReport, Code, Context, Evidence, Probe, Result, StepError, VerifyReport, Wanted,
    argv,
};

use crate::{Attempt, Moment, asked};

/// The file that is kept, in the container.
const PATH: &str = "/etc/phoenix-hostile";
const CONTENT: &str = "kept\n";

const READ: Probe = Probe::new("read", argv!["cat", "/etc/phoenix-hostile"], "Reads the file");

/// The commands it looks with.
pub const PROBES: &[Probe] = &[READ];

/// Its errors.
pub const CODES: &[Code] = &[
    Code::new("HOSTILE-HELD", "Something forbidden was tried and refused.", "Be glad."),
    Code::new("HOSTILE-SUCCEEDED", "Something forbidden was done.", "Mend phoenix-orch."),
];

/// What came of an attempt before there was anybody to tell.
static EARLIER: Mutex<Option<StepError>> = Mutex::new(None);

fn early(attempts: &[(&str, Attempt)], now: Moment) {
    if let Some((name, Attempt::Alone(attempt))) = asked(attempts, now) {
        let error = attempt().error(&name);
        EARLIER.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// The library is being loaded.
pub fn at_load(attempts: &[(&str, Attempt)]) {
    early(attempts, Moment::Load);
}

/// The step is made. A panic is the only error that there is.
pub fn at_new(attempts: &[(&str, Attempt)]) {
    early(attempts, Moment::New);
    tell();
}

/// The step says what it is.
pub fn at_meta(attempts: &[(&str, Attempt)]) {
    early(attempts, Moment::Meta);
    tell();
}

fn tell() {
    let earlier = EARLIER.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(error) = earlier {
        panic!("{error}");
    }
}

/// The attempt, if it is time for it, ends the call.
fn attempt(
    attempts: &[(&str, Attempt)],
    now: Moment,
    cx: &Context<'_>,
    changes: &[Change],
) -> Result<()> {
    match asked(attempts, now) {
        Some((name, Attempt::Alone(attempt))) => Err(attempt().error(&name)),
        Some((name, Attempt::Asking(attempt))) => Err(attempt(cx, changes)?.error(&name)),
        Some((_, Attempt::Reporting(_))) | None => Ok(()),
    }
}

/// As the step's.
///
/// # Errors
/// What came of the attempt.
pub fn check(attempts: &[(&str, Attempt)], cx: &Context<'_>) -> Result<CheckReport> {
    attempt(attempts, Moment::Check, cx, &[])?;
    if let Some((_, Attempt::Reporting(report))) = asked(attempts, Moment::Check) {
        return Ok(report());
    }
    Wanted::on(cx.machine()).file(PATH, CONTENT).into_report()
}

/// As the step's.
///
/// # Errors
/// What came of the attempt.
pub fn apply(attempts: &[(&str, Attempt)], cx: &Context<'_>, report: &CheckReport) -> Result<()> {
    attempt(attempts, Moment::Apply, cx, &report.changes)?;
    report.changes.iter().try_for_each(|change| cx.perform(change))
}

/// As the step's.
///
/// # Errors
/// What came of the attempt.
pub fn verify(attempts: &[(&str, Attempt)], cx: &Context<'_>) -> Result<VerifyReport> {
    attempt(attempts, Moment::Verify, cx, &[])?;
    let seen = cx.machine().probe(&READ, &[])?.stdout.to_text();
    Ok(VerifyReport::default().with(Evidence::equal("the file is there", "cat", CONTENT, seen)))
}
