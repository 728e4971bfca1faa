//! What is looked at beforehand is what the step would have been shown, and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use phoenix_sdk::{FileState, MAX_FILE, Output, Permissions, Scope};

use super::*;
use crate::{
    config,
    effect::{Digest, Vault},
    engine::{Effect, Fleet, Memory, Mode, OnFailure},
    graph::Graph,
    runtime::Lxc,
    transport::{Read, Seen},
};

/// A machine with files of these modes.
struct Files(&'static [(&'static str, u32)]);

impl Reader for Files {
    fn read(&self, reads: &[Read]) -> Result<Vec<Result<Seen>>> {
        let seen = |read: &Read| {
            let Read::File { path } = read else { panic!("{read:?}") };
            if path.ends_with("broken") {
                return Err(Error::new(ErrorKind::Unreachable, "READ", "cannot be read"));
            }
            let found = self.0.iter().find(|(name, _)| name == path);
            Ok(Seen::File(found.map_or(FileState::Absent, |(_, mode)| {
                let permissions = Permissions { mode: *mode, uid: 0, gid: 0 };
                let size = if path.ends_with("large") { MAX_FILE / 2 } else { 3 };
                let content = vec![b'x'; size as usize].into();
                match path.matches('/').count() {
                    1 => FileState::Folder { permissions },
                    _ => FileState::Regular { content, permissions },
                }
            })))
        };
        Ok(reads.iter().map(seen).collect())
    }

    fn probe(&self, _: &Exec) -> Result<Output> {
        unreachable!("nothing is run to look")
    }
}

/// A memory that nobody who only looks needs.
struct Nothing;

impl Vault for Nothing {
    fn keep(&self, _: &[u8]) -> Result<Digest> {
        unreachable!()
    }
    fn fetch(&self, _: &Digest) -> Result<Vec<u8>> {
        unreachable!()
    }
}

impl Memory for Nothing {
    fn owes(&self, _: &Unit) -> Result<bool> {
        unreachable!()
    }
    fn owe(&self, _: &[&Unit], _: &str) -> Result<()> {
        unreachable!()
    }
    fn settle(&self, _: &Unit) -> Result<()> {
        unreachable!()
    }
    fn unverified(&self, _: &Unit, _: &str) -> Result<Vec<Effect>> {
        unreachable!()
    }
    fn cut_off(&self, _: &str, _: &str) -> Result<Vec<Unit>> {
        unreachable!()
    }
    fn in_force(&self) -> Result<Vec<(String, String)>> {
        unreachable!()
    }
    fn last_restart(&self, _: &str) -> Result<Option<u64>> {
        unreachable!()
    }
    fn in_doubt(&self, _: &str, _: &str) -> Result<Vec<Effect>> {
        unreachable!()
    }
}

const HOST: Files = Files(&[
    ("/etc", 0o755),
    ("/etc/hosts", 0o644),
    ("/etc/shadow", 0o640),
    ("/root", 0o700),
    ("/root/x", 0o644),
]);
const INSIDE: Files = Files(&[
    ("/etc", 0o755),
    ("/etc/shadow", 0o640),
    ("/root", 0o700),
    ("/root/x", 0o600),
    ("/etc/large", 0o644),
]);

fn with<T>(scope: Scope, work: impl FnOnce(&UnitHost<'_, '_>) -> T) -> T {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins.toml");
    let manifest = config::load(&manifest).unwrap();
    let (steps, graph) = (BTreeMap::new(), Graph::build(&[], &[]).unwrap());
    let runtime = Arc::new(Lxc::new("/nonexistent"));
    let fleet = Fleet::new(Arc::clone(&runtime) as _, &[]);
    let interrupted = AtomicBool::new(false);
    let job = Job {
        run: "r".to_owned(),
        mode: Mode::Plan { check: false },
        features: Vec::new(),
        manifest: &manifest,
        steps: &steps,
        graph: &graph,
        fleet: &fleet,
        apparmor: manifest.policy.apparmor,
        consents: BTreeSet::new(),
        ask: None,
        transcripts: None,
        jobs: 1,
        memory: &Nothing,
        on_failure: OnFailure::Stop,
        interrupted: &interrupted,
    };
    let recorder = Recorder::new("r".to_owned(), Vec::new(), &interrupted);
    let (unit, meta) = (Unit::new("s", "web"), Meta::new("s", "1.0.0", scope, ""));
    work(&UnitHost {
        job: &job,
        unit: &unit,
        meta: &meta,
        target: Target {
            host: &HOST,
            own: &INSIDE,
            container: Some((&*runtime, "web")),
            docker: None,
        },
        phase: Phase::Look,
        recorder: &recorder,
        performed: Mutex::new(0),
        recorded: Mutex::new(0),
        failure: Mutex::new(None),
        asked: Mutex::default(),
    })
}

/// Each path on each machine.
fn places() -> Vec<Place> {
    let paths = ["/etc/hosts", "/etc/shadow", "/root/x", "/etc/none", "/etc/broken", "/etc/large"];
    let machines = [MachineId::Container, MachineId::Host];
    let subjects = paths.map(|path| Subject::File { path: path.to_owned() });
    machines.iter().flat_map(|at| subjects.clone().map(|subject| (*at, subject))).collect()
}

fn asked(host: &UnitHost<'_, '_>, (machine, subject): &Place) -> Result<Observed, StepError> {
    let request = Request::Observe { machine: *machine, subjects: vec![subject.clone()] };
    match host.call(request)? {
        Answer::Observed { mut seen } => seen.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_look_is_the_answer_that_the_step_would_have_got() {
    for scope in [Scope::Container, Scope::HostAndContainers] {
        with(scope, |host| {
            let looks = host.foresee(&places());
            assert!(!looks.is_empty());
            for look in looks {
                assert_eq!(asked(host, &(look.machine, look.subject)), Ok(look.seen));
            }
        });
    }
}

#[test]
fn what_a_step_may_not_see_it_is_not_shown_unasked() {
    with(Scope::Container, |host| {
        let foreseen = host.foresee(&places());
        let shown = |(machine, subject): &Place| {
            foreseen.iter().any(|look| look.machine == *machine && look.subject == *subject)
        };
        let left: Vec<String> = places()
            .iter()
            .filter(|place| !shown(place))
            .map(|place| match asked(host, place) {
                Ok(_) => "large".to_owned(),
                Err(error) => error.code,
            })
            .collect();
        // Inside: a look that failed, and what is large. On the host: `/etc/shadow`, `/root/x`, and a look that failed.
        assert_eq!(left, ["READ", "large", "HOST-FILE-PRIVATE", "HOST-FILE-PRIVATE", "READ"]);
    });
}

#[test]
fn a_look_that_failed_unasked_is_no_failure_of_the_unit() {
    with(Scope::Container, |host| {
        host.foresee(&places());
        assert!(lock(&host.failure).is_none() && host.asked().is_empty());
        let broken = (MachineId::Container, Subject::File { path: "/etc/broken".to_owned() });
        asked(host, &broken).unwrap_err();
        assert_eq!(lock(&host.failure).as_ref().unwrap().code, "READ");
        assert_eq!(host.asked(), [broken]);
    });
}
