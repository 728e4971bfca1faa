//! What people see, whole.

use insta::assert_snapshot;
use jiff::Timestamp;
use phoenix_sdk::{Change, Consent, Evidence, Kind, StepError};

use super::{Human, plan};
use crate::{
    effect::Image,
    engine::{
        Body, Deed, Event, Sink, State,
        event::{Failure, Outcome, Planned},
    },
    graph::Unit,
};

fn events(bodies: Vec<Body>) -> Vec<Event> {
    let event =
        |(seq, body)| Event { format: 1, run: "r".into(), seq, at: Timestamp::UNIX_EPOCH, body };
    (1..).zip(bodies).map(event).collect()
}

fn human(bodies: Vec<Body>) -> String {
    let mut text = Vec::new();
    let mut sink = Human::new(anstream::StripStream::new(&mut text), false);
    events(bodies).iter().for_each(|event| sink.hear(event).unwrap());
    drop(sink);
    String::from_utf8(text).unwrap()
}

fn planned(bodies: Vec<Body>) -> String {
    let mut state = State::default();
    events(bodies).iter().for_each(|event| state.fold(event));
    anstream::adapter::strip_str(&plan(&state)).to_string()
}

fn started(units: &[Unit]) -> Body {
    Body::RunStarted {
        verb: "run".into(),
        version: "0".into(),
        features: vec!["docker".into()],
        units: units.to_vec(),
        takes_back: None,
    }
}

fn broken() -> Outcome {
    Outcome::Failed {
        error: Failure {
            exit: 7,
            error: StepError::new("APT-DOWNLOAD", "packages cannot be downloaded")
                .cause("E: \u{1b}[31mTemporary failure")
                .hint("Check the target's network."),
        },
    }
}

fn restart() -> Change {
    Change::new(Kind::RestartContainer).because("`/dev/fuse` is not in the container yet")
}

#[test]
fn a_run() {
    let [fuse, docker, other] =
        [("fuse", "web"), ("docker", "web"), ("fuse", "db")].map(|(s, t)| Unit::new(s, t));
    let text = human(vec![
        started(&[fuse.clone(), docker.clone(), other.clone()]),
        Body::UnitStarted { unit: fuse.clone() },
        Body::Intended {
            unit: fuse.clone(),
            effect: 1,
            deed: Box::new(Deed::Change(restart())),
            before: Box::new(Image::Unseen),
            expected: None,
        },
        Body::Done { unit: fuse.clone(), effect: 1, after: Image::Unseen, left: vec![] },
        Body::Verified {
            unit: fuse.clone(),
            evidence: vec![Evidence::equal("it mounts", "a trial mount", "mounted", "mounted")],
            warnings: vec!["container `web` is NOT confined".into()],
        },
        Body::UnitFinished {
            unit: fuse.clone(),
            outcome: Outcome::Changed { changes: 1 },
            took_ms: 1234,
        },
        Body::UnitFinished { unit: other.clone(), outcome: broken(), took_ms: 61_000 },
        Body::UnitSkipped { unit: docker, because: fuse },
        Body::RunFinished { took_ms: 62_000, exit: 7 },
    ]);
    assert_snapshot!(text, @r#"
    Changed web: fuse (1 change, 1.2 s)
            restart the container (`/dev/fuse` is not in the container yet)
            holds: it mounts
    Warning container `web` is NOT confined
     Failed db: fuse (1 min 1 s)
            error[APT-DOWNLOAD]: packages cannot be downloaded
              cause: E: \u{1b}[31mTemporary failure
              hint: Check the target's network.
    Skipped web: docker, because web: fuse failed
     Failed 1 of 3 units, 1 changed, 1 skipped; 1 change in 1 min 2 s
            db: fuse: APT-DOWNLOAD: packages cannot be downloaded
    "#);
}

#[test]
fn what_nobody_looked_at_is_never_called_fine() {
    let [bare, proven, mute] = ["bare", "proven", "mute"].map(|step| Unit::new(step, "101"));
    let ended =
        |unit: &Unit, outcome| Body::UnitFinished { unit: unit.clone(), outcome, took_ms: 1000 };
    let text = human(vec![
        started(&[bare.clone(), proven.clone(), mute.clone()]),
        Body::Settled {
            unit: bare.clone(),
            of: "old".into(),
            effect: 1,
            about: "run the script `/x.sh 101` (cannot be undone)".into(),
            found: crate::effect::Judgement::AsAfter,
            after: Image::Unseen,
        },
        ended(&bare, Outcome::Ran { proven: false }),
        ended(&proven, Outcome::Ran { proven: true }),
        ended(&mute, Outcome::Unproven),
        ended(&mute, Outcome::Irrevocable),
        ended(&mute, Outcome::Unproven),
        Body::RunFinished { took_ms: 3000, exit: 8 },
    ]);
    assert_snapshot!(text, @r"
      Recovered 101: bare: run old was cut off; what it was about to do may have been done, in whole or in part; nobody can tell
                run the script `/x.sh 101` (cannot be undone)
            Ran 101: bare (nobody looked, 1.0 s)
            Ran 101: proven (no check, the evidence holds, 1.0 s)
    No evidence 101: mute (1.0 s)
          Stays 101: mute (cannot be taken back, 1.0 s)
    No evidence 101: mute (1.0 s)
       Finished 3 units, 2 ran without a check, 1 without evidence; 0 changes in 3.0 s
    ");
}

#[test]
fn what_a_killed_run_left() {
    let ended = vec!["`apt-get -y` (process 7)".into(), "`sh` (process 8)".into()];
    let text = human(vec![Body::Leftovers { target: "web".into(), ended }]);
    assert_snapshot!(text, @r"
    Warning ended `apt-get -y` (process 7), which a killed run had left in `web`
    Warning ended `sh` (process 8), which a killed run had left in `web`
    ");
}

#[test]
fn a_plan() {
    let [fuse, docker] = ["fuse", "docker"].map(|step| Unit::new(step, "web"));
    let planned_change = |change: Change, diff: Option<&str>, consent| Planned {
        summary: change.kind.to_string(),
        deed: Deed::Change(change),
        diff: diff.map(str::to_owned),
        consent,
    };
    let text = planned(vec![
        started(&[fuse.clone(), docker.clone()]),
        Body::Checked {
            unit: fuse.clone(),
            round: 1,
            changes: vec![
                planned_change(
                    Change::new(Kind::Absent { path: "/etc/x".into() }),
                    Some("--- /etc/x\n+++ /etc/x\n@@ -1 +0,0 @@\n-old \u{1b}[2J\n"),
                    None,
                ),
                planned_change(restart(), None, Some(Consent::Restart)),
            ],
            notes: vec![],
            warnings: vec!["be careful".into()],
        },
        Body::UnitFinished { unit: fuse, outcome: Outcome::WouldChange { changes: 2 }, took_ms: 1 },
        Body::UnitFinished { unit: docker, outcome: Outcome::Unchanged, took_ms: 1 },
    ]);
    assert_snapshot!(text, @r#"
    web
      fuse: 2 changes
        + remove `/etc/x`
            --- /etc/x
            +++ /etc/x
            @@ -1 +0,0 @@
            -old \u{1b}[2J
        ! restart the container (needs --allow restart)
            `/dev/fuse` is not in the container yet
        warning: be careful
      docker: unchanged
    2 changes in 1 unit; 1 unchanged. Nothing has been changed yet.
    "#);
}
