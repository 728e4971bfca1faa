//! What a plan says.

use insta::assert_snapshot;
use phoenix_sdk::Consent;

use super::*;
use crate::{
    effect::Installation,
    engine::{
        Deed, State,
        event::{Forecast, Planned},
    },
    graph::HOST,
    report::plan,
};

fn shown(bodies: Vec<Body>, view: View) -> String {
    let mut state = State::default();
    events(bodies).iter().for_each(|event| state.fold(event));
    anstream::adapter::strip_str(&plan(&state, view)).to_string()
}

fn wanted(change: Change, diff: Option<&str>, forecast: Option<Forecast>) -> Planned {
    Planned {
        summary: change.kind.to_string(),
        consent: change.kind.consent(),
        deed: Deed::Change(change),
        diff: diff.map(str::to_owned),
        forecast,
    }
}

fn checked(unit: &Unit, changes: Vec<Planned>, warnings: &[&str]) -> [Body; 2] {
    let outcome = match changes.len() {
        0 => Outcome::Unchanged,
        changes => Outcome::WouldChange { changes },
    };
    let warnings = warnings.iter().map(|warning| (*warning).to_owned()).collect();
    let notes = vec!["all is there".to_owned()];
    let unit = unit.clone();
    [
        Body::Checked { unit: unit.clone(), round: 1, changes, notes, warnings },
        ended(&unit, outcome),
    ]
}

/// What a step wants of a container: something taken away, edited, installed, restarted, and done for good.
fn changes(target: &str) -> Vec<Planned> {
    let names = ["docker.io", "iptables"].map(str::to_owned).to_vec();
    let packages = Kind::Packages { names, recommends: false };
    let reckoned = Installation { packages: 14, download: 74_200_000, disk: 289_000_000 };
    let path = format!("/var/lib/lxc/{target}/config");
    let edited = format!("--- {path}\n+++ {path}\n@@ -1,2 +1,2 @@\n same\n-old \u{1b}[2J\n+new\n");
    let option = Kind::ContainerOption {
        key: "lxc.mount.entry".into(),
        value: "/dev/fuse dev/fuse none bind,create=file 0 0".into(),
        others: phoenix_sdk::Others::Kept,
    };
    let for_good = Kind::Command {
        argv: vec!["true".into()],
        about: "forget the old layers".into(),
        unless: Vec::new(),
        consent: None,
        undo: None,
        time_limit_s: None,
    };
    vec![
        wanted(Change::new(Kind::Absent { path: "/etc/x".into() }), None, None),
        wanted(
            Change::new(option).because("Docker's mounts need `/dev/fuse` in the container"),
            Some(&edited),
            None,
        ),
        wanted(
            Change::new(packages).because("not installed: `docker.io`, `iptables`"),
            None,
            Some(Forecast::Installation(reckoned)),
        ),
        wanted(restart(), None, Some(Forecast::LastTook(12_300))),
        wanted(Change::new(for_good), None, None),
    ]
}

fn fleet() -> Vec<Body> {
    let host = Unit::new("tunables", HOST);
    let steps = |target: &str| ["fuse", "docker"].map(|step| Unit::new(step, target));
    let [web, db, done] = ["web", "db", "done"].map(steps);
    let units: Vec<Unit> = [&[host.clone()][..], &web, &db, &done].concat();
    let mut bodies = vec![started(&units)];
    bodies.extend(checked(
        &host,
        Vec::new(),
        &["the kernel of this host has no AppArmor: containers are NOT confined by it"],
    ));
    for [fuse, docker] in [&web, &db] {
        bodies.extend(checked(fuse, changes(&fuse.target), &[]));
        bodies.extend(checked(docker, Vec::new(), &[]));
    }
    done.iter().for_each(|unit| bodies.extend(checked(unit, Vec::new(), &[])));
    bodies.push(Body::RunFinished { took_ms: 420, exit: 0 });
    bodies
}

#[test]
fn a_fleet() {
    assert_snapshot!(shown(fleet(), NARROW), @r"
    Look at this first
      ! web, db: restart the container (needs --allow restart)
          `/dev/fuse` is not in the container yet
          12.3 s each at most without service, as the last time
      ! web, db: forget the old layers (cannot be undone)

    host
    └─ tunables: unchanged
       warning: the kernel of this host has no AppArmor:
         containers are NOT confined by it

    web
    ├─ fuse: 5 changes
    │  - remove `/etc/x`
    │  ~ set `lxc.mount.entry = /dev/fuse dev/fuse none
    │    bind,create=file 0 0` in the container's configuration
    │    Docker's mounts need `/dev/fuse` in the container
    │      --- /var/lib/lxc/web/config
    │      +++ /var/lib/lxc/web/config
    │      @@ -1,2 +1,2 @@
    │       same
    │      -old \u{1b}[2J
    │      +new
    │  + install `docker.io`, `iptables` (14 packages, 74.2 MB
    │    to download, 289 MB on disk)
    │    not installed: `docker.io`, `iptables`
    │  ! restart the container (needs --allow restart; 12.3 s
    │    without service, as the last time)
    │    `/dev/fuse` is not in the container yet
    │  ! forget the old layers (cannot be undone)
    └─ unchanged: docker
    the same in db

    unchanged: done

    10 changes in 2 units on 2 targets; 5 unchanged. Looked in
    420 ms. Nothing has been changed yet.
    A run needs `--allow restart`.
    ");
    assert_snapshot!(shown(fleet(), USUAL), @r"
    Look at this first
      ! web, db: restart the container (needs --allow restart)
          `/dev/fuse` is not in the container yet
          12.3 s each at most without service, as the last time
      ! web, db: forget the old layers (cannot be undone)

    host
    └─ tunables: unchanged
       warning: the kernel of this host has no AppArmor: containers are NOT
         confined by it

    web
    ├─ fuse: 5 changes
    │  - remove `/etc/x`
    │  ~ set `lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0` in
    │    the container's configuration
    │    Docker's mounts need `/dev/fuse` in the container
    │      --- /var/lib/lxc/web/config
    │      +++ /var/lib/lxc/web/config
    │      @@ -1,2 +1,2 @@
    │       same
    │      -old \u{1b}[2J
    │      +new
    │  + install `docker.io`, `iptables` (14 packages, 74.2 MB to download, 289 MB
    │    on disk)
    │    not installed: `docker.io`, `iptables`
    │  ! restart the container (needs --allow restart; 12.3 s without service, as
    │    the last time)
    │    `/dev/fuse` is not in the container yet
    │  ! forget the old layers (cannot be undone)
    └─ unchanged: docker
    the same in db

    unchanged: done

    10 changes in 2 units on 2 targets; 5 unchanged. Looked in 420 ms. Nothing has
    been changed yet.
    A run needs `--allow restart`.
    ");
    assert_snapshot!(shown(fleet(), WIDE), @r"
    Look at this first
      ! web, db: restart the container (needs --allow restart)
          `/dev/fuse` is not in the container yet
          12.3 s each at most without service, as the last time
      ! web, db: forget the old layers (cannot be undone)

    host
    └─ tunables: unchanged
       warning: the kernel of this host has no AppArmor: containers are NOT confined by it

    web
    ├─ fuse: 5 changes
    │  - remove `/etc/x`
    │  ~ set `lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0` in the container's configuration
    │    Docker's mounts need `/dev/fuse` in the container
    │      --- /var/lib/lxc/web/config
    │      +++ /var/lib/lxc/web/config
    │      @@ -1,2 +1,2 @@
    │       same
    │      -old \u{1b}[2J
    │      +new
    │  + install `docker.io`, `iptables` (14 packages, 74.2 MB to download, 289 MB on disk)
    │    not installed: `docker.io`, `iptables`
    │  ! restart the container (needs --allow restart; 12.3 s without service, as the last time)
    │    `/dev/fuse` is not in the container yet
    │  ! forget the old layers (cannot be undone)
    └─ unchanged: docker
    the same in db

    unchanged: done

    10 changes in 2 units on 2 targets; 5 unchanged. Looked in 420 ms. Nothing has been changed yet.
    A run needs `--allow restart`.
    ");
}

#[test]
fn in_ascii_nothing_else_is_drawn() {
    let ascii = shown(fleet(), View { ascii: true, ..USUAL });
    assert!(ascii.is_ascii(), "{ascii}");
    assert_eq!(ascii.lines().count(), shown(fleet(), USUAL).lines().count());
    assert!(ascii.contains("`- unchanged: docker"), "{ascii}");
}

#[test]
fn a_quiet_plan_has_the_dangers_and_the_counts() {
    assert_snapshot!(shown(fleet(), view(Detail::Quiet, 80)), @r"
    Look at this first
      ! web, db: restart the container (needs --allow restart)
          `/dev/fuse` is not in the container yet
          12.3 s each at most without service, as the last time
      ! web, db: forget the old layers (cannot be undone)

    10 changes in 2 units on 2 targets; 5 unchanged. Looked in 420 ms. Nothing has
    been changed yet.
    A run needs `--allow restart`.
    ");
}

#[test]
fn what_is_the_same_elsewhere_is_shown_once_and_what_differs_is_not_folded() {
    let mut bodies = fleet();
    let text = shown(bodies.clone(), USUAL);
    assert_eq!(text.matches("forget the old layers").count(), 2, "danger and plan: {text}");
    // The other container wants one change less.
    for body in &mut bodies {
        if let Body::Checked { unit, changes, .. } = body
            && unit.target == "db"
        {
            changes.truncate(3);
        }
    }
    let text = shown(bodies, USUAL);
    assert!(!text.contains("the same in"), "{text}");
    assert!(text.contains("\ndb\n"), "{text}");
}

#[test]
fn a_long_difference_is_cut_unless_all_is_wanted() {
    let unit = Unit::new("profile", HOST);
    let lines: String = (1..=40).map(|number| format!("+rule {number}\n")).collect();
    let diff = format!("--- /etc/p\n+++ /etc/p\n@@ -0,0 +1,40 @@\n{lines}");
    let change = Change::new(Kind::AppArmorProfile { name: "p".into(), text: String::new() });
    let mut bodies = vec![started(std::slice::from_ref(&unit))];
    bodies.extend(checked(&unit, vec![wanted(change, Some(&diff), None)], &[]));
    let text = shown(bodies.clone(), USUAL);
    assert!(text.contains("+rule 13\n") && !text.contains("+rule 14\n"), "{text}");
    assert!(text.contains("27 more lines (-v shows them)"), "{text}");
    assert!(shown(bodies, view(Detail::Verbose, 80)).contains("+rule 40\n"));
}

#[test]
fn what_cannot_be_planned() {
    let [fuse, docker] = ["fuse", "docker"].map(|step| Unit::new(step, "web"));
    let bodies = vec![
        started(&[fuse.clone(), docker.clone()]),
        ended(&fuse, broken()),
        Body::UnitSkipped { unit: docker, because: fuse },
        Body::RunFinished { took_ms: 90, exit: 7 },
    ];
    assert_snapshot!(shown(bodies, NARROW), @r"
    web
    ├─ fuse: cannot be planned
    │  error[APT-DOWNLOAD]: packages cannot be downloaded
    │    cause: E: \u{1b}[31mTemporary failure
    │    hint: Check the target's network and apt sources, then
    │      run again.
    └─ docker: not looked at, because fuse failed

    Planned what could be looked at: 0 changes; 1 unit failed, 1
    skipped. Looked in 90 ms.
    ");
}

#[test]
fn nothing_to_change() {
    let unit = Unit::new("fuse", "web");
    let mut bodies = vec![started(std::slice::from_ref(&unit))];
    bodies.extend(checked(&unit, Vec::new(), &[]));
    bodies.push(Body::RunFinished { took_ms: 90, exit: 0 });
    assert_snapshot!(shown(bodies.clone(), USUAL), @r"
    unchanged: web

    Nothing to change: 1 unit unchanged. Looked in 90 ms.
    ");
    assert!(shown(bodies, view(Detail::Verbose, 80)).contains("fine: all is there"));
}

#[test]
fn consent_is_said_once_for_all() {
    let unit = Unit::new("fuse", "web");
    let planned = |consent| Planned { consent: Some(consent), ..wanted(restart(), None, None) };
    let changes = vec![planned(Consent::Migrate), planned(Consent::Restart)];
    let mut bodies = vec![started(std::slice::from_ref(&unit))];
    bodies.extend(checked(&unit, changes, &[]));
    let text = shown(bodies, USUAL);
    assert!(text.ends_with("A run needs `--allow restart,migrate`.\n"), "{text}");
}
