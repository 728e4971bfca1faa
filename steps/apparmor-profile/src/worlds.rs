//! Hosts and containers to rehearse with: as they come, as they drift, and as they must not be touched.

use phoenix_sdk::{
    AppArmorPolicy, FileState, Permissions, World, dev_fuse, require,
    wire::MachineId::{Container, Host},
    world::{Event, Fact, Trigger, regular},
};

use crate::{
    container::{self, NESTING, PROFILE},
    data_root, docker, filter, host, seccomp,
    template::{self, NAME, Settings},
};

/// The profile with the default settings.
fn text() -> String {
    template::render(&Settings::default())
}

const FILE: &str = "/etc/apparmor.d/lxc-phoenix-v2";
/// Where the fake container remembers how it was started.
const STARTED: &str = "/run/fake-label";
/// Where the fake Docker remembers that it was told of its container.
const TOLD: &str = "/run/fake-docker-told";
const OWN_FILTER: &str = "/etc/lxc/site.seccomp";

pub(crate) fn all() -> Vec<World> {
    let mut worlds = hosts();
    worlds.extend(containers());
    worlds.extend(without_apparmor());
    worlds
}

fn fresh_host(name: &str) -> World {
    let mut world = World::host(name);
    let rendered = || Fact::Contains(Host, FILE.to_owned(), text());
    let loaded = || vec![Fact::Profile(NAME.to_owned())];
    let same = vec![rendered(), Fact::Enforces(NAME.to_owned(), text())];
    let filter = Fact::Contains(Host, seccomp::PATH.to_owned(), seccomp::text());
    let tunable = format!("@{{apparmor_nesting_profiles}} = {NAME}\n");
    world.host = world
        .host
        .answers(&host::LOADED, loaded(), 0, "lxc-phoenix-v2 (enforce)\n")
        .answers(&host::LOADED, vec![], 1, "")
        .answers(&host::TEXT, vec![rendered()], 0, &text())
        .answers(&host::TEXT, vec![], 1, "")
        .answers(&host::SAME, same, 0, "same\n")
        .answers(&host::SAME, loaded(), 0, "differs\n")
        .answers(&host::SAME, vec![], 0, "not loaded\n")
        .answers(&host::PREPROCESSED, vec![rendered()], 0, &(tunable + &text()))
        .answers(&host::PREPROCESSED, vec![], 1, "")
        .answers(&host::FILTER, vec![filter], 0, &seccomp::text())
        .answers(&host::FILTER, vec![], 1, "")
        .answers(&require::APPARMOR_ENABLED, vec![], 0, "N\n");
    world
}

fn loaded_host(name: &str) -> World {
    let mut world = fresh_host(name);
    world.host = world.host.file(FILE, text()).file(seccomp::PATH, seccomp::text());
    world.profiles.insert(NAME.to_owned(), text());
    world
}

fn hosts() -> Vec<World> {
    let mut changed = loaded_host("the file was changed by hand");
    changed.host = changed.host.file(FILE, "profile lxc-phoenix-v2 { file, }\n");
    let mut unloaded = loaded_host("the profile is not loaded");
    unloaded.profiles.clear();
    let mut complain = loaded_host("the file is there and another text is loaded");
    complain.host = complain.host.file(FILE, text().replace("mount,\n", "mount,\n\n"));
    let mut secretive = loaded_host("the kernel does not show what it was given");
    secretive.host = secretive.host.answers_only(&host::SAME, 0, "cannot tell\n");
    let mut tunable = loaded_host("the tunable changed after the profile was loaded");
    tunable.profiles.insert(NAME.to_owned(), "compiled from another tunable".to_owned());
    let filter = loaded_host("the seccomp filter was changed by hand")
        .on_target(|host| host.file(seccomp::PATH, "2\ndenylist\n"));
    let mut hostile =
        fresh_host("an extra rule that is more than one").stops_with("PARAMS-INVALID");
    hostile.params = r#"{"extra_rules": ["file, } profile other {"]}"#.to_owned();
    let mut parser = fresh_host("no parser").stops_with("APPARMOR-PARSER-MISSING");
    parser.kernel_apparmor.parser = false;
    vec![
        fresh_host("fresh host"),
        loaded_host("converged host"),
        changed,
        tunable,
        filter,
        hostile,
        complain,
        unloaded,
        secretive,
        parser,
    ]
}

fn fresh_container(name: &str) -> World {
    let selected = [
        (PROFILE, NAME),
        (NESTING, "1"),
        (filter::KEY, seccomp::PATH),
        (dev_fuse::KEY, dev_fuse::VALUE),
    ]
    .map(|(key, value)| Fact::Option(key.to_owned(), value.to_owned()));
    let mut world = World::container(name)
        .reaction(Trigger::RestartContainer, selected.to_vec(), started())
        .reaction(
            Trigger::RestartContainer,
            vec![Fact::Exists(Container, docker::DROP_IN.to_owned())],
            vec![Event::File(Container, TOLD.to_owned(), regular("told"))],
        );
    let started = || vec![Fact::Exists(Container, STARTED.to_owned())];
    let told = vec![Fact::Exists(Container, TOLD.to_owned())];
    world.container = world
        .container
        .answers(&container::LABEL, started(), 0, "lxc-phoenix-v2 (enforce)\n")
        .answers(&container::LABEL, vec![], 0, "unconfined\n")
        .answers(&container::HELPERS, started(), 0, "1\n")
        .answers(&container::HELPERS, vec![], 1, "0\n")
        .answers(
            &container::DEVICE,
            vec![Fact::Exists(Container, dev_fuse::PATH.to_owned())],
            0,
            "character special file a:e5\n",
        )
        .answers(&container::DEVICE, vec![], 1, "")
        .answers(&filter::ANSWERS, started(), 0, "")
        .answers(&filter::ANSWERS, vec![], 0, "428\n430\n")
        .answers(&docker::KNOWS, told, 0, "told\n")
        .answers(&docker::KNOWS, vec![], 0, "not told\n");
    world.host.files.insert(dev_fuse::PATH.to_owned(), device());
    world.host = world.host.file(seccomp::PATH, seccomp::text()).answers(
        &require::APPARMOR_ENABLED,
        vec![],
        0,
        "N\n",
    );
    world
}

/// What happens when the container is started with the right configuration.
fn started() -> Vec<Event> {
    vec![
        Event::Label(container::wanted_label()),
        Event::File(Container, STARTED.to_owned(), regular("confined")),
        Event::File(Container, dev_fuse::PATH.to_owned(), device()),
    ]
}

fn device() -> FileState {
    let permissions = Permissions { mode: 0o666, uid: 0, gid: 0 };
    FileState::Device { block: false, major: 10, minor: 229, permissions }
}

fn confined_container(name: &str) -> World {
    let mut world = fresh_container(name);
    for (key, value) in [
        (PROFILE, NAME),
        (NESTING, "1"),
        (filter::KEY, seccomp::PATH),
        (dev_fuse::KEY, dev_fuse::VALUE),
    ] {
        world.options.push((key.to_owned(), value.to_owned()));
    }
    world.state.label = Some(container::wanted_label());
    world.container = world.container.file(STARTED, "confined");
    world.container.files.insert(dev_fuse::PATH.to_owned(), device());
    world
}

fn containers() -> Vec<World> {
    let mut worlds =
        vec![fresh_container("fresh container"), confined_container("confined container")];
    worlds.extend(drifted_containers());
    worlds.extend(data_roots());
    worlds.extend(filters());
    worlds.extend(seeing_apparmor());
    worlds.extend(must_not_be_touched());
    worlds
}

fn drifted_containers() -> Vec<World> {
    let mut generated = fresh_container("the profile is LXC's generated one");
    generated.options.push((PROFILE.to_owned(), "generated".to_owned()));
    let mut option = confined_container("nesting was removed from the configuration");
    option.options.retain(|(key, _)| key != NESTING);
    let mut twice = confined_container("a second profile was added");
    twice.options.push((PROFILE.to_owned(), "unconfined".to_owned()));
    let mut restart = confined_container("an earlier run was cut short before the restart");
    restart.state.label = Some("unconfined".to_owned());
    restart.container.files.remove(STARTED);
    let mut helpers = confined_container("it was started without nesting");
    helpers.container.files.remove(STARTED);
    let mut device = confined_container("it was started without the device");
    device.container.files.remove(dev_fuse::PATH);
    vec![generated, option, twice, restart, helpers, device, without_fuse()]
}

/// Worlds that a host built with an SDK before 1.2 could not rehearse: it knows nothing of Proxmox, nor of lines that
/// are removed. They stay here.
#[cfg(test)]
pub(crate) fn more() -> Vec<World> {
    let mut split = fresh_container("an entry for the device that older scripts broke");
    split.options.push((dev_fuse::KEY.to_owned(), "/dev/fuse".to_owned()));
    [vec![split], on_proxmox()].concat()
}

/// Proxmox brings the device in by a property of its own, and the old scripts wrote lines of LXC's.
#[cfg(test)]
fn on_proxmox() -> Vec<World> {
    let pve = |name: &str, options: &[(&str, &str)]| {
        let mut world = fresh_container(name).on_pve();
        let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        world.options.extend(options);
        let features = |value: &str| Fact::Option("features".to_owned(), value.to_owned());
        for list in ["nesting=1,fuse=1", "keyctl=1,nesting=1,fuse=1", "keyctl=1,fuse=1"] {
            let selected = [(PROFILE, NAME), (NESTING, "1"), (filter::KEY, seccomp::PATH)];
            let selected =
                selected.map(|(key, value)| Fact::Option(key.to_owned(), value.to_owned()));
            world = world.reaction(
                Trigger::RestartContainer,
                selected.into_iter().chain([features(list)]).collect(),
                started(),
            );
        }
        world
    };
    let theirs = ("lxc.include", "/usr/share/lxc/config/nesting.conf");
    vec![
        pve("Proxmox", &[]),
        pve("Proxmox, with a property of the user's own", &[("features", "keyctl=1")]),
        pve(
            "Proxmox, where the profile is to manage nesting",
            &[("features", "keyctl=1"), (NESTING, "1")],
        ),
        pve(
            "Proxmox, after several runs of the old scripts",
            &[
                (PROFILE, NAME),
                theirs,
                (NESTING, "1"),
                theirs,
                (NESTING, "1"),
                ("features", "keyctl=1"),
            ],
        ),
    ]
}

/// Docker's data is not where it usually is, and the parameters may say so.
fn data_roots() -> Vec<World> {
    let elsewhere = |name: &str, params: &str| {
        let mut world = fresh_container(name);
        world.params = params.to_owned();
        world.on_target(|machine| {
            machine.file("/etc/docker/daemon.json", r#"{"data-root": "/srv/docker"}"#)
        })
    };
    let linked = |name: &str, params: &str| {
        let mut world = fresh_container(name);
        world.params = params.to_owned();
        let link = FileState::Symlink { target: "../../srv/docker".to_owned() };
        world.container.files.insert("/var/lib/docker".to_owned(), link);
        world.on_target(|machine| machine.answers(&data_root::RESOLVED, vec![], 0, "/srv/docker\n"))
    };
    let named = r#"{"data_roots": ["/srv/docker"]}"#;
    vec![
        elsewhere("Docker's data is elsewhere, as the parameters say", named),
        linked("Docker's data is linked elsewhere, as the parameters say", named),
        elsewhere("Docker's data is elsewhere", "{}").stops_with("DOCKER-DATA-ROOT"),
        linked("Docker's data is linked elsewhere", "{}").stops_with("DOCKER-DATA-ROOT"),
    ]
}

/// Neither the host nor the container has the device, and nothing needs it.
fn without_fuse() -> World {
    let mut world = confined_container("the storage driver needs no FUSE");
    world.params = r#"{"storage_driver": "vfs"}"#.to_owned();
    world.options.retain(|(key, _)| key != dev_fuse::KEY);
    world.container.files.remove(dev_fuse::PATH);
    world.host.files.remove(dev_fuse::PATH);
    world
}

fn filters() -> Vec<World> {
    let mut stock = fresh_container("LXC's own filter is selected");
    let common = "/usr/share/lxc/config/common.seccomp";
    stock.options.push((filter::KEY.to_owned(), common.to_owned()));
    let with = |mut world: World, text: &str| {
        world.options.retain(|(key, _)| key != filter::KEY);
        world.options.push((filter::KEY.to_owned(), OWN_FILTER.to_owned()));
        world.host = world.host.file(OWN_FILTER, text);
        world
    };
    let strict =
        with(confined_container("a filter of the user's own that is as strict"), &seccomp::text());
    let lax = with(
        fresh_container("a filter of the user's own lets the new mount API through"),
        "2\ndenylist\n",
    );
    let mut perl = confined_container("nobody can try the filter");
    perl.container = perl.container.answers_only(&filter::ANSWERS, 127, "");
    let mut late = confined_container("the host's libseccomp is older than the kernel");
    late.container = late.container.answers_only(&filter::ANSWERS, 0, "467\n");
    vec![late, stock, strict, lax.stops_with("SECCOMP-OTHER"), perl.stops_with("SECCOMP-UNKNOWN")]
}

/// Containers into which the host's securityfs is mounted.
fn seeing_apparmor() -> Vec<World> {
    let seeing = |world: World| world.on_target(|machine| machine.folder(docker::SECURITYFS));
    let told = confined_container("Docker was told already")
        .on_target(|machine| machine.file(docker::DROP_IN, docker::TEXT).file(TOLD, "told"));
    vec![
        seeing(fresh_container("a fresh container sees AppArmor")),
        seeing(confined_container("a confined container sees AppArmor")),
        seeing(told),
    ]
}

fn must_not_be_touched() -> Vec<World> {
    let mut unreadable = confined_container("the mounts cannot be read");
    unreadable.container = unreadable.container.answers_only(&container::HELPERS, 2, "");
    let mut own = fresh_container("parameters for one container");
    own.own_params = true;
    vec![unreadable.stops_with("MOUNTS-UNREADABLE"), own.stops_with("PROFILE-IS-SHARED")]
}

fn without_apparmor() -> Vec<World> {
    let missing = "APPARMOR-MISSING";
    vec![
        fresh_host("host without AppArmor").without_apparmor(AppArmorPolicy::Optional),
        fresh_container("container without AppArmor").without_apparmor(AppArmorPolicy::Optional),
        fresh_host("host without AppArmor, which is required")
            .without_apparmor(AppArmorPolicy::Required)
            .stops_with(missing),
        fresh_container("container without AppArmor, which is required")
            .without_apparmor(AppArmorPolicy::Required)
            .stops_with(missing),
    ]
}
