//! Carrying over: what is recorded first, and what is done when something fails.

use phoenix_sdk::{CheckReport, Consent, Context, Kind, Machine, Result, StepError, shown};
use serde_json::Value;

use super::{
    back::{because, failed, went_back},
    commands::{self, Part},
    hints,
    images::Manifest,
    survey::{self, Survey},
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

/// The orchestrator's code where the operator stopped the run.
pub(super) const INTERRUPTED: &str = "INTERRUPTED";

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
                    .hint("If nobody needs them any more, remove that folder.")
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
