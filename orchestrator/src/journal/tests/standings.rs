//! How targets stand, from one run and one look to the next.

use phoenix_sdk::StepError;

use super::*;
use crate::engine::event::Failure;

/// What follows upon a beginning: each target's unit ends so, and then the run.
fn ended(mut events: Vec<Event>, targets: &[(&str, Outcome)]) -> Vec<Event> {
    let run = events[0].run.clone();
    for (seq, (target, outcome)) in (2..).zip(targets) {
        let (unit, outcome) = (Unit::new("s", *target), outcome.clone());
        events.push(event(&run, seq, Body::UnitFinished { unit, outcome, took_ms: 7 }));
    }
    events.push(finished(&run, 0));
    events
}

/// A run of one feature on these targets, each with one unit that ended so.
fn run(name: &str, feature: &str, targets: &[(&str, Outcome)]) -> Vec<Event> {
    let names: Vec<&str> = targets.iter().map(|(target, _)| *target).collect();
    ended(vec![begun(name, &[feature], &names, None)], targets)
}

#[test]
fn how_each_target_stands_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let broken =
        Outcome::Failed { error: Failure { exit: 7, error: StepError::new("CODE", "it broke") } };
    hear(&journal, &run("a", "docker", &[("db", Outcome::Unchanged), ("web", Outcome::Unchanged)]));
    hear(&journal, &run("b", "motd", &[("web", broken)]));
    // A verification is no wish.
    let mut verified = run("c", "other", &[("web", Outcome::Verified)]);
    if let Body::RunStarted { verb, .. } = &mut verified[0].body {
        "verify".clone_into(verb);
    }
    hear(&journal, &verified);
    let [db, web] = &journal.standings().unwrap()[..] else { panic!("two targets") };
    assert_eq!((db.target.as_str(), &db.features[..]), ("db", &["docker".to_owned()][..]));
    assert_eq!(web.features, ["docker", "motd"]);
    let ended = Timestamp::from_second(90).unwrap();
    let last = web.last.as_ref().unwrap();
    assert_eq!((last.run.as_str(), last.ended, last.took_ms), ("b", ended, 7));
    assert_eq!(last.failure.as_deref(), Some("s: CODE: it broke"));
    assert_eq!((db.good, web.good), (Some(ended), Some(ended)), "the run before was fine");

    let at = |second| Timestamp::from_second(second).unwrap();
    journal
        .looked(at(100), &[("web", "drifted", at(95), false), ("db", "converged", at(99), true)])
        .unwrap();
    let [db, web] = &journal.standings().unwrap()[..] else { panic!("two targets") };
    assert_eq!(
        (web.seen.as_ref().unwrap(), web.good),
        (&("drifted".to_owned(), at(95)), Some(ended))
    );
    assert_eq!(
        (db.seen.as_ref().unwrap(), db.good),
        (&("converged".to_owned(), at(99)), Some(at(100)))
    );
    assert_eq!(web.features, ["docker", "motd"], "a look brings and takes no features");
}

#[test]
fn what_was_taken_back_as_a_whole_is_not_looked_after_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let changed = Outcome::Changed { changes: 1 };
    for name in ["a", "b"] {
        let mut events = run(name, "docker", &[("web", changed.clone())]);
        events.insert(1, intended(name, 50));
        hear(&journal, &events);
    }
    let back = |name: &str, of: &str| {
        let begin = vec![begun(name, &[], &["web"], Some(of))];
        let events = ended(begin, &[("web", changed.clone())]);
        hear(&journal, &events);
        journal.standings().unwrap().len()
    };
    assert_eq!(back("c", "b"), 1, "what the first run did is still there");
    assert_eq!(back("d", "a"), 0);
}
