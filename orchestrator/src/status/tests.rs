//! What a look and what is remembered come to.

use jiff::SignedDuration;
use phoenix_sdk::{Change, ContainerState, Kind, StepError};

use super::*;
use crate::{
    engine::{
        Deed,
        event::{Failure, Outcome, Planned},
        state::{End, UnitState},
    },
    error::ErrorKind,
};

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

fn to_change(changes: usize) -> UnitState {
    let change = Change::new(Kind::Absent { path: "/x".into() });
    let planned = Planned {
        summary: change.kind.to_string(),
        deed: Deed::Change(change),
        diff: None,
        consent: None,
        forecast: None,
    };
    let end = Outcome::WouldChange { changes };
    UnitState {
        planned: vec![planned; changes],
        end: Some(End::Finished(end)),
        ..UnitState::default()
    }
}

fn ended(outcome: Outcome) -> UnitState {
    UnitState { end: Some(End::Finished(outcome)), ..UnitState::default() }
}

fn failed(kind: ErrorKind) -> UnitState {
    let error = StepError::new("CODE", "it did not work");
    ended(Outcome::Failed { error: Failure { exit: kind.exit_code(), error } })
}

fn standing(failure: Option<&str>) -> Standing {
    Standing {
        target: "web".into(),
        features: vec!["docker".into()],
        last: Some(LastRun {
            run: "r".into(),
            ended: at(1),
            took_ms: 1,
            failure: failure.map(str::to_owned),
        }),
        good: failure.is_none().then(|| at(1)),
        seen: None,
    }
}

fn look(units: Vec<UnitState>, confined: Option<Confinement>, known: Option<Standing>) -> Target {
    let named = units.into_iter().zip(["fuse", "docker"]);
    let units: BTreeMap<Unit, UnitState> =
        named.map(|(known, step)| (Unit::new(step, "web"), known)).collect();
    let state = State { order: units.keys().cloned().collect(), units, took_ms: Some(1) };
    let confined = confined.map(|one| ("web".to_owned(), one)).into_iter().collect();
    let remembered: Vec<Standing> = known.into_iter().collect();
    targets(&state, &confined, &remembered, at(9)).remove(0)
}

#[test]
fn the_worst_is_said_with_its_reason() {
    let unchanged = || ended(Outcome::Unchanged);
    let nobody = || Some(Confinement::None("why".to_owned()));
    let skipped = UnitState {
        end: Some(End::Skipped(Unit::new("tunables", "host"))),
        ..UnitState::default()
    };
    let table = [
        (look(vec![unchanged(), unchanged()], Some(Confinement::Enforced), None), "converged", ""),
        (look(vec![unchanged()], None, Some(standing(Some("x")))), "converged", ""),
        (look(vec![unchanged()], nobody(), None), "not_confined", "why"),
        (
            look(vec![to_change(3), to_change(1)], nobody(), Some(standing(None))),
            "drifted",
            "docker: remove `/x`; fuse: remove `/x` and 2 more",
        ),
        (
            look(vec![to_change(1)], None, Some(standing(Some("fuse: NO: not there")))),
            "failed",
            "the last run: fuse: NO: not there",
        ),
        (look(vec![failed(ErrorKind::Step)], None, None), "failed", "fuse: CODE: it did not work"),
        (
            look(vec![skipped], None, None),
            "failed",
            "fuse: not looked at, because tunables@host failed",
        ),
        (
            look(vec![to_change(1), failed(ErrorKind::Unreachable)], nobody(), None),
            "unreachable",
            "docker: CODE: it did not work",
        ),
    ];
    for (target, health, reason) in table {
        assert_eq!((target.health.word(), target.reason.as_str()), (health, reason));
    }
}

#[test]
fn since_the_first_of_the_looks_that_found_the_same() {
    let seen = |health: &str, since: i64, good: Option<i64>| Standing {
        seen: Some((health.into(), at(since))),
        good: good.map(at),
        ..standing(None)
    };
    let drifted = |known| look(vec![to_change(1)], None, known).since;
    assert_eq!(drifted(None), at(9));
    assert_eq!(drifted(Some(seen("converged", 2, Some(5)))), at(9));
    assert_eq!(drifted(Some(seen("drifted", 4, Some(2)))), at(4));
    assert_eq!(drifted(Some(seen("drifted", 4, Some(7)))), at(9), "a run has mended it in between");
    let converged = |known| look(vec![ended(Outcome::Unchanged)], None, Some(known)).since;
    assert_eq!(converged(seen("converged", 2, Some(8))), at(2));
}

#[test]
fn a_label_says_whether_a_profile_is_enforced() {
    let of = |running, label: Option<&str>| {
        let label = label.map(str::to_owned);
        Confinement::of(&ContainerState { running, unprivileged: true, label })
    };
    assert_eq!(of(false, None), None);
    assert_eq!(of(true, Some("lxc-phoenix-v2 (enforce)")), Some(Confinement::Enforced));
    let generated = "lxc-web_</var/lib/lxc>//&:lxc-web_<-var-lib-lxc>:unconfined (enforce)";
    assert_eq!(of(true, Some(generated)), Some(Confinement::Enforced));
    for (label, why) in [
        (None, "the kernel has no AppArmor"),
        (Some("unconfined"), "its init runs unconfined"),
        (Some("p (complain)"), "its profile `p` complains, and prevents nothing"),
    ] {
        assert_eq!(of(true, label), Some(Confinement::None(why.to_owned())));
    }
}
