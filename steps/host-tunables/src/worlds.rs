//! Hosts to rehearse on: as they come, as they drift, and as they must not be touched.

use phoenix_sdk::{
    AppArmorPolicy, FileState, Permissions, World, require,
    wire::MachineId::Host,
    world::{Fact, FakeMachine},
};

use crate::{apparmor, fuse, proof};

const NAMED: &str = "@{apparmor_nesting_profiles} = lxc-phoenix-v2\n";

const HOME: &str = "@{HOME}=@{HOMEDIRS}/*/ /root/\n@{HOMEDIRS}=/home/\ninclude <tunables/home.d>\n";

pub(crate) fn all() -> Vec<World> {
    let mut worlds = vec![
        fresh("fresh"),
        without_apparmor("fresh, without AppArmor"),
        converged("converged"),
        converged("others have names there").on_target(|host| {
            host.file(apparmor::TUNABLE, "# ours\n@{apparmor_nesting_profiles} += lxc-site\n")
        }),
    ];
    worlds.extend(overwritten_home());
    worlds.extend(drifted());
    worlds.extend(must_not_be_touched());
    worlds
}

/// A host with AppArmor and nothing of ours.
pub(crate) fn fresh(name: &str) -> World {
    let mut world = World::host(name);
    world.host = with_device(world.host, 0o666)
        .answers(&proof::NODE, vec![], 0, "character special file a:e5\n")
        .answers(&proof::OPENS, vec![Fact::Mode(Host, fuse::DEVICE.to_owned(), 0o666)], 0, "")
        .answers(&proof::OPENS, vec![], 2, "")
        .answers(
            &proof::PREPROCESSED,
            vec![Fact::Contains(Host, apparmor::TUNABLE.to_owned(), "lxc-phoenix-v2".to_owned())],
            0,
            NAMED,
        )
        .answers(&proof::HOME, vec![has_home()], 0, "read\n")
        .answers(&proof::HOME, vec![], 1, "")
        .answers(&require::APPARMOR_ENABLED, vec![], 0, "N\n")
        .file(apparmor::HOME, HOME);
    world.host.sysctls.insert(apparmor::SYSCTL.to_owned(), "0".to_owned());
    modules(world)
}

/// The kernel's answers follow from its modules and settings by facts.
fn modules(mut world: World) -> World {
    let loaded = || vec![Fact::Module(Host, "fuse".to_owned())];
    let setting = || vec![Fact::Sysctl(Host, apparmor::SYSCTL.to_owned(), "1".to_owned())];
    let line = "kernel.unprivileged_userns_apparmor_policy = 1\n";
    world.host = world
        .host
        .answers(&proof::FILESYSTEM, loaded(), 0, "nodev\tfuse\n")
        .answers(&proof::FILESYSTEM, vec![], 1, "")
        .answers(&proof::AT_BOOT, loaded(), 0, "modules-load\n")
        .answers(&proof::AT_BOOT, vec![], 0, "not at boot\n")
        .answers(&proof::SYSCTL, setting(), 0, "1\n")
        .answers(&proof::SYSCTL, vec![], 0, "0\n")
        .answers(&proof::SYSCTL_AT_BOOT, setting(), 0, line);
    world
}

fn with_device(mut machine: FakeMachine, mode: u32) -> FakeMachine {
    let permissions = Permissions { mode, uid: 0, gid: 0 };
    let device = FileState::Device { block: false, major: 10, minor: 229, permissions };
    machine.files.insert(fuse::DEVICE.to_owned(), device);
    machine
}

fn converged(name: &str) -> World {
    let mut world = fresh(name);
    world.host.modules.insert("fuse".to_owned(), true);
    world.host.sysctls.insert(apparmor::SYSCTL.to_owned(), "1".to_owned());
    world.host.sysctls_at_boot.insert(apparmor::SYSCTL.to_owned(), "1".to_owned());
    world.host = world.host.file(apparmor::TUNABLE, NAMED);
    world
}

fn without_apparmor(name: &str) -> World {
    let mut world = fresh(name).without_apparmor(AppArmorPolicy::Optional);
    world.host.sysctls.clear();
    world
}

fn has_home() -> Fact {
    Fact::Contains(Host, apparmor::HOME.to_owned(), "@{HOMEDIRS}=".to_owned())
}

fn overwritten_home() -> Vec<World> {
    let overwrite = |world: World| {
        world.on_target(|host| host.file(apparmor::HOME, "# ours\n@{HOME}=/home/*/ /root/\n"))
    };
    let mut repaired = overwrite(converged("`tunables/home` was overwritten, and may be repaired"));
    repaired.params = r#"{"repair_home": true}"#.to_owned();
    let mut link = converged("`tunables/home` is a link").stops_with("TUNABLE-BROKEN");
    let target = "/root/home".to_owned();
    link.host.files.insert(apparmor::HOME.to_owned(), FileState::Symlink { target });
    vec![overwrite(converged("`tunables/home` was overwritten")), repaired, link]
}

fn drifted() -> Vec<World> {
    let mut boot = converged("the module is not loaded at boot");
    boot.host.modules.insert("fuse".to_owned(), false);
    let mut old = converged("the kernel has no such setting");
    old.host.sysctls.clear();
    old.host.sysctls_at_boot.clear();
    old.host = old.host.answers_only(&proof::SYSCTL, 1, "");
    let mut stacking = converged("the kernel cannot stack profiles");
    stacking.kernel_apparmor.stacking = false;
    let mut named = converged("other names are wanted");
    named.params = r#"{"profiles": ["lxc-phoenix-v2", "lxc-site"]}"#.to_owned();
    let both = "@{apparmor_nesting_profiles} = lxc-phoenix-v2 lxc-site\n";
    let has = |name: &str| Fact::Contains(Host, apparmor::TUNABLE.to_owned(), name.to_owned());
    named.host = named.host.answers_only(&proof::PREPROCESSED, 0, NAMED).answers_first(
        &proof::PREPROCESSED,
        vec![has("lxc-site")],
        0,
        both,
    );
    vec![
        boot,
        old,
        stacking,
        named,
        converged("the device is for root only").on_target(|host| with_device(host, 0o600)),
        converged("our name was removed").on_target(|host| {
            host.file(apparmor::TUNABLE, "@{apparmor_nesting_profiles} = lxc-site\n")
        }),
    ]
}

fn must_not_be_touched() -> Vec<World> {
    let mut incomplete =
        converged("the kernel mediates no mounts").stops_with("APPARMOR-INCOMPLETE");
    incomplete.kernel_apparmor.mounts = Some(false);
    let required = fresh("AppArmor is required and missing")
        .without_apparmor(AppArmorPolicy::Required)
        .stops_with("APPARMOR-MISSING");
    let mut parser = fresh("no parser").stops_with("APPARMOR-PARSER-MISSING");
    parser.kernel_apparmor.parser = false;
    let mut gone = converged("the device is gone").stops_with("FUSE-DEVICE-MISSING");
    gone.host.files.remove(fuse::DEVICE);
    let file = converged("a file in the device's place")
        .on_target(|host| host.file(fuse::DEVICE, ""))
        .stops_with("FUSE-DEVICE-WRONG");
    let twice = converged("the variable is set twice")
        .on_target(|host| host.file(apparmor::TUNABLE, NAMED.repeat(2)))
        .stops_with("TUNABLE-BROKEN");
    let mut name = converged("a name that is none").stops_with("PARAMS-INVALID");
    name.params = r#"{"profiles": ["a b"]}"#.to_owned();
    vec![incomplete, required, parser, gone, file, twice, name]
}
