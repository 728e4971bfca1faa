//! The journal of the first released schema stays readable. `fixtures/journal-schema-1.sqlite` was written by that
//! version, with one event of every kind; it is never written anew.

use std::{collections::BTreeSet, fs, path::Path};

use super::{Journal, Keep};
use crate::{
    effect::Vault,
    engine::{Deed, Memory},
    graph::Unit,
};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/journal-schema-1.sqlite");

/// The fixture itself is not touched.
fn open(folder: &Path) -> Journal {
    fs::copy(FIXTURE, folder.join(super::FILE)).unwrap();
    Journal::open(folder).unwrap()
}

#[test]
fn every_event_of_the_first_schema_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let mut kinds = BTreeSet::new();
    for run in journal.runs().unwrap() {
        for event in journal.events(&run.run).unwrap() {
            let written = serde_json::to_value(&event).unwrap();
            kinds.insert(written["event"].as_str().unwrap().to_owned());
        }
    }
    let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "checked",
            "done",
            "effect_failed",
            "intended",
            "leftovers",
            "output",
            "recorded",
            "run_finished",
            "run_started",
            "settled",
            "unit_finished",
            "unit_skipped",
            "unit_started",
            "verified"
        ]
    );
}

#[test]
fn its_runs_can_still_be_rolled_back() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let names: Vec<_> = journal.runs().unwrap().into_iter().map(|run| run.run).collect();
    assert_eq!(names, ["20261124T120300Z-3", "20261124T120200Z-2", "20261124T120100Z-1"]);
    let effects = journal.effects("20261124T120100Z-1").unwrap();
    let items: Vec<_> = effects.iter().map(|effect| effect.before.item()).collect();
    assert_eq!(items.len(), 9, "one effect on every kind of thing: {items:?}");
    for digest in effects.iter().flat_map(|effect| effect.before.contents()) {
        assert!(!journal.fetch(digest).unwrap().is_empty());
    }
    let rollback = journal.effects("20261124T120300Z-3").unwrap();
    assert!(matches!(rollback[0].deed, Deed::Restore(_)));
    assert!(journal.owes(&Unit::new("docker-install", "web")).unwrap());
    let doubtful = journal.in_doubt("web", "another").unwrap();
    assert_eq!(doubtful.len(), 1);
    assert_eq!(journal.prune(Keep::Newest(0), true).unwrap().removed.len(), 2);
}
