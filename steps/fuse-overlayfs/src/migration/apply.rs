//! Carrying over: what is recorded first, and what is done when something fails.

use phoenix_sdk::{CheckReport, Consent, Context, Kind, Machine, Result, StepError, shown};
use serde_json::Value;

use super::{
    commands::{self, Part},
    hints,
    images::Manifest,
    survey::{self, Survey, word},
};
use crate::DRIVER;

/// Performs a report, whether it holds a migration, the end of one, or none.
pub(crate) fn apply(cx: &Context<'_>, data_root: &str, report: &CheckReport) -> Result<()> {
    let migrates = |kind: &Kind| kind.consent() == Some(Consent::Migrate);
    if !report.changes.iter().any(|change| migrates(&change.kind)) {
        return resume(cx, data_root, report);
    }
    let before = Survey::look(&cx.machine())?;
    record(cx, &before)?;
    carry(cx, data_root, report, &before)
}

/// Without these nothing is begun: later nobody could tell how the containers were started.
fn record(cx: &Context<'_>, before: &Survey) -> Result<()> {
    let machine = cx.machine();
    let document = |values: &[Value]| serde_json::to_vec_pretty(values).unwrap_or_default();
    cx.record("docker-containers.json", document(&before.containers))?;
    for kind in ["network", "volume"] {
        let seen = survey::list(&machine, &survey::LIST, &[kind])?;
        cx.record(format!("docker-{kind}s.json"), document(&seen))?;
    }
    cx.record("docker-images.txt", before.manifest.write())?;
    let hints = hints::all(&before.containers, &before.images);
    cx.record("docker-run-hints.txt", hints::document(&hints))
}

fn carry(cx: &Context<'_>, data_root: &str, report: &CheckReport, before: &Survey) -> Result<()> {
    let mut switched = false;
    let writes = report.changes.iter().any(|change| matches!(change.kind, Kind::JsonKeys { .. }));
    for change in &report.changes {
        let part = match commands::part(&change.kind) {
            // Docker comes back with the container as it was, unless its file was written by somebody else.
            Part::Switch if change.kind == Kind::RestartContainer && writes => Part::Preparation,
            part => part,
        };
        if part == Part::Switch && !switched {
            unchanged(cx, data_root, before).map_err(|error| failed(cx, error))?;
            switched = true;
        }
        let done = cx.perform(change).and_then(|()| match part {
            Part::Load => arrived(cx, data_root, before),
            _ => Ok(()),
        });
        match done {
            Ok(()) => {}
            // An interruption is no failure, and the next run goes on where this one stopped.
            Err(error) if !switched && error.code == INTERRUPTED => return Err(error),
            Err(error) if !switched => return Err(failed(cx, error)),
            // The images have arrived. What is left of the copy is the next run's.
            Err(error) if part == Part::Cleaning => return Err(error),
            Err(error) => return Err(went_back(cx, data_root, before, error)),
        }
    }
    Ok(())
}

const INTERRUPTED: &str = "INTERRUPTED";

/// Performs a report that may hold the end of a migration that an earlier run began.
fn resume(cx: &Context<'_>, data_root: &str, report: &CheckReport) -> Result<()> {
    for change in &report.changes {
        match cx.perform(change) {
            Err(error)
                if commands::part(&change.kind) == Part::Load && error.code != INTERRUPTED =>
            {
                let folder = shown::name(&commands::folder(data_root));
                let message =
                    format!("the images of an earlier run wait in `{folder}` and cannot be loaded");
                return Err(because(StepError::new("DOCKER-MIGRATION-UNFINISHED", message), &error)
                    .hint("Mend what the causes say, and run again: it goes on here.")
                    .hint("Or take the earlier run back with `phoenix-orch rollback`: the old driver has everything."));
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Nobody made or removed an image while they were saved. The container may just have been restarted, so
/// Docker is waited for.
fn unchanged(cx: &Context<'_>, data_root: &str, before: &Survey) -> Result<()> {
    visible(&cx.machine(), data_root)?;
    if Survey::look(&cx.machine())?.manifest == before.manifest {
        return Ok(());
    }
    Err(StepError::new("DOCKER-MIGRATION-FAILED", "Docker's images changed while they were saved")
        .hint("Let nobody use Docker meanwhile."))
}

/// That every image is there under the new driver. A graph driver's ids are the digests of the images'
/// configurations, which name the digests of all layers: the same id is the same image. Where containerd
/// kept them, the ids were those of manifests; there the digests of the configurations are compared that
/// were read from the archive, whose index was compared with the ids before the switch.
fn arrived(cx: &Context<'_>, data_root: &str, before: &Survey) -> Result<()> {
    let machine = cx.machine();
    let seen = visible(&machine, data_root)?;
    let missing = if before.manifest.containerd {
        let path = format!("{}/expected", commands::folder(data_root));
        let expected = machine.file(path)?.content().and_then(Manifest::read);
        expected.map_or_else(
            || vec!["the list of what was saved".to_owned()],
            |list| list.missing(&seen),
        )
    } else {
        before.manifest.missing(&seen)
    };
    if seen.driver == DRIVER && missing.is_empty() {
        return Ok(());
    }
    let driver = shown::name(&seen.driver);
    let error =
        StepError::new("DOCKER-MIGRATION-FAILED", format!("images are missing on `{driver}`"));
    Err(error
        .cause(shown::quoted(&missing))
        .hint("Nothing is lost: the old driver has all of them."))
}

/// The driver and the images of the running Docker.
pub(crate) fn visible(machine: &Machine<'_>, data_root: &str) -> Result<Manifest> {
    let output = machine.probe(&commands::VISIBLE, &[data_root])?;
    if output.success() {
        return Ok(Manifest::lines(&output.stdout.to_text()));
    }
    Err(StepError::new("DOCKER-NOT-ANSWERING", "Docker does not tell which images it has")
        .cause(shown::output(&output))
        .hint("Look at `journalctl -u docker` in the container, and restart Docker."))
}

/// Another error with the first one, and all that lay behind it, as its causes.
fn because(error: StepError, cause: &StepError) -> StepError {
    let first = format!("{}: {}", cause.code, cause.message);
    cause.causes.iter().fold(error.cause(first), |error, cause| error.cause(cause.clone()))
}

fn failed(cx: &Context<'_>, cause: StepError) -> StepError {
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
fn went_back(cx: &Context<'_>, data_root: &str, before: &Survey, cause: StepError) -> StepError {
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
