//! What is done when a migration fails, and what the operator is told then.

use phoenix_sdk::{Context, StepError, shown};
use serde_json::Value;

use super::{
    apply::{INTERRUPTED, visible},
    commands, hints,
    images::Manifest,
    survey::{self, Survey, word},
};

/// Another error with the first one, and all that lay behind it, as its causes.
pub(super) fn because(error: StepError, cause: &StepError) -> StepError {
    let first = format!("{}: {}", cause.code, cause.message);
    cause.causes.iter().fold(error.cause(first), |error, cause| error.cause(cause.clone()))
}

/// Before the switch: what was prepared goes again.
pub(super) fn failed(cx: &Context<'_>, cause: StepError) -> StepError {
    let taken_back = cx.take_back();
    let message = "the migration failed before Docker was switched; Docker is as it was";
    let error = because(StepError::new("DOCKER-MIGRATION-FAILED", message), &cause)
        .hint("Mend what the causes say, and run again.");
    match taken_back {
        Ok(()) => error,
        Err(left) => because(error, &left)
            .hint("What was prepared could not all be taken back; it does no harm."),
    }
}

/// Takes the switch back, and looks whether everything is there again.
pub(super) fn went_back(
    cx: &Context<'_>,
    data_root: &str,
    before: &Survey,
    cause: StepError,
) -> StepError {
    let taken_back = cx.take_back();
    let machine = cx.machine();
    let old = &before.manifest.driver;
    let seen = visible(&machine, data_root);
    let containers = survey::list(&machine, &survey::LIST, &["container"]).unwrap_or_default();
    let gone = match &seen {
        Ok(seen) if seen.driver == *old => lost(before, seen, &containers),
        Ok(seen) => vec![format!("Docker is on `{}`", shown::name(&seen.driver))],
        Err(error) => vec![error.to_string()],
    };
    if gone.is_empty() {
        if cause.code == INTERRUPTED {
            return cause
                .cause(format!("Docker went back to `{old}` and has everything that it had"));
        }
        let message =
            format!("the migration failed, and Docker is back on `{old}` with all that it had");
        let mut error = because(StepError::new("DOCKER-MIGRATION-UNDONE", message), &cause);
        let down = down(before, &containers);
        if !down.is_empty() {
            error = error
                .cause(format!("ran before and does not run now: {}", shown::quoted(&down)))
                .hint(format!(
                    "Start them again in the container: docker start {}",
                    down.join(" ")
                ));
        }
        return error.hint("Mend what the causes say, and run again.");
    }
    let message =
        format!("the migration failed, and Docker is not back on `{old}` with all that it had");
    let error = because(StepError::new("DOCKER-MIGRATION-STUCK", message), &cause);
    let error = gone
        .into_iter()
        .fold(error, |error, gone| error.cause(format!("after going back: {gone}")));
    let error = taken_back.err().iter().fold(error, because);
    error
        .hint(format!("Nothing was deleted: `{}` has everything of `{old}`.", before.manifest.folder))
        .hint(format!("What was saved is in `{}`, if it is still there.", shown::name(&commands::folder(data_root))))
        .hint(format!(
            "To go back by hand, set `\"storage-driver\": \"{old}\"` in `{}` (or what it said before) and run \
             `systemctl restart docker` in the container.",
            crate::daemon::PATH
        ))
        .hint("How the containers were started is recorded with this run: `docker-run-hints.txt`, `docker-containers.json`.")
}

/// What is not there again.
fn lost(before: &Survey, seen: &Manifest, containers: &[Value]) -> Vec<String> {
    let mut lost = before.everything().missing(seen);
    let there: Vec<_> = containers.iter().map(|one| word(one, "/Id")).collect();
    let gone = before.containers.iter().filter(|one| !there.contains(&word(one, "/Id")));
    lost.extend(gone.map(|one| format!("container `{}`", hints::name(one))));
    lost.into_iter().map(|what| format!("not visible: {what}")).collect()
}

/// Names of those that ran and do not run any more.
fn down(before: &Survey, now: &[Value]) -> Vec<String> {
    let runs = |one: &&Value| one.pointer("/State/Running") == Some(&Value::Bool(true));
    let running: Vec<_> = now.iter().filter(runs).map(|one| word(one, "/Id")).collect();
    let ran = before.containers.iter().filter(runs);
    ran.filter(|one| !running.contains(&word(one, "/Id"))).map(hints::name).collect()
}
