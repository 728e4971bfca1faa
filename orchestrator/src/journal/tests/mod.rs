//! What a journal keeps, refuses and forgets.

mod standings;

use std::{fs, os::unix::fs::MetadataExt};

use jiff::Timestamp;
use phoenix_sdk::{Change, Kind};

use super::{Journal, JournalSink, Keep};
use crate::{
    effect::{
        Image, Judgement, Vault,
        image::{FileImage, Node},
    },
    engine::{
        Body, Deed, Event, Memory, Sink,
        event::{FORMAT, Outcome},
    },
    graph::Unit,
};

fn event(run: &str, seq: u64, body: Body) -> Event {
    Event {
        format: FORMAT,
        run: run.into(),
        seq,
        at: Timestamp::from_second(seq as i64).unwrap(),
        body,
    }
}

/// A run or, with the run that it takes back, a rollback: of these features on these targets, with one unit each.
fn begun(run: &str, features: &[&str], targets: &[&str], takes_back: Option<&str>) -> Event {
    let body = Body::RunStarted {
        verb: if takes_back.is_some() { "rollback" } else { "run" }.to_owned(),
        version: "0".to_owned(),
        features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        units: targets.iter().map(|target| Unit::new("s", *target)).collect(),
        waits_for: Vec::new(),
        environment: None,
        takes_back: takes_back.map(str::to_owned),
    };
    event(run, 1, body)
}

fn started(run: &str, takes_back: Option<&str>) -> Event {
    begun(run, &[], &[], takes_back)
}

fn absent() -> Image {
    Image::File(FileImage { path: "/x".into(), node: Node::Absent, missing_folders: vec![] })
}

fn intended(run: &str, effect: u64) -> Event {
    let deed = Deed::Change(Change::new(Kind::Absent { path: "/x".into() }));
    let unit = Unit::new("s", "web");
    let (deed, before) = (Box::new(deed), Box::new(absent()));
    event(run, 1 + effect, Body::Intended { unit, effect, deed, before, expected: None })
}

fn finished(run: &str, exit: u8) -> Event {
    event(run, 90, Body::RunFinished { took_ms: 1, exit })
}

fn hear(journal: &Journal, events: &[Event]) {
    let mut sink = JournalSink(journal);
    events.iter().for_each(|event| sink.hear(event).unwrap());
}

#[test]
fn only_root_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("a/state");
    let journal = Journal::open(&state).unwrap();
    hear(&journal, &[started("r", None)]);
    assert_eq!(fs::metadata(&state).unwrap().mode() & 0o777, 0o700);
    let files: Vec<_> = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(files.len() >= 2, "no write-ahead log");
    for file in files {
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn what_announces_an_effect_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let unit = Unit::new("s", "web");
    let events = [started("r", None), event("r", 9, Body::UnitStarted { unit: unit.clone() })];
    hear(&journal, &events);
    // A second process sees what was durable, and nothing else.
    let other = Journal::open(folder.path()).unwrap();
    assert_eq!(other.events("r").unwrap().len(), 1);
    hear(&journal, &[intended("r", 1)]);
    assert_eq!(other.events("r").unwrap().len(), 3);
    let doubtful = other.in_doubt("web", "another").unwrap();
    assert_eq!((doubtful.len(), doubtful[0].number), (1, 1));
    assert!(other.in_doubt("web", "r").unwrap().is_empty(), "its own effects are no doubt");
    assert!(other.in_doubt("db", "another").unwrap().is_empty());
    let done = Body::Done { unit, effect: 1, after: absent(), left: vec![] };
    hear(&journal, &[event("r", 10, done)]);
    assert!(other.in_doubt("web", "another").unwrap().is_empty());
}

#[test]
fn a_settled_effect_has_what_was_found_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    hear(&journal, &[started("next", None)]);
    let cases = [
        ("a", Judgement::AsAfter, Some(absent())),
        ("b", Judgement::AsBefore, Some(absent())),
        // What somebody else made of it is not what the run left.
        ("c", Judgement::Conflict, None),
    ];
    for (seq, (dead, found, after)) in (2..).zip(cases) {
        hear(&journal, &[started(dead, None), intended(dead, 1)]);
        let (unit, about) = (Unit::new("s", "web"), "remove `/x`".to_owned());
        let of = dead.to_owned();
        let body = Body::Settled { unit, of, effect: 1, about, found, after: absent() };
        hear(&journal, &[event("next", seq, body)]);
        assert!(journal.in_doubt("web", "x").unwrap().is_empty());
        assert_eq!(journal.effects(dead).unwrap()[0].after, after, "{found:?}");
    }
}

#[test]
fn contents_are_what_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let digest = journal.keep(b"\xff\0x").unwrap();
    assert_eq!(journal.keep(b"\xff\0x").unwrap(), digest);
    assert_eq!(journal.fetch(&digest).unwrap(), b"\xff\0x");
    let spoil = "UPDATE contents SET zstd = x'00'";
    journal.transaction(|transaction| transaction.execute(spoil, [])).unwrap();
    assert_eq!(journal.fetch(&digest).unwrap_err().code, "JOURNAL-CONTENT-LOST");
}

#[test]
fn a_debt_outlives_the_process_and_is_settled_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = || Journal::open(folder.path()).unwrap();
    let (unit, other) = (Unit::new("s", "web"), Unit::new("s", "db"));
    journal().owe(&[&unit, &other], "a").unwrap();
    journal().owe(&[&unit], "b").unwrap();
    assert!(journal().owes(&unit).unwrap());
    journal().settle(&unit).unwrap();
    journal().settle(&unit).unwrap();
    assert!(!journal().owes(&unit).unwrap());
    assert!(journal().owes(&other).unwrap());
}

#[test]
fn what_was_done_since_the_last_verification_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let (unit, other) = (Unit::new("s", "web"), Unit::new("s", "db"));
    let count = |unit: &Unit| journal.unverified(unit, "three").unwrap().len();
    hear(&journal, &[started("one", None), intended("one", 1)]);
    assert_eq!(count(&unit), 0, "nothing is owed");
    hear(&journal, &[started("two", None)]);
    journal.owe(&[&unit], "two").unwrap();
    hear(&journal, &[intended("two", 1), started("three", None)]);
    journal.owe(&[&unit], "three").unwrap();
    hear(&journal, &[intended("three", 1)]);
    assert_eq!((count(&unit), count(&other)), (1, 0));
    journal.settle(&unit).unwrap();
    assert_eq!(count(&unit), 0);
}

#[test]
fn units_that_a_cut_off_run_changed_last_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let cut_off = |target: &str, run: &str| journal.cut_off(target, run).unwrap();
    hear(&journal, &[started("dead", None), intended("dead", 1)]);
    assert_eq!(cut_off("web", "next"), [Unit::new("s", "web")]);
    assert!(cut_off("web", "dead").is_empty() && cut_off("db", "next").is_empty());
    hear(&journal, &[started("ended", None), intended("ended", 1)]);
    assert_eq!(cut_off("web", "next").len(), 1, "it is another one that is not finished");
    hear(&journal, &[event("ended", 9, Body::RunFinished { took_ms: 1, exit: 7 })]);
    assert!(cut_off("web", "next").is_empty());
}

#[test]
fn a_newer_journal_or_another_database_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    for (spoil, code) in [
        ("PRAGMA user_version = 99", "JOURNAL-NEWER"),
        ("PRAGMA application_id = 7", "JOURNAL-BROKEN"),
    ] {
        fs::remove_file(&path).ok();
        drop(Journal::open(folder.path()).unwrap());
        rusqlite::Connection::open(&path).unwrap().execute_batch(spoil).unwrap();
        let before = fs::read(&path).unwrap();
        assert_eq!(Journal::open(folder.path()).err().unwrap().code, code);
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    for content in [&b"no database at all, but long enough to look at it twice"[..], &[0; 4096]] {
        fs::write(&path, content).unwrap();
        assert_eq!(Journal::open(folder.path()).err().unwrap().code, "JOURNAL-BROKEN");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_cut_off_journal_is_an_error_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let journal = Journal::open(folder.path()).unwrap();
    hear(&journal, &[started("r", None), intended("r", 1)]);
    drop(journal);
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(1013).skip(1) {
        fs::write(&path, &whole[..length]).unwrap();
        let outcome = Journal::open(folder.path()).and_then(|journal| journal.events("r"));
        if let Err(error) = outcome {
            assert!(error.code.starts_with("JOURNAL-"), "{length}: {error}");
        }
    }
}

#[test]
fn what_is_in_force_follows_rollbacks_of_rollbacks() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let in_force = |run: &str| journal.run(run).unwrap().in_force;
    hear(&journal, &[started("r", None), intended("r", 1)]);
    for (run, of, expected) in [("a", "r", (0, 1)), ("b", "a", (1, 0)), ("c", "b", (0, 1))] {
        let unit = Unit::new("s", "web");
        let ended =
            Body::UnitFinished { unit, outcome: Outcome::Changed { changes: 1 }, took_ms: 1 };
        let events = [started(run, Some(of)), intended(run, 1), event(run, 60, ended)];
        hear(&journal, &[&events[..], &[finished(run, 0)]].concat());
        assert_eq!((in_force("r"), in_force("a")), expected, "after {run}");
    }
    // The other target of a run that was taken back in part is in force.
    assert!(journal.in_force().unwrap().is_empty());
    hear(&journal, &[started("s", None), intended("s", 1)]);
    assert_eq!(journal.in_force().unwrap(), [("s".to_owned(), "web".to_owned())]);
}

#[test]
fn pruning_keeps_what_a_rollback_needs_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let done = |run: &str| {
        let unit = Unit::new("s", "web");
        event(run, 50, Body::Done { unit, effect: 1, after: absent(), left: vec![] })
    };
    hear(&journal, &[started("idle", None), finished("idle", 0)]);
    hear(
        &journal,
        &[
            started("changed", None),
            intended("changed", 1),
            done("changed"),
            finished("changed", 0),
        ],
    );
    hear(
        &journal,
        &[started("undone", None), intended("undone", 1), done("undone"), finished("undone", 0)],
    );
    let unit = Unit::new("s", "web");
    let ended = Body::UnitFinished { unit, outcome: Outcome::Changed { changes: 1 }, took_ms: 1 };
    hear(
        &journal,
        &[started("back", Some("undone")), event("back", 60, ended), finished("back", 0)],
    );
    hear(&journal, &[started("doubt", None), intended("doubt", 1)]);
    let names = |runs: &[super::RunRow]| runs.iter().map(|run| run.run.clone()).collect::<Vec<_>>();
    assert_eq!(journal.run("last").unwrap().run, "doubt");
    assert_eq!(journal.run("undone").unwrap().taken_back_by.as_deref(), Some("back"));

    let pruned = journal.prune(Keep::Newest(0), false).unwrap();
    assert_eq!(names(&pruned.removed), ["back", "undone", "idle"]);
    assert_eq!(names(&pruned.needed), ["changed"]);
    assert_eq!(names(&pruned.in_doubt), ["doubt"]);
    let pruned = journal.prune(Keep::Newest(0), true).unwrap();
    assert_eq!(names(&pruned.removed), ["changed"]);
    assert_eq!(names(&journal.runs().unwrap()), ["doubt"]);
    assert_eq!(journal.run("changed").unwrap_err().code, "RUN-UNKNOWN");
}

/// A run over these targets with one unit each.
fn quiet(run: &str, seq: u64, target: &str) -> [Event; 2] {
    let unit = Unit::new("s", target);
    let outcome = Outcome::Unchanged;
    [
        event(run, seq, Body::UnitStarted { unit: unit.clone() }),
        event(run, seq + 1, Body::UnitFinished { unit, outcome, took_ms: 1 }),
    ]
}

#[test]
fn a_target_without_changes_has_one_row_and_is_read_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let [a_begins, a_ends] = quiet("r", 2, "a");
    let [b_begins, b_ends] = quiet("r", 4, "b");
    let in_order = [begun("r", &[], &["a", "b"], None), a_begins, a_ends, b_begins, b_ends];
    let mut heard = in_order.to_vec();
    // Targets are worked on side by side.
    heard.swap(2, 3);
    heard.push(finished("r", 0));
    let journal = Journal::open(folder.path()).unwrap();
    hear(&journal, &heard);
    assert_eq!(journal.rows("r").unwrap(), (2, 2));
    let events = journal.events("r").unwrap();
    assert_eq!(events[..5], in_order);
    // What was written without waiting for the disk is there for the next process, and goes with its run.
    drop(journal);
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.events("r").unwrap(), events);
    journal.prune(Keep::Newest(0), false).unwrap();
    hear(&journal, &[begun("r", &[], &[], None)]);
    assert_eq!(journal.rows("r").unwrap(), (1, 0), "the rows of the former run are gone");
}

#[test]
fn an_interrupted_run_has_all_of_the_target_that_it_was_changing() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let [web, _] = quiet("r", 2, "web");
    let [db, _] = quiet("r", 3, "db");
    let announced = Event { seq: 4, ..intended("r", 1) };
    let expected = [begun("r", &[], &["web", "db"], None), web, announced];
    hear(&journal, &[&expected[..2], &[db], &expected[2..]].concat());
    // Killed here: a second process sees what is on the disk.
    let other = Journal::open(folder.path()).unwrap();
    assert_eq!(other.events("r").unwrap(), expected);
    assert_eq!(other.in_doubt("web", "next").unwrap().len(), 1);
    assert!(other.run("r").unwrap().finished.is_none());
}
