//! Containers to rehearse in: as they come, as they drift, and as they must not be touched.

use phoenix_sdk::{
    AppArmorPolicy, Denial, ServiceState, World,
    wire::MachineId::Container,
    world::{Event, Fact, Trigger},
};

use crate::{SERVICE, proof, repository};

const KEY: &str =
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\nfake\n-----END PGP PUBLIC KEY BLOCK-----\n";
const KEY_FILE: &str = "/etc/phoenix-orch/docker.asc";
const FROM_DOCKER: &str =
    r#"{"source": "docker", "repository": {"key_file": "/etc/phoenix-orch/docker.asc"}}"#;
const RAN: &str = "stage root\nstage import\nroot fuse.fuse-overlayfs\nstage run\nstage remove\n";

pub(crate) fn all() -> Vec<World> {
    let mut worlds = vec![
        fresh("fresh"),
        fresh_debian_13(),
        from_docker("fresh, from Docker's repository"),
        installed("converged"),
        from_docker_installed("converged, from Docker's repository"),
    ];
    worlds.extend(drifted());
    worlds.extend(confined());
    worlds.extend(must_not_be_touched());
    worlds
}

/// A container with systemd and without Docker.
fn fresh(name: &str) -> World {
    let mut world = World::container(name);
    for package in ["docker.io", "docker-ce"] {
        // The packages start the service themselves.
        world = world.reaction(
            Trigger::Install(package.to_owned()),
            vec![],
            vec![Event::Service(Container, SERVICE.to_owned(), ServiceState::running())],
        );
    }
    let runs = || Fact::Active(Container, SERVICE.to_owned());
    let has = |name: &str| Fact::Installed(Container, name.to_owned());
    let file = |path: &str| Fact::Exists(Container, path.to_owned());
    let debian = vec![has("docker.io"), has("iptables")];
    let docker = vec![has("docker-ce"), has("docker-ce-cli"), has("containerd.io")];
    let sources = vec![Fact::Contains(
        Container,
        repository::SOURCES_PATH.to_owned(),
        format!("Signed-By: {}", repository::KEY_PATH),
    )];
    world.container = world
        .container
        .answers(
            &proof::DRIVER,
            vec![runs()],
            0,
            "fuse-overlayfs [\"name=seccomp,profile=default\",\"name=cgroupns\"]\n",
        )
        .answers(&proof::WORKLOAD, vec![runs()], 0, RAN)
        .answers(
            &proof::ENABLED,
            vec![Fact::Enabled(Container, SERVICE.to_owned())],
            0,
            "enabled\n",
        )
        .answers(&proof::ENABLED, vec![], 1, "disabled\n")
        .answers(
            &proof::INSTALLED,
            vec![has("docker.io"), has("iptables"), has("docker-cli")],
            0,
            "installed docker.io\ninstalled docker-cli\ninstalled iptables\n",
        )
        .answers(&proof::INSTALLED, debian, 0, "installed docker.io\ninstalled iptables\n")
        .answers(
            &proof::INSTALLED,
            docker,
            0,
            "installed docker-ce\ninstalled docker-ce-cli\ninstalled containerd.io\n",
        )
        .answers(&proof::INSTALLED, vec![has("docker.io")], 1, "installed docker.io\n")
        .answers(
            &repository::TARGETS,
            sources,
            0,
            "http://deb.debian.org/debian/ bookworm main\n\
             https://download.docker.com/linux/debian/ bookworm stable\n",
        )
        .answers(&repository::KEY_SEEN, vec![file(repository::KEY_PATH)], 0, KEY);
    world
}

fn fresh_debian_13() -> World {
    fresh("fresh, Debian 13").on_target(|machine| {
        machine.file("/etc/os-release", "ID=debian\nVERSION_ID=13\nVERSION_CODENAME=trixie\n")
    })
}

pub(crate) fn from_docker(name: &str) -> World {
    let mut world = fresh(name);
    world.params = FROM_DOCKER.to_owned();
    world.host = world.host.file(KEY_FILE, KEY);
    world
}

fn installed(name: &str) -> World {
    fresh(name).on_target(|machine| {
        machine
            .package("docker.io", "20.10.24")
            .package("iptables", "1.8.9")
            .service(SERVICE, ServiceState::running())
    })
}

fn from_docker_installed(name: &str) -> World {
    let sources = "# Written by phoenix-orch (docker-install).\nTypes: deb\n\
                   URIs: https://download.docker.com/linux/debian\nSuites: bookworm\n\
                   Components: stable\nSigned-By: /etc/apt/keyrings/docker.asc\n";
    from_docker(name).on_target(|machine| {
        machine
            .package("ca-certificates", "20230311")
            .package("docker-ce", "28.5.2")
            .package("docker-ce-cli", "28.5.2")
            .package("containerd.io", "1.7.28")
            .file(repository::KEY_PATH, KEY)
            .file(repository::SOURCES_PATH, sources)
            .service(SERVICE, ServiceState::running())
    })
}

/// The container runs under the profile, and the logs have something to say.
fn confined() -> Vec<World> {
    let under = |name: &str, label: &str| {
        let mut world = installed(name);
        world.state.label = Some(label.to_owned());
        world
    };
    let mut boot = under("confined, and a boot unit was denied something", LABEL);
    boot.denials.denials.push(denial("(sd-mkdcreds)", None));
    let mut elsewhere = under("confined, and another container's Docker was denied", LABEL);
    elsewhere.denials.denials.push(denial("runc:[2:INIT]", Some("other")));
    let mut unread = installed("not confined, and no log can be read");
    unread.logs_unreadable = true;
    vec![
        under("confined", LABEL),
        under("the profile only complains", "lxc-phoenix-v2 (complain)"),
        boot,
        elsewhere,
        unread,
        installed("no AppArmor").without_apparmor(AppArmorPolicy::Optional),
    ]
}

/// The label of a confined container.
pub(crate) const LABEL: &str = "lxc-phoenix-v2 (enforce)";

/// A denial of a mount by this program, in this container if that is known.
pub(crate) fn denial(comm: &str, container: Option<&str>) -> Denial {
    Denial {
        profile: "lxc-phoenix-v2".to_owned(),
        operation: "umount".to_owned(),
        comm: comm.to_owned(),
        attempt: format!("`{comm}` tried to unmount `/x/`"),
        rule: Some("umount /x/,".to_owned()),
        container: container.map(str::to_owned),
        count: 2,
        ..Denial::default()
    }
}

fn drifted() -> Vec<World> {
    let mut package = installed("a package was removed");
    package.container.packages.remove("iptables");
    let disabled = installed("the service was disabled").on_target(|machine| {
        let state = ServiceState { enabled: "disabled".to_owned(), ..ServiceState::running() };
        machine.service(SERVICE, state)
    });
    let stopped = installed("the service was stopped").on_target(|machine| {
        let state = ServiceState {
            active: "failed".to_owned(),
            sub: "failed".to_owned(),
            ..ServiceState::running()
        };
        machine.service(SERVICE, state)
    });
    let sources = from_docker_installed("apt's source was changed").on_target(|machine| {
        machine.file(repository::SOURCES_PATH, "Types: deb\nURIs: http://mirror.example\n")
    });
    let mut key = from_docker_installed("the key was removed");
    key.container.files.remove(repository::KEY_PATH);
    vec![package, disabled, stopped, sources, key]
}

fn must_not_be_touched() -> Vec<World> {
    let mut both =
        from_docker("the distribution's Docker is there").stops_with("DOCKER-OTHER-FAMILY");
    both.container = both.container.package("docker.io", "20.10.24");
    let theirs = fresh("Docker's own Docker is there")
        .on_target(|machine| machine.package("docker-ce", "28.5.2"))
        .stops_with("DOCKER-OTHER-FAMILY");
    let mut no_key = from_docker("the key file is missing").stops_with("DOCKER-KEY-MISSING");
    no_key.host.files.remove(KEY_FILE);
    let mut page = from_docker("the key file is a web page").stops_with("DOCKER-KEY-MISSING");
    page.host = page.host.file(KEY_FILE, "<html>404</html>");
    let mut none = fresh("no key is configured").stops_with("DOCKER-KEY-MISSING");
    none.params = r#"{"source": "docker"}"#.to_owned();
    let mut url =
        from_docker("the address has a line of its own").stops_with("DOCKER-REPOSITORY-URL");
    url.params =
        r#"{"source": "docker", "repository": {"url": "http://a\nTrusted: yes", "key": "x"}}"#
            .to_owned();
    let mut unknown = fresh("a misspelt parameter").stops_with("PARAMS-INVALID");
    unknown.params = r#"{"sorce": "docker"}"#.to_owned();
    let mut init = fresh("no systemd").stops_with("SYSTEMD-MISSING");
    init.container.files.remove("/run/systemd/system");
    let other = fresh("an unknown distribution")
        .on_target(|machine| {
            machine.file("/etc/os-release", "ID=arch\nPRETTY_NAME=\"Arch Linux\"\n")
        })
        .stops_with("OS-UNSUPPORTED");
    let masked = installed("the service is masked")
        .on_target(|machine| {
            let state = ServiceState {
                load: "masked".to_owned(),
                enabled: "masked".to_owned(),
                active: "inactive".to_owned(),
                sub: "dead".to_owned(),
            };
            machine.service(SERVICE, state)
        })
        .stops_with("SERVICE-MASKED");
    vec![both, theirs, no_key, page, none, url, unknown, init, other, masked]
}
