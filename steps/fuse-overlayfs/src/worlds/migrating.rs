//! Containers whose Docker has something on another driver.

use phoenix_sdk::{
    World,
    wire::MachineId::Container,
    world::{Event, FakeMachine, Trigger},
};

#[cfg(test)]
use super::STARTED;
use super::{device, our_driver_in, with_docker};
use crate::{daemon, docker, migration};

const FOLDER: &str = "/var/lib/docker/phoenix-orch-migration";
const LIST: &str = "phoenix-orch docker migration 1\ndriver vfs\nstore graphdriver\n\
                    folder /var/lib/docker/vfs\nimage sha256:aa\ntag sha256:aa nginx:1\n";

/// What travels in the step's metadata: these worlds are large, because scripts are part of them.
pub(super) fn all() -> Vec<World> {
    let mut busy = on_vfs_named("Docker runs on vfs and has images and containers");
    busy.container = busy.container.answers_only(&docker::RUNNING, 0, "web\n");
    vec![busy, arrived()]
}

/// More of them, for the step's own tests.
#[cfg(test)]
pub(crate) fn more() -> Vec<World> {
    let mut no_device = on_vfs_named("images on vfs, and no /dev/fuse in the container");
    no_device.container.files.remove("/dev/fuse");
    let again = on_vfs_named("an earlier run was killed after the images were saved")
        .on_target(|machine| machine.file(&format!("{FOLDER}/manifest"), LIST));
    let mut left = with_docker("what an earlier attempt left, and nothing to carry over", "vfs");
    left.container = left
        .container
        .file(daemon::PATH, "{\"storage-driver\": \"vfs\"}\n")
        .file(&format!("{FOLDER}/manifest"), LIST)
        .answers(&migration::CLEANED, vec![our_driver_in(STARTED)], 0, "")
        .answers(&migration::CLEANED, vec![], 1, "")
        .answers(&migration::LOADED, vec![], 0, "");
    let mut worlds = vec![no_device, again, left];
    worlds.extend(must_not_be_begun());
    worlds
}

/// A running Docker on vfs with an image that has a name, one without that a container uses, and one that
/// nobody uses.
fn on_vfs_named(name: &str) -> World {
    let mut world = with_docker(name, "vfs").reaction(
        Trigger::RestartContainer,
        vec![],
        vec![Event::File(Container, "/dev/fuse".to_owned(), device())],
    );
    let ours = || vec![our_driver_in(daemon::PATH)];
    let container = "{\"Id\":\"c1\",\"Name\":\"/web\",\"Image\":\"sha256:bb\",\"State\":{\"Running\":true},\
                     \"Config\":{\"Image\":\"sha256:bb\"},\"HostConfig\":{}}\n";
    let images = "{\"Id\":\"sha256:aa\",\"RepoTags\":[\"nginx:1\"],\"Size\":7,\"Config\":{}}\n\
                  {\"Id\":\"sha256:bb\",\"RepoTags\":[],\"Size\":7,\"Config\":{}}\n\
                  {\"Id\":\"sha256:cc\",\"RepoTags\":[],\"Size\":7,\"Config\":{}}\n";
    let carried = "image sha256:aa\nimage sha256:bb\ntag sha256:aa nginx:1\n";
    let machine = world
        .container
        .file(daemon::PATH, "{\"storage-driver\": \"vfs\"}\n")
        .answers_first(&docker::INFO, vec![], 0, "\"vfs\" null\n")
        .answers_first(&docker::INFO, ours(), 0, "\"fuse-overlayfs\" null\n")
        .answers_first(&docker::IMAGES, vec![], 0, "nginx:1\n<none>:<none>\n")
        .answers_first(&docker::CONTAINERS, vec![], 0, "web\n")
        .answers(&migration::FACTS, vec![], 0, &facts(false))
        .answers(&migration::PLACE, vec![], 0, "free 99000000\nheld 0\nsize 5\n")
        .answers(&migration::VISIBLE, ours(), 0, &format!("driver fuse-overlayfs\n{carried}"))
        .answers(&migration::VISIBLE, vec![], 0, &format!("driver vfs\n{carried}image sha256:cc\n"))
        .answers(&migration::SAVED, vec![], 1, "")
        .answers(&migration::LOADED, ours(), 0, "")
        .answers(&migration::CLEANED, ours(), 0, "");
    let machine = lists(machine, "container", container);
    let machine = lists(machine, "image", images);
    let machine = lists(machine, "network", "{\"Name\":\"bridge\"}\n");
    world.container = lists(machine, "volume", "");
    world
}

fn facts(live_restore: bool) -> String {
    format!(
        "{{\"Driver\":\"vfs\",\"DockerRootDir\":\"/var/lib/docker\",\"LiveRestoreEnabled\":{live_restore}}}\n"
    )
}

fn lists(machine: FakeMachine, kind: &str, text: &str) -> FakeMachine {
    let list = migration::LIST;
    let mut argv: Vec<&str> = list.argv.iter().map(|word| &**word).collect();
    argv.push(kind);
    machine.probe(&argv, vec![], 0, text)
}

/// After a migration.
fn arrived() -> World {
    let mut world = with_docker("all was carried over, and the list is kept", "fuse-overlayfs");
    world.container = world
        .container
        .file(&format!("{FOLDER}/carried"), LIST)
        .file("/var/lib/docker/vfs/dir/0a1b", "")
        .answers(&migration::PLACE, vec![], 0, "free 9\nheld 0\n")
        .answers(
            &migration::VISIBLE,
            vec![],
            0,
            "driver fuse-overlayfs\nimage sha256:aa\ntag sha256:aa nginx:1\n",
        );
    world
}

#[cfg(test)]
fn must_not_be_begun() -> Vec<World> {
    let machine =
        |world: World, change: &dyn Fn(FakeMachine) -> FakeMachine| world.on_target(change);
    vec![
        machine(
            on_vfs_named("there is no room for the images").stops_with("DOCKER-MIGRATION-SPACE"),
            &|machine| machine.answers_only(&migration::PLACE, 0, "free 9\nheld 0\nsize 5\n"),
        ),
        machine(
            on_vfs_named("the room is unknown").stops_with("DOCKER-MIGRATION-SPACE"),
            &|machine| machine.answers_only(&migration::PLACE, 1, ""),
        ),
        machine(
            on_vfs_named("containers go on without dockerd")
                .stops_with("DOCKER-MIGRATION-LIVE-RESTORE"),
            &|machine| machine.answers_only(&migration::FACTS, 0, &facts(true)),
        ),
        machine(
            on_vfs_named("Docker tells nonsense").stops_with("DOCKER-NOT-ANSWERING"),
            &|machine| machine.answers_only(&migration::FACTS, 0, "nonsense\n"),
        ),
    ]
}

/// For tests of what happens after a failure: one image does not arrive, and Docker answers again after going back or
/// does not.
#[cfg(test)]
pub(crate) fn loses_an_image(back: bool) -> World {
    let mut world = on_vfs_named("an image does not arrive");
    let ours = |path: &str| vec![our_driver_in(path)];
    let arrived = "driver fuse-overlayfs\nimage sha256:aa\n";
    if !back {
        // Once it was started with the other driver.
        world.container = world.container.answers_first(&migration::VISIBLE, ours(STARTED), 1, "");
    }
    world.container =
        world.container.answers_first(&migration::VISIBLE, ours(daemon::PATH), 0, arrived);
    world
}

/// For tests of what is done on the way.
#[cfg(test)]
pub(crate) fn on_vfs() -> World {
    on_vfs_named("images on vfs")
}

/// For tests of a run that was cut off between the switch and the load.
#[cfg(test)]
pub(crate) fn not_loaded_yet() -> World {
    let mut world = with_docker("images wait", "fuse-overlayfs");
    world.container = world
        .container
        .file(&format!("{FOLDER}/expected"), LIST)
        .answers(&migration::LOADED, vec![], 1, "")
        .answers(&migration::CLEANED, vec![], 1, "");
    world
}
