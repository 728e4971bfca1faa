//! The commands of a migration, and the probes that say whether one of them is needed.

use phoenix_sdk::{Change, Consent, Kind, Probe, argv};

/// One script of several files. Those of probes are kept short: the worlds to rehearse in repeat them.
macro_rules! script {
    ($($name:literal),*) => { concat!(include_str!("paths.sh"), $(include_str!($name)),*) };
}

const SAVED_SCRIPT: &str = script!("whole.sh", "saved.sh");
const LOADED_SCRIPT: &str = script!("common.sh", "loaded.sh");
const CLEANED_SCRIPT: &str = script!("cleaned.sh");
const VISIBLE_SCRIPT: &str = script!("common.sh", "visible.sh");

pub(crate) const SAVED: Probe = Probe::new(
    "images-saved",
    argv!["/bin/sh", "-c", SAVED_SCRIPT, "phoenix-migrate"],
    "Whether a complete copy of exactly the images that are wanted is there",
);
pub(crate) const LOADED: Probe = Probe::new(
    "images-loaded",
    argv!["/bin/sh", "-c", LOADED_SCRIPT, "phoenix-migrate"],
    "Whether Docker has all images that were saved for it",
)
.within(60);
pub(crate) const CLEANED: Probe = Probe::new(
    "saved-images-removed",
    argv!["/bin/sh", "-c", CLEANED_SCRIPT, "phoenix-migrate"],
    "Whether nothing is left of saved images but their list",
);
pub(crate) const VISIBLE: Probe = Probe::new(
    "images-visible",
    argv!["/bin/sh", "-c", VISIBLE_SCRIPT, "phoenix-migrate"],
    "The driver and all images of the running Docker, as soon as it answers",
)
.within(120);

/// Images can be large, and disks slow: four hours.
const TIME_LIMIT_S: u32 = 4 * 3600;

/// Below Docker's data folder.
pub(crate) fn folder(data_root: &str) -> String {
    format!("{}/phoenix-orch-migration", data_root.trim_end_matches('/'))
}

fn words(script: &str, data_root: &str, more: &[&str]) -> Vec<String> {
    let head = ["/bin/sh", "-c", script, "phoenix-migrate", data_root];
    head.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

fn command(about: String, argv: Vec<String>, unless: &Probe, data_root: &str) -> Kind {
    let unless = unless.argv.iter().map(|word| word.to_string());
    Kind::Command {
        about,
        argv,
        unless: unless.chain([data_root.to_owned()]).collect(),
        // What a command leaves behind is either in the folder that `unsave` removes, or with the new driver,
        // where nobody sees it as soon as Docker is on the old one again: there is nothing to take back, and
        // nothing is deleted that a newer container may stand on.
        undo: Some(vec!["true".to_owned()]),
        consent: None,
        time_limit_s: Some(TIME_LIMIT_S),
    }
}

/// Saves the images; needs the operator's word, and with it the whole unit does.
pub(crate) fn save(count: usize, bytes: u64, data_root: &str) -> Change {
    let about = format!("save {} to `{}`", images(count), folder(data_root));
    let argv = words(script!("common.sh", "whole.sh", "save.sh"), data_root, &[&bytes.to_string()]);
    let mut kind = command(about, argv, &SAVED, data_root);
    if let Kind::Command { undo, consent, .. } = &mut kind {
        *undo = Some(words(script!("common.sh", "unsave.sh"), data_root, &[]));
        *consent = Some(Consent::Migrate);
    }
    Change::new(kind).because("the driver that Docker is on keeps its images to itself")
}

/// Loads them.
pub(crate) fn load(data_root: &str) -> Change {
    let about = format!("load the images saved in `{}`", folder(data_root));
    let argv = words(script!("common.sh", "load.sh"), data_root, &[]);
    Change::new(command(about, argv, &LOADED, data_root))
        .because("they are to be visible under the new driver as they were under the old one")
}

/// Removes the copy after it was loaded; the list of the images stays.
pub(crate) fn clean(data_root: &str) -> Change {
    let about = format!("remove the images saved in `{}`", folder(data_root));
    let argv = words(script!("common.sh", "clean.sh"), data_root, &["loaded"]);
    Change::new(command(about, argv, &CLEANED, data_root)).because("they have arrived")
}

/// Removes what an attempt left that never got to the switch. Loaded later it would bring back images that
/// were removed on purpose.
pub(crate) fn discard(data_root: &str) -> Change {
    let about = format!("remove what an earlier attempt left in `{}`", folder(data_root));
    let argv = words(script!("common.sh", "clean.sh"), data_root, &["stale"]);
    Change::new(command(about, argv, &CLEANED, data_root))
        .because("there is nothing to carry over any more")
}

/// What a change of a migration is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Docker does not notice it.
    Preparation,
    /// From here on Docker is on the new driver.
    Switch,
    Load,
    /// From here on the images have arrived.
    Cleaning,
}

/// Tells it by the kind, or by the probe that says whether a command is needed.
pub(crate) fn part(kind: &Kind) -> Part {
    let by =
        |unless: &[String], probe: &Probe| unless.iter().zip(&*probe.argv).all(|(a, b)| a == b);
    match kind {
        Kind::JsonKeys { .. } | Kind::RestartService { .. } | Kind::RestartContainer => {
            Part::Switch
        }
        Kind::Command { unless, .. } if by(unless, &LOADED) => Part::Load,
        Kind::Command { unless, .. } if by(unless, &CLEANED) => Part::Cleaning,
        _ => Part::Preparation,
    }
}

fn images(count: usize) -> String {
    if count == 1 { "1 image".to_owned() } else { format!("{count} images") }
}

#[cfg(test)]
mod tests {
    use super::{Part, clean, load, part, save};

    #[test]
    fn parts_are_told_apart() {
        for (change, expected) in [
            (save(1, 2, "/d"), Part::Preparation),
            (load("/d"), Part::Load),
            (clean("/d"), Part::Cleaning),
        ] {
            assert_eq!(part(&change.kind), expected, "{}", change.kind);
        }
        assert_eq!(
            save(1, 2, "/d/").kind.to_string(),
            "save 1 image to `/d/phoenix-orch-migration`"
        );
    }
}
