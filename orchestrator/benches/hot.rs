//! The pieces that every container of a run goes through. `cargo bench -p phoenix-orch`; the whole is measured by
//! `cargo xtask bench scale`.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use phoenix_orch::{
    catalog::host::frame::{Decoder, Frame, Kind},
    effect::facts::dpkg,
    engine::{
        Body, Event, Sink as _, State,
        event::{FORMAT, Outcome},
    },
    graph::{Graph, Queue, StepNode, Unit},
    journal::{Journal, JournalSink},
};
use phoenix_sdk::{
    FileState, Observed, Permissions, Scope, ServiceState, Subject,
    boundary::Doc,
    wire::{Answer, FORM, Input, Look, MachineId, Target},
};

/// Containers of the large ones.
const CONTAINERS: usize = 10_000;
/// What a converged check looks at, about.
const LOOKS: usize = 12;

fn frames(c: &mut Criterion) {
    let document = "x".repeat(3 << 10);
    let bytes = Frame::encode(Kind::Request, 7, &document);
    let mut group = c.benchmark_group("frames");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("encode", |b| b.iter(|| Frame::encode(Kind::Request, 7, &document)));
    group.bench_function("decode", |b| {
        let mut decoder = Decoder::new(1 << 20);
        b.iter(|| {
            decoder.push(&bytes);
            decoder.take()
        });
    });
    group.finish();
}

fn observed(number: usize) -> Observed {
    let permissions = Permissions { mode: 0o644, uid: 0, gid: 0 };
    match number % 3 {
        0 => Observed::Service(ServiceState::running()),
        1 => Observed::ContainerOption { values: vec!["lxc-phoenix-v2".to_owned()] },
        _ => {
            let content = "storage-driver = fuse-overlayfs\n".repeat(8).as_str().into();
            Observed::File(FileState::Regular { content, permissions })
        }
    }
}

fn documents(c: &mut Criterion) {
    let look = |number| Look {
        machine: MachineId::Container,
        subject: Subject::File { path: format!("/etc/{number}") },
        seen: observed(number),
    };
    let target = Target {
        name: "web".to_owned(),
        machine: MachineId::Container,
        manager: Default::default(),
    };
    let input = Input {
        form: FORM,
        target,
        apparmor: Default::default(),
        params: serde_json::Value::Null,
        own_params: false,
        report: None,
        looks: (0..LOOKS).map(look).collect(),
    };
    let answer = Answer::Observed { seen: (0..LOOKS).map(|number| Ok(observed(number))).collect() };
    let (input_text, answer_text) = (Doc::write(&input), Doc::write(&answer));
    let mut group = c.benchmark_group("documents");
    group.bench_function("write the input of a check", |b| b.iter(|| Doc::write(&input)));
    group.bench_function("read the input of a check", |b| {
        b.iter(|| black_box(&input_text).read::<Input>())
    });
    group.bench_function("write an answer", |b| b.iter(|| Doc::write(&answer)));
    group.bench_function("read an answer", |b| b.iter(|| black_box(&answer_text).read::<Answer>()));
    group.finish();
}

/// Three steps in each container, one of them on the host too.
fn steps() -> Vec<StepNode> {
    let node = |name: &str, scope, requires: &[&str]| StepNode {
        name: name.to_owned(),
        scope,
        requires: requires.iter().map(|name| (*name).to_owned()).collect(),
        note: String::new(),
    };
    vec![
        node("tunables", Scope::Host, &[]),
        node("profile", Scope::HostAndContainers, &["tunables"]),
        node("overlay", Scope::Container, &["profile"]),
        node("docker", Scope::Container, &["overlay"]),
    ]
}

fn containers() -> Vec<String> {
    (0..CONTAINERS).map(|number| format!("ct{number:06}")).collect()
}

fn graph(c: &mut Criterion) {
    let (steps, containers) = (steps(), containers());
    let graph = Graph::build(&steps, &containers).expect("steps that can be ordered");
    let mut group = c.benchmark_group("graph of 10,000 containers");
    group.sample_size(20);
    group.bench_function("build", |b| b.iter(|| Graph::build(&steps, &containers)));
    group.bench_function("queue", |b| {
        b.iter(|| {
            let mut queue = Queue::new(&graph);
            while let Some(unit) = queue.next_ready() {
                black_box(queue.finish(unit, true));
            }
        });
    });
    group.finish();
}

/// All events of a converged run.
fn events(run: &str, containers: usize) -> Vec<Event> {
    let units: Vec<Unit> = (0..containers)
        .flat_map(|number| {
            ["profile", "overlay", "docker"].map(|step| Unit::new(step, format!("ct{number:06}")))
        })
        .collect();
    let begin = Body::RunStarted {
        verb: "run".to_owned(),
        version: "0".to_owned(),
        features: vec!["docker".to_owned()],
        units: units.clone(),
        waits_for: Vec::new(),
        environment: None,
        takes_back: None,
    };
    let notes: Vec<String> =
        (0..6).map(|number| format!("`/etc/docker/{number}` is as wanted")).collect();
    let of_unit = |unit: Unit| {
        [
            Body::UnitStarted { unit: unit.clone() },
            Body::Checked {
                unit: unit.clone(),
                round: 1,
                changes: Vec::new(),
                notes: notes.clone(),
                warnings: Vec::new(),
            },
            Body::UnitFinished { unit, outcome: Outcome::Unchanged, took_ms: 3 },
        ]
    };
    let bodies = [begin].into_iter().chain(units.into_iter().flat_map(of_unit));
    let bodies = bodies.chain([Body::RunFinished { took_ms: 1, exit: 0 }]);
    (1..)
        .zip(bodies)
        .map(|(seq, body)| Event {
            format: FORMAT,
            run: run.to_owned(),
            seq,
            at: Timestamp::UNIX_EPOCH,
            body,
        })
        .collect()
}

fn state(c: &mut Criterion) {
    let events = events("r", 1_000);
    c.bench_function("fold the events of 1,000 containers", |b| {
        b.iter_batched(
            State::default,
            |mut state| {
                events.iter().for_each(|event| state.fold(event));
                state
            },
            BatchSize::LargeInput,
        );
    });
}

fn journal(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let journal = Journal::open(folder.path()).expect("a journal");
    let mut group = c.benchmark_group("journal");
    group.sample_size(20);
    let mut number = 0;
    group.bench_function("a converged run of 100 containers", |b| {
        b.iter_batched(
            || {
                number += 1;
                events(&format!("r{number}"), 100)
            },
            |events| {
                let mut sink = JournalSink(&journal);
                events.iter().try_for_each(|event| sink.hear(event)).expect("a disk with room");
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// A database of packages, a few times as large as that of a container with Docker.
fn packages(c: &mut Criterion) {
    let text: String = (0..5000)
        .map(|at| {
            format!(
                "Package: p{at}\nStatus: install ok installed\nMaintainer: A <a@b>\nArchitecture: amd64\n\
                 Version: 1:2-3\nSection: x\nDescription: short\n long\n .\n more\n\n"
            )
        })
        .collect();
    let names = ["p17", "p4711", "q"].map(str::to_owned);
    let mut group = c.benchmark_group("packages");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("installed", |b| b.iter(|| dpkg::installed(text.as_bytes(), &names)));
    group.finish();
}

criterion_group!(hot, frames, documents, graph, state, journal, packages);
criterion_main!(hot);
