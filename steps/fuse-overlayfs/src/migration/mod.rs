//! The guarded migration of a running Docker from another driver (or containerd's store) to this one.
//!
//! `check` only looks: it says what would be carried over, what stays behind and whether there is room. What
//! is done needs `--allow migrate`. No container is made anew: its own layer stays on the old driver, and
//! nobody can prove that another one is equal to it. Nothing of the old driver is ever deleted.

mod apply;
mod back;
mod codes;
mod commands;
mod hints;
mod images;
mod place;
mod survey;
#[cfg(test)]
mod tests;

use phoenix_sdk::{
    Change, CheckReport, Evidence, Kind, Machine, Result, StepError, VerifyReport, shown,
};

pub(crate) use apply::apply;
use images::Manifest;
use place::Place;
use survey::Survey;

use crate::DRIVER;

pub(crate) use codes::{FAILED, LIVE_RESTORE, SPACE, STUCK, UNDONE, UNFINISHED};
pub(crate) use commands::{CLEANED, LOADED, SAVED, VISIBLE};
pub(crate) use place::PLACE;
pub(crate) use survey::{FACTS, LIST};

/// What is wanted before and after the switch.
#[derive(Default)]
pub(crate) struct Migration {
    /// Whether images are to be carried over, and not only what an earlier run left is to be done.
    pub(crate) carries: bool,
    pub(crate) before: Vec<Change>,
    pub(crate) after: Vec<Change>,
    pub(crate) warnings: Vec<String>,
}

impl Migration {
    /// Puts the changes where they belong: before `daemon.json` is written, or else a restart wanted.
    pub(crate) fn into_report(self, report: &mut CheckReport) {
        let is_switch = |change: &Change| commands::part(&change.kind) == commands::Part::Switch;
        let at = report.changes.iter().position(is_switch).unwrap_or(report.changes.len());
        report.changes.splice(at..at, self.before);
        report.changes.extend(self.after);
        report.warnings.extend(self.warnings);
    }
}

/// Of a Docker that runs on another driver, and has something there.
pub(crate) fn wanted(machine: &Machine<'_>, data_root: &str) -> Result<Migration> {
    let survey = Survey::look(machine)?;
    let Manifest { driver, folder, ids, .. } = &survey.manifest;
    if survey.live_restore {
        return Err(StepError::new(
            "DOCKER-MIGRATION-LIVE-RESTORE",
            format!("Docker keeps containers on `{driver}` running while it changes the driver"),
        )
        .hint("Set `live-restore` to `false` in `daemon.json`, run `systemctl reload docker`, and run again.")
        .hint("Nothing was changed; Docker still has everything."));
    }
    let place = Place::look(machine, data_root, folder)?;
    let bytes = survey.bytes();
    place.suffices(bytes, driver, data_root)?;

    let list = Kind::File {
        path: format!("{}/manifest", commands::folder(data_root)),
        content: Some(survey.manifest.write().into()),
        mode: Some(0o600),
        owner: None,
    };
    let list = Change::new(list).because("it says which images have to arrive");
    let mut warnings = vec![format!(
        "{} of {} images ({} at most) are carried over from `{driver}` to `{DRIVER}`; {} have to be free for \
         that, and {} are",
        ids.len(),
        survey.images.len(),
        place::human(bytes),
        place::human(place::needed(bytes)),
        place::human(place.available()),
    )];
    if survey.left() > 0 {
        warnings.push(format!(
            "images without a name that no container uses stay on `{driver}`: {}",
            survey.left()
        ));
    }
    let hints = hints::all(&survey.containers, &survey.images);
    warnings.extend(hints.iter().map(|hint| hint.describe(driver)));
    if !hints.is_empty() {
        warnings.push(
            "what a container wrote outside of its volumes stays on the old driver with it"
                .to_owned(),
        );
    }
    warnings.push(format!(
        "`{folder}` ({}) stays as it is: nothing of the old driver is deleted, and volumes are not touched",
        place.size()
    ));
    let save = commands::save(ids.len(), place::needed(bytes), data_root);
    let after = vec![commands::load(data_root), commands::clean(data_root)];
    Ok(Migration { carries: true, before: vec![list, save], after, warnings })
}

/// What an earlier run left to do. `on_driver`: Docker is on our driver, or will be when it starts.
pub(crate) fn pending(
    machine: &Machine<'_>,
    data_root: &str,
    on_driver: bool,
) -> Result<Migration> {
    let mut migration = Migration::default();
    let names = machine.folder(commands::folder(data_root))?.unwrap_or_default();
    if names.iter().all(|name| name == CARRIED) {
        return Ok(migration);
    }
    let changes = if on_driver {
        vec![commands::load(data_root), commands::clean(data_root)]
    } else {
        vec![commands::discard(data_root)]
    };
    let subjects = changes.iter().map(|change| change.kind.subject()).collect();
    let mut needed = Vec::new();
    for (change, seen) in changes.into_iter().zip(machine.observe_all(subjects)?) {
        if let phoenix_sdk::Verdict::Needed(_) = change.compare(&seen?)? {
            needed.push(change);
        }
    }
    *(if on_driver { &mut migration.after } else { &mut migration.before }) = needed;
    Ok(migration)
}

/// The list that stays when all is done.
const CARRIED: &str = "carried";

/// That what was carried over is visible. Later an image may have been removed on purpose, which nobody can
/// tell from a loss; so then it is a warning and no evidence. The comparison that a migration stands or
/// falls with is made in `apply`.
pub(crate) fn evidence(
    machine: &Machine<'_>,
    data_root: &str,
    report: &mut VerifyReport,
) -> Result<()> {
    let path = format!("{}/{CARRIED}", commands::folder(data_root));
    let file = machine.file(&path)?;
    let Some(carried) = file.content().and_then(Manifest::read) else { return Ok(()) };
    let seen = apply::visible(machine, data_root)?;
    let missing = carried.missing(&seen);
    if missing.is_empty() {
        report.evidence.push(Evidence::equal(
            "every image that was carried over is visible, under its names",
            format!("`docker images`, compared with `{path}`"),
            format!("{} images", carried.ids.len()),
            format!("{} images", carried.ids.intersection(&seen.ids).count()),
        ));
    } else {
        report.warnings.push(format!(
            "no longer there, although it was carried over from `{}`: {}",
            carried.driver,
            shown::quoted(&missing)
        ));
    }
    if carried.folder.starts_with('/')
        && machine.folder(&carried.folder)?.is_some_and(|names| !names.is_empty())
    {
        let size = Place::look(machine, data_root, &carried.folder)?.size();
        report.warnings.push(format!(
            "`{}` ({size}) still has everything that Docker had on `{}`: docs/migration.md says when it can go",
            carried.folder, carried.driver
        ));
    }
    Ok(())
}
