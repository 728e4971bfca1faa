//! What a run says while it goes on, and at its end.

use insta::assert_snapshot;
use phoenix_sdk::{Consent, Evidence};

use super::*;
use crate::{
    effect::Image,
    engine::{Deed, Sink, event::Planned},
    report::Human,
};

fn human(bodies: Vec<Body>, view: View) -> String {
    let mut text = Vec::new();
    let mut sink = Human::new(anstream::StripStream::new(&mut text), view);
    events(bodies).iter().for_each(|event| sink.hear(event).unwrap());
    drop(sink);
    String::from_utf8(text).unwrap()
}

fn one_of_each() -> Vec<Body> {
    let [fuse, docker, other] =
        [("fuse", "web"), ("docker", "web"), ("fuse", "db")].map(|(s, t)| Unit::new(s, t));
    vec![
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
            warnings: vec!["container `web` is NOT confined: the kernel has no AppArmor".into()],
        },
        Body::UnitFinished {
            unit: fuse.clone(),
            outcome: Outcome::Changed { changes: 1 },
            took_ms: 1234,
        },
        Body::UnitFinished { unit: other.clone(), outcome: broken(), took_ms: 61_000 },
        Body::UnitSkipped { unit: docker, because: fuse },
        Body::RunFinished { took_ms: 62_000, exit: 7 },
    ]
}

#[test]
fn a_run() {
    assert_snapshot!(human(one_of_each(), NARROW), @r"
    Changed web: fuse (1 change, 1.2 s)
            restart the container (`/dev/fuse` is not in
              the container yet)
            holds: it mounts
            warning: container `web` is NOT confined: the
              kernel has no AppArmor
     Failed db: fuse (1 min 1 s)
            error[APT-DOWNLOAD]: packages cannot be
              downloaded
              cause: E: \u{1b}[31mTemporary failure
              hint: Check the target's network and apt
                sources, then run again.
    Skipped web: docker, because web: fuse failed
     Failed 1 of 3 units, 1 changed, 1 skipped; 1 change in
            1 min 2 s (run 20261129T101500Z-7)
            db: fuse: APT-DOWNLOAD: packages cannot be
              downloaded
    ");
    assert_snapshot!(human(one_of_each(), USUAL), @r"
    Changed web: fuse (1 change, 1.2 s)
            restart the container (`/dev/fuse` is not in the container yet)
            holds: it mounts
            warning: container `web` is NOT confined: the kernel has no
              AppArmor
     Failed db: fuse (1 min 1 s)
            error[APT-DOWNLOAD]: packages cannot be downloaded
              cause: E: \u{1b}[31mTemporary failure
              hint: Check the target's network and apt sources, then run again.
    Skipped web: docker, because web: fuse failed
     Failed 1 of 3 units, 1 changed, 1 skipped; 1 change in 1 min 2 s (run
            20261129T101500Z-7)
            db: fuse: APT-DOWNLOAD: packages cannot be downloaded
    ");
    assert_eq!(human(one_of_each(), WIDE), human(one_of_each(), ENDLESS));
    assert_snapshot!(human(one_of_each(), WIDE), @r"
    Changed web: fuse (1 change, 1.2 s)
            restart the container (`/dev/fuse` is not in the container yet)
            holds: it mounts
            warning: container `web` is NOT confined: the kernel has no AppArmor
     Failed db: fuse (1 min 1 s)
            error[APT-DOWNLOAD]: packages cannot be downloaded
              cause: E: \u{1b}[31mTemporary failure
              hint: Check the target's network and apt sources, then run again.
    Skipped web: docker, because web: fuse failed
     Failed 1 of 3 units, 1 changed, 1 skipped; 1 change in 1 min 2 s (run 20261129T101500Z-7)
            db: fuse: APT-DOWNLOAD: packages cannot be downloaded
    ");
}

#[test]
fn a_quiet_run_says_what_went_wrong() {
    assert_snapshot!(human(one_of_each(), view(Detail::Quiet, 80)), @r"
    Warning web: fuse: container `web` is NOT confined: the kernel has no
            AppArmor
     Failed db: fuse (1 min 1 s)
            error[APT-DOWNLOAD]: packages cannot be downloaded
              cause: E: \u{1b}[31mTemporary failure
              hint: Check the target's network and apt sources, then run again.
    Skipped web: docker, because web: fuse failed
     Failed 1 of 3 units, 1 changed, 1 skipped; 1 change in 1 min 2 s (run
            20261129T101500Z-7)
            db: fuse: APT-DOWNLOAD: packages cannot be downloaded
    ");
}

/// Ten containers of which one step is to be verified anew.
fn converged() -> Vec<Body> {
    let units: Vec<Unit> = (1..=12)
        .flat_map(|number| {
            ["fuse", "docker"].map(|step| Unit::new(step, format!("web{number:02}")))
        })
        .collect();
    let ends = units.iter().map(|unit| match (unit.step.as_str(), unit.target.as_str()) {
        ("fuse", "web07") => ended(unit, Outcome::Verified),
        _ => ended(unit, Outcome::Unchanged),
    });
    let last = Body::RunFinished { took_ms: 310, exit: 0 };
    [started(&units)].into_iter().chain(ends).chain([last]).collect()
}

#[test]
fn what_is_unchanged_is_folded() {
    assert_snapshot!(human(converged(), USUAL), @r"
     Verified web07: fuse (1.0 s)
    Unchanged web07: docker
    Unchanged web01, web02, web03, web04, web05, web06, web08, web09 and 3 more
     Finished 24 units, 23 unchanged, 1 verified; 0 changes in 310 ms (run
              20261129T101500Z-7)
    ");
    let all = human(converged(), view(Detail::Verbose, 80));
    assert_eq!(all.matches("Unchanged web").count(), 23, "{all}");
    let quiet = View { detail: Detail::Quiet, ..ENDLESS };
    assert_eq!(human(converged(), quiet).lines().count(), 1);
}

#[test]
fn failures_that_say_the_same_are_told_once_and_consent_for_all() {
    let needed = |consent| Planned {
        summary: "disturb".into(),
        deed: Deed::Change(restart()),
        diff: None,
        consent: Some(consent),
        forecast: None,
    };
    let units = ["a", "b", "c"].map(|target| Unit::new("fuse", target));
    let refused = |_| Outcome::Failed {
        error: Failure {
            exit: 7,
            error: StepError::new(
                "CONSENT-MISSING",
                "the step needs to disturb, and that is not allowed",
            )
            .hint("Allow it with `--allow restart`."),
        },
    };
    let mut bodies = vec![started(&units)];
    for (unit, consent) in units.iter().zip([Consent::Restart, Consent::Migrate, Consent::Restart])
    {
        let (notes, warnings) = (Vec::new(), Vec::new());
        let changes = vec![needed(consent)];
        bodies.push(Body::Checked { unit: unit.clone(), round: 1, changes, notes, warnings });
        bodies.push(ended(unit, refused(())));
    }
    bodies.push(Body::RunFinished { took_ms: 3000, exit: 7 });
    let text = human(bodies, view(Detail::Quiet, 80));
    let closing = text.split_once("3 of 3").map(|(_, rest)| rest).unwrap();
    assert_snapshot!(closing, @r"
    units; 0 changes in 3.0 s (run 20261129T101500Z-7)
                a, b, c: fuse: CONSENT-MISSING: the step needs to disturb, and that
                  is not allowed
                Nothing was done there. If it may be done, give the same command
                with `--allow restart,migrate`.
    ");
}

#[test]
fn what_nobody_looked_at_is_never_called_fine() {
    let [bare, proven, mute] = ["bare", "proven", "mute"].map(|step| Unit::new(step, "101"));
    let text = human(
        vec![
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
        ],
        ENDLESS,
    );
    assert_snapshot!(text, @r"
      Recovered 101: bare: run old was cut off; what it was about to do may have been done, in whole or in part; nobody can tell
                run the script `/x.sh 101` (cannot be undone)
            Ran 101: bare (nobody looked, 1.0 s)
            Ran 101: proven (no check, the evidence holds, 1.0 s)
    No evidence 101: mute (1.0 s)
          Stays 101: mute (cannot be taken back, 1.0 s)
    No evidence 101: mute (1.0 s)
       Finished 3 units, 2 ran without a check, 1 without evidence; 0 changes in 3.0 s (run 20261129T101500Z-7)
    ");
}

#[test]
fn evidence_that_all_holds_is_folded_unless_it_is_asked_for() {
    let verified = |verb: &str, last: &str| {
        let unit = Unit::new("fuse", "web");
        let mut first = started(std::slice::from_ref(&unit));
        if let Body::RunStarted { verb: of_run, .. } = &mut first {
            *of_run = verb.into();
        }
        let evidence = [("it mounts", "y"), ("it reads", "y"), ("it writes", last)];
        let evidence = evidence.map(|(claim, found)| Evidence::equal(claim, "a trial", "y", found));
        let (unit, warnings) = (unit.clone(), Vec::new());
        vec![
            first,
            Body::Verified { unit: unit.clone(), evidence: evidence.to_vec(), warnings },
            ended(&unit, Outcome::Verified),
        ]
    };
    assert_snapshot!(human(verified("run", "y"), USUAL), @r"
    Verified web: fuse (1.0 s)
             holds: it writes, and 2 more (-v shows them)
    ");
    assert_snapshot!(human(verified("run", "n"), USUAL), @r"
    Verified web: fuse (1.0 s)
             holds: it mounts
             holds: it reads
             does not hold: it writes
               expected: y
               observed: n
               looked at: a trial
    ");
    assert_snapshot!(human(verified("verify", "y"), USUAL), @r"
    Verified web: fuse (1.0 s)
             holds: it mounts
               observed: y
               looked at: a trial
             holds: it reads
               observed: y
               looked at: a trial
             holds: it writes
               observed: y
               looked at: a trial
    ");
    let asked = human(verified("run", "y"), view(Detail::Verbose, 80));
    assert_eq!(asked, human(verified("verify", "y"), USUAL));
}

#[test]
fn what_a_killed_run_left() {
    let ended = vec!["`apt-get -y` (process 7)".into(), "`sh` (process 8)".into()];
    let text = human(vec![Body::Leftovers { target: "web".into(), ended }], ENDLESS);
    assert_snapshot!(text, @r"
    Warning ended `apt-get -y` (process 7), which a killed run had left in `web`
    Warning ended `sh` (process 8), which a killed run had left in `web`
    ");
}
