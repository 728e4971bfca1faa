//! Containers to rehearse in.

use phoenix_sdk::{FileState, Permissions, World};

use crate::mounted;

const ENTRY: &str = "/dev/nvidia0 dev/nvidia0 none bind,optional,create=file";
const PARAMS: &str = r#"{
    "options": [
        "lxc.mount.entry=/dev/nvidia0 dev/nvidia0 none bind,optional,create=file",
        "lxc.mount.auto: proc:rw sys:rw",
        "lxc.prlimit.nofile=65536"
    ],
    "features": ["nesting=1", "keyctl=1"]
}"#;

pub(crate) fn all() -> Vec<World> {
    let fresh = with("fresh", PARAMS);
    let on_pve = with("fresh, on Proxmox with features of its own", PARAMS).on_pve();
    let mut nothing = World::container("nothing is asked for");
    nothing.container = nothing.container.answers(&mounted::MOUNTS, vec![], 0, "/\n");
    vec![
        fresh,
        options(on_pve, &[("features", "keyctl=0,mount=nfs;cifs"), ("lxc.prlimit.nofile", "1024")]),
        options(converged("converged"), &[("lxc.mount.entry", "/dev/a dev/a none bind 0 0")]),
        options(converged("an option was set twice"), &[("lxc.prlimit.nofile", "1024")]),
        options(
            with("a script split the option at its blanks", PARAMS).on_pve(),
            &[("lxc.mount.entry", "/dev/nvidia0"), ("lxc.mount.auto", "proc:rw")],
        ),
        options(
            converged("a piece of the option was left beside it").on_pve(),
            &[("lxc.mount.entry", "/dev/nvidia0")],
        ),
        nothing,
        with("no option of LXC", r#"{"options": ["bind,create=file"]}"#)
            .stops_with("PARAMS-INVALID"),
        with("the profile", r#"{"options": ["lxc.apparmor.profile=unconfined"]}"#)
            .stops_with("OPTION-OF-ANOTHER-STEP"),
    ]
}

/// Worlds that stop the step with an error that the first SDK did not have; its hosts rehearse the others.
#[cfg(test)]
pub(crate) fn out_of_scope() -> Vec<World> {
    let stops = |name, params| with(name, params).stops_with("CHANGE-OUT-OF-SCOPE");
    vec![
        stops("a folder of the host", r#"{"options": ["lxc.mount.entry=/root r none bind 0 0"]}"#),
        stops("a program of the host's root", r#"{"options": ["lxc.hook.start=/bin/sh"]}"#),
    ]
}

fn with(name: &str, params: &str) -> World {
    let mut world = World::container(name);
    world.params = params.to_owned();
    world.own_params = true;
    let permissions = Permissions { mode: 0o666, uid: 0, gid: 0 };
    let device = FileState::Device { block: false, major: 195, minor: 0, permissions };
    world.host.files.insert("/dev/nvidia0".to_owned(), device);
    world.container = world.container.answers(&mounted::MOUNTS, vec![], 0, "/\n/proc\n");
    world
}

fn options(mut world: World, options: &[(&str, &str)]) -> World {
    let more = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    world.options.extend(more);
    world
}

pub(crate) fn converged(name: &str) -> World {
    options(
        with(name, PARAMS),
        &[
            ("lxc.mount.entry", ENTRY),
            ("lxc.mount.auto", "proc:rw sys:rw"),
            ("lxc.prlimit.nofile", "65536"),
        ],
    )
}
