//! Hosts and containers to rehearse with: as they come, as they drift, and as they must not be touched.

use phoenix_sdk::{
    AppArmorPolicy, World, require,
    wire::MachineId::{Container, Host},
    world::{Event, Fact, Trigger, regular},
};

use crate::{
    container::{self, NESTING, PROFILE},
    host,
    template::{self, NAME},
};

const FILE: &str = "/etc/apparmor.d/lxc-phoenix-v2";
/// Where the fake container remembers how it was started.
const STARTED: &str = "/run/fake-label";

pub(crate) fn all() -> Vec<World> {
    let mut worlds = hosts();
    worlds.extend(containers());
    worlds.extend(without_apparmor());
    worlds
}

fn fresh_host(name: &str) -> World {
    let mut world = World::host(name);
    let rendered = || vec![Fact::Contains(Host, FILE.to_owned(), template::text())];
    let enforced = || vec![Fact::Profile(NAME.to_owned())];
    world.host = world
        .host
        .answers(&host::LOADED, enforced(), 0, "lxc-phoenix-v2 (enforce)\n")
        .answers(&host::LOADED, vec![], 1, "")
        .answers(&host::TEXT, rendered(), 0, &template::text())
        .answers(&host::TEXT, vec![], 1, "")
        .answers(&host::SAME, rendered(), 0, "same\n")
        .answers(&host::SAME, vec![], 0, "not loaded\n")
        .answers(&require::APPARMOR_ENABLED, vec![], 0, "N\n");
    world
}

fn loaded_host(name: &str) -> World {
    let mut world = fresh_host(name);
    world.host = world.host.file(FILE, template::text());
    world.profiles.insert(NAME.to_owned(), template::text());
    world
}

fn hosts() -> Vec<World> {
    let mut changed = loaded_host("the file was changed by hand");
    changed.host = changed.host.file(FILE, "profile lxc-phoenix-v2 { file, }\n");
    let mut unloaded = loaded_host("the profile is not loaded");
    unloaded.profiles.clear();
    let mut complain = loaded_host("the file is there and another text is loaded");
    complain.host = complain.host.file(FILE, template::text().replace("mount,\n", "mount,\n\n"));
    let mut secretive = loaded_host("the kernel does not show what it was given");
    secretive.host = secretive.host.answers_only(&host::SAME, 0, "cannot tell\n");
    let mut parser = fresh_host("no parser").stops_with("APPARMOR-PARSER-MISSING");
    parser.kernel_apparmor.parser = false;
    vec![
        fresh_host("fresh host"),
        loaded_host("converged host"),
        changed,
        complain,
        unloaded,
        secretive,
        parser,
    ]
}

fn fresh_container(name: &str) -> World {
    let selected = vec![
        Fact::Option(PROFILE.to_owned(), NAME.to_owned()),
        Fact::Option(NESTING.to_owned(), "1".to_owned()),
    ];
    let confined = vec![
        Event::Label(container::wanted_label()),
        Event::File(Container, STARTED.to_owned(), regular("confined")),
    ];
    let mut world = World::container(name).reaction(Trigger::RestartContainer, selected, confined);
    let started = || vec![Fact::Exists(Container, STARTED.to_owned())];
    world.container = world
        .container
        .answers(&container::LABEL, started(), 0, "lxc-phoenix-v2 (enforce)\n")
        .answers(&container::LABEL, vec![], 0, "unconfined\n")
        .answers(&container::HELPERS, started(), 0, "1\n")
        .answers(&container::HELPERS, vec![], 1, "0\n");
    world.host = world.host.answers(&require::APPARMOR_ENABLED, vec![], 0, "N\n");
    world
}

fn confined_container(name: &str) -> World {
    let mut world = fresh_container(name);
    world.options.push((PROFILE.to_owned(), NAME.to_owned()));
    world.options.push((NESTING.to_owned(), "1".to_owned()));
    world.state.label = Some(container::wanted_label());
    world.container = world.container.file(STARTED, "confined");
    world
}

fn containers() -> Vec<World> {
    let mut unreadable = confined_container("the mounts cannot be read");
    unreadable.container = unreadable.container.answers_only(&container::HELPERS, 2, "");
    let unreadable = unreadable.stops_with("MOUNTS-UNREADABLE");
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
    let mut overridden =
        fresh_container("an include selects another profile").stops_with("LXC-INCLUDE-OVERRIDES");
    let nesting = "/usr/share/lxc/config/nesting.conf";
    overridden.options.push(("lxc.include".to_owned(), nesting.to_owned()));
    overridden.host = overridden.host.file(
        nesting,
        "# Use a profile which allows nesting\nlxc.apparmor.profile = lxc-container-default-with-nesting\n",
    );
    let mut harmless = confined_container("an include selects none");
    let common = "/usr/share/lxc/config/common.conf";
    harmless.options.push(("lxc.include".to_owned(), common.to_owned()));
    harmless.host =
        harmless.host.file(common, "#lxc.apparmor.profile = unconfined\nlxc.tty.max = 4\n");
    vec![
        unreadable,
        fresh_container("fresh container"),
        confined_container("confined container"),
        generated,
        option,
        twice,
        restart,
        helpers,
        overridden,
        harmless,
    ]
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
