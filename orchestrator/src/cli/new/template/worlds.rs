//! Machines as data: as they come, as they drift, and those on which the step must stop. Describe each way
//! in which yours can be found; the laws are tried in all of them.

use phoenix_sdk::{
    World,
    wire::MachineId::Container,
    world::{Fact, FakeMachine},
};

use crate::{LOGIN, MINUTES, PATH};

pub(crate) fn all() -> Vec<World> {
    vec![fresh(), drifted(), without_sense(), another_distribution()]
}

/// As it comes: Debian, and nothing of ours.
fn fresh() -> World {
    World::container("fresh").on_target(shells)
}

/// Somebody has edited the file: shells stay for ever.
fn drifted() -> World {
    World::container("drifted").on_target(|machine| shells(machine).file(PATH, "TMOUT=0\n"))
}

/// The operator wrote something that makes no sense.
fn without_sense() -> World {
    let mut world = World::container("no minutes").stops_with(MINUTES);
    world.params = r#"{"minutes": 0}"#.to_owned();
    world
}

/// Nobody has tried the step there, so it does not guess.
fn another_distribution() -> World {
    World::container("Alpine")
        .on_target(|machine| machine.file("/etc/os-release", "ID=alpine\n"))
        .stops_with("OS-UNSUPPORTED")
}

/// How shells answer the probe, by what is in the file: the first answer that fits is given.
fn shells(machine: FakeMachine) -> FakeMachine {
    let says = |line: &str| vec![Fact::Contains(Container, PATH.to_owned(), line.to_owned())];
    machine
        .answers(&LOGIN, says("TMOUT=600\n"), 0, "600\n")
        .answers(&LOGIN, says("TMOUT=0\n"), 0, "0\n")
        .answers(&LOGIN, vec![], 0, "\n")
}
