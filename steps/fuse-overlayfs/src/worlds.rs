//! Containers to rehearse in: as they come, as they drift, and as they must not be touched.

use phoenix_sdk::{
    FileState, Permissions, ServiceState, World, dev_fuse,
    wire::MachineId::Container,
    world::{Event, Fact, Trigger, regular},
};

use crate::{daemon, docker, flags, proof};

mod migrating;

#[cfg(test)]
pub(crate) use migrating::{loses_an_image, more, not_loaded_yet, on_vfs};

const DAEMON: &str =
    "{\"features\": {\"containerd-snapshotter\": false}, \"storage-driver\": \"fuse-overlayfs\"}\n";
const MOUNTED: &str = "stage folders\ntype fuse.fuse-overlayfs\nstage mount\nstage read\nstage write\n\
                       stage remove\nstage unmount\n";
/// Where the fake Docker remembers the driver that it was started with.
const STARTED: &str = "/run/fake-docker-driver";

pub(crate) fn all() -> Vec<World> {
    let mut worlds = vec![
        fresh("fresh"),
        ubuntu(),
        prepared("converged"),
        with_docker("converged, with Docker", "fuse-overlayfs"),
        has_own_keys(),
    ];
    worlds.extend(drifted());
    worlds.extend(migrating::all());
    worlds.extend(must_not_be_touched());
    worlds
}

fn device() -> FileState {
    let permissions = Permissions { mode: 0o666, uid: 65534, gid: 65534 };
    FileState::Device { block: false, major: 10, minor: 229, permissions }
}

/// A container with systemd and nothing of ours.
fn fresh(name: &str) -> World {
    let mut world = World::container(name)
        .reaction(
            Trigger::RestartContainer,
            vec![Fact::Option(dev_fuse::KEY.to_owned(), dev_fuse::VALUE.to_owned())],
            vec![Event::File(Container, "/dev/fuse".to_owned(), device())],
        )
        .reaction(
            Trigger::RestartContainer,
            vec![Fact::Option("features".to_owned(), "keyctl=1,fuse=1".to_owned())],
            vec![Event::File(Container, "/dev/fuse".to_owned(), device())],
        )
        .reaction(
            Trigger::RestartContainer,
            vec![our_driver_in(daemon::PATH)],
            vec![Event::File(Container, STARTED.to_owned(), regular("fuse-overlayfs"))],
        )
        .reaction(
            Trigger::Start(docker::SERVICE.to_owned()),
            vec![our_driver_in(daemon::PATH)],
            vec![Event::File(Container, STARTED.to_owned(), regular("fuse-overlayfs"))],
        );
    world.host.files.insert("/dev/fuse".to_owned(), device());
    let ready = vec![
        Fact::Installed(Container, "fuse-overlayfs".to_owned()),
        Fact::Exists(Container, "/dev/fuse".to_owned()),
    ];
    let whole =
        Fact::Contains(Container, daemon::PATH.to_owned(), "snapshotter\": false".to_owned());
    // Where it is not ready, the probe has no answer, which is a failure too: a script in each world has its
    // price, since the worlds travel in the metadata.
    world.container = world
        .container
        .answers(&proof::MOUNT, ready, 0, MOUNTED)
        .answers(&daemon::READ, vec![our_driver_in(daemon::PATH), whole], 0, DAEMON)
        .answers(&daemon::READ, vec![], 0, "{\"storage-driver\": \"vfs\"}\n")
        .answers(&docker::INFO, vec![our_driver_in(STARTED)], 0, "\"fuse-overlayfs\" null\n")
        .answers(&docker::INFO, vec![], 0, "\"vfs\" null\n");
    world
}

fn our_driver_in(path: &str) -> Fact {
    Fact::Contains(Container, path.to_owned(), "fuse-overlayfs".to_owned())
}

/// Everything as wanted, and no Docker yet.
fn prepared(name: &str) -> World {
    let mut world = fresh(name);
    world.options.push((dev_fuse::KEY.to_owned(), dev_fuse::VALUE.to_owned()));
    world.container =
        world.container.package("fuse-overlayfs", "1.10-1").file(daemon::PATH, DAEMON);
    world.container.files.insert("/dev/fuse".to_owned(), device());
    world
}

/// The same with a Docker that was started with this driver and has nothing.
fn with_docker(name: &str, driver: &str) -> World {
    let mut world = prepared(name);
    let unit = "ExecStart={ path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// ; }\n";
    world.container = world
        .container
        .service(docker::SERVICE, ServiceState::running())
        .file(STARTED, driver)
        .answers(&flags::UNIT, vec![], 0, unit)
        .answers(&docker::IMAGES, vec![], 0, "")
        .answers(&docker::CONTAINERS, vec![], 0, "")
        .answers(&docker::RUNNING, vec![], 0, "");
    world
}

fn ubuntu() -> World {
    let mut world = fresh("fresh, Ubuntu 24.04");
    world.container = world.container.file(
        "/etc/os-release",
        "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n",
    );
    world
}

fn has_own_keys() -> World {
    let mut world = fresh("the user has keys of his own");
    world.container = world.container.file(
        daemon::PATH,
        "{\n\t\"log-opts\": { \"max-size\": \"10m\" },\n\t\"features\": {\"buildkit\": true}\n}\n",
    );
    world
}

/// Worlds that a host built with an SDK before 1.2 could not rehearse: it knows nothing of Proxmox, nor of lines that
/// are removed. They stay here.
#[cfg(test)]
pub(crate) fn of_proxmox() -> Vec<World> {
    let mut twice = prepared("Proxmox is told twice to bring the device in").on_pve();
    twice = twice.stops_with("FUSE-TWICE");
    twice.options = [("features", "fuse=1"), ("dev[n]", "/dev/fuse")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec();
    vec![twice, left_by_scripts()]
}

/// What the old scripts made of a container on Proxmox.
#[cfg(test)]
fn left_by_scripts() -> World {
    let mut world = fresh("a script split the entry at its blanks").on_pve();
    world.options.extend(
        [
            ("features", "keyctl=1"),
            (dev_fuse::KEY, "/dev/fuse"),
            ("", "none"),
            ("", "bind,create=file"),
            ("", "my own remark"),
            ("lxc.cgroup2.devices.allow", "a"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    world
}

fn drifted() -> Vec<World> {
    let mut package = prepared("the package was removed");
    package.container.packages.clear();
    let mut option = prepared("the container's option was removed");
    option.options.retain(|(key, _)| key != dev_fuse::KEY);
    let mut restart = prepared("an earlier run was cut short before the restart");
    restart.container.files.remove("/dev/fuse");
    let mut key = with_docker("a key of daemon.json was changed, Docker runs", "fuse-overlayfs");
    key.container = key.container.file(daemon::PATH, "{\"storage-driver\": \"fuse-overlayfs\"}\n");
    key.container = key.container.answers_only(&docker::RUNNING, 0, "web\n");
    let mut empty = with_docker("Docker runs on another driver and has nothing", "vfs");
    empty.container = empty.container.file(daemon::PATH, "{\"storage-driver\": \"vfs\"}\n");
    let mut leftover = prepared("old data that were hidden long ago stay as they are");
    leftover.container = leftover.container.file("/var/lib/docker/vfs/dir/0a1b/etc/passwd", "root");
    let cut = with_docker("Docker was not restarted after the file was written", "vfs");
    // As Docker 20.10 leaves its folders when it has run on overlay2 and nothing was ever pulled.
    let mut unused = fresh("a stopped Docker was on another driver and has nothing");
    unused.container =
        unused.container.file("/var/lib/docker/image/overlay2/repositories.json", "{}");
    for path in ["overlay2/l", "image/overlay2/imagedb", "containers", "containerd/daemon"] {
        unused.container = unused.container.folder(&format!("/var/lib/docker/{path}"));
    }
    vec![package, option, restart, key, empty, cut, leftover, unused]
}

fn must_not_be_touched() -> Vec<World> {
    let mut silent =
        with_docker("Docker does not answer", "vfs").stops_with("DOCKER-NOT-ANSWERING");
    silent.container = silent.container.answers_only(&docker::INFO, 1, "");

    let hides = "DOCKER-DRIVER-HIDES-DATA";
    let stored = fresh("a stopped Docker has images of another driver").stops_with(hides);
    let orphans = fresh("a stopped Docker has layers of another driver").stops_with(hides);
    let moved = fresh("a stopped Docker has containers elsewhere").stops_with(hides);
    let flag =
        with_docker("Docker's unit sets the driver", "vfs").stops_with("DOCKER-DRIVER-ELSEWHERE");
    let mut worlds = vec![
        silent,
        stored.on_target(|machine| {
            let image = "/var/lib/docker/image/overlay2";
            let names = "{\"Repositories\":{\"nginx\":{\"nginx:1\":\"sha256:ab\"}}}";
            machine
                .file(&format!("{image}/imagedb/content/sha256/ab"), "{}")
                .file(&format!("{image}/repositories.json"), names)
        }),
        orphans.on_target(|machine| {
            machine
                .file(daemon::PATH, "{\"storage-driver\": \"vfs\"}")
                .file("/var/lib/docker/vfs/dir/0a1b/etc/passwd", "root")
        }),
        moved.on_target(|machine| {
            machine
                .file(daemon::PATH, "{\"data-root\": \"/srv/docker\"}")
                .file("/srv/docker/containers/c1/config.v2.json", "{\"Driver\":\"overlay2\"}")
        }),
        flag.on_target(|machine| {
            let unit = "ExecStart={ argv[]=/usr/sbin/dockerd --storage-driver=vfs ; }\n";
            machine.answers_only(&flags::UNIT, 0, unit)
        }),
        with_docker("systemd does not show Docker's unit", "fuse-overlayfs")
            .stops_with("DOCKER-UNIT-UNREADABLE")
            .on_target(|machine| machine.answers_only(&flags::UNIT, 1, "")),
        fresh("daemon.json is broken")
            .stops_with("JSON-BROKEN")
            .on_target(|machine| machine.file(daemon::PATH, "{\"storage-driver\": \"vfs\",}")),
        fresh("an unknown distribution")
            .stops_with("OS-UNSUPPORTED")
            .on_target(|machine| machine.file("/etc/os-release", "ID=alpine\nVERSION_ID=3.20\n")),
        fresh("no systemd").stops_with("SYSTEMD-MISSING").on_target(|mut machine| {
            machine.files.remove("/run/systemd/system");
            machine
        }),
    ];
    let mut elsewhere =
        with_docker("daemon.json is a link", "fuse-overlayfs").stops_with("FILE-NOT-REGULAR");
    let target = "/srv/daemon.json".to_owned();
    elsewhere.container.files.insert(daemon::PATH.to_owned(), FileState::Symlink { target });
    worlds.push(elsewhere);
    worlds
}
