//! Docker in a container: versions, storage drivers, what they lie on, and runc.

use super::{
    DAEMON, Host, Look, MOUNTS, Severity, found, judged, program, with_config, with_inside,
};

#[test]
fn versions() {
    use Severity::{Blocks, Fine, Warns};
    for (command, text, code, wanted) in [
        ("dockerd", "Docker version 29.0.0, build x", "DOCTOR-DOCKER", Warns),
        ("dockerd", "Docker version 29.0.1, build x", "DOCTOR-DOCKER", Fine),
        ("dockerd", "what?", "DOCTOR-DOCKER", Warns),
        ("runc", "runc version 1.5.1\n", "DOCTOR-RUNC", Blocks),
        ("runc", "runc version 1.5.2\n", "DOCTOR-RUNC", Fine),
        ("fuse-overlayfs", &program("1.14"), "DOCTOR-FUSE-OVERLAYFS", Fine),
        ("fuse-overlayfs", &program("1.15"), "DOCTOR-FUSE-OVERLAYFS", Warns),
        ("fuse-overlayfs", &program("1.16"), "DOCTOR-FUSE-OVERLAYFS", Warns),
    ] {
        let container = with_inside(|look| look.ran(command, 0, text, ""));
        assert_eq!(judged(&container, code).0, wanted, "{text}");
    }
    let own = with_inside(|look| {
        look.ran("where is fuse-overlayfs", 0, "/usr/local/bin/fuse-overlayfs\n", "")
    });
    assert_eq!(judged(&own, "DOCTOR-FUSE-OVERLAYFS").0, Warns);
    let none = with_inside(|look| look.ran("dockerd", 127, "", ""));
    assert_eq!(judged(&none, "DOCTOR-DOCKER"), (Severity::Advice, Some("docker-install")));
}

#[test]
fn storage_drivers() {
    use Severity::{Advice, Blocks, Fine, Warns};
    let fuse = r#"{"storage-driver": "fuse-overlayfs"}"#;
    let store =
        r#"{"storage-driver": "fuse-overlayfs", "features": {"containerd-snapshotter": true}}"#;
    let native = r#"{"storage-driver": "overlay2"}"#;
    for (daemon, docker, running, wanted) in [
        (DAEMON, "29.0.0", "fuse-overlayfs", Fine),
        (fuse, "29.0.0", "", Blocks),
        (fuse, "29.0.1", "fuse-overlayfs", Fine),
        (native, "29.0.0", "overlay2", Advice),
        (store, "29.7.2", "", Blocks),
        (store, "28.5.2", "fuse-overlayfs", Fine),
        (fuse, "28.5.2", "vfs", Warns),
        ("{}", "28.5.2", "vfs", Warns),
        ("{}", "29.1.0", "native (containerd)", Warns),
        ("{}", "29.1.0", "overlayfs (containerd)", Advice),
        ("", "28.5.2", "", Advice),
    ] {
        let container = with_inside(|look| {
            let exit = if running.is_empty() { 3 } else { 0 };
            look.with("/etc/docker/daemon.json", daemon)
                .ran("dockerd", 0, &format!("Docker version {docker}, build x"), "")
                .ran("docker info", exit, running, "")
        });
        assert_eq!(
            judged(&container, "DOCTOR-STORAGE-DRIVER").0,
            wanted,
            "{daemon} {docker} {running}"
        );
    }
    let missing = with_inside(|look| look.ran("fuse-overlayfs", 127, "", ""));
    assert_eq!(judged(&missing, "DOCTOR-STORAGE-DRIVER"), (Blocks, Some("fuse-overlayfs")));
    let silent = with_inside(|look| look.ran("docker info", 1, "", "Cannot connect\n"));
    assert_eq!(judged(&silent, "DOCTOR-STORAGE-DRIVER").0, Warns);
    for text in ["{", "[1]", "{\"a\": 1,}"] {
        let broken = with_inside(|look| look.with("/etc/docker/daemon.json", text));
        assert_eq!(judged(&broken, "DOCTOR-DAEMON-JSON").0, Blocks, "{text}");
    }
}

#[test]
fn runc_under_the_containers_profile() {
    use Severity::{Blocks, Fine, Warns};
    let path = "/etc/apparmor.d/lxc-phoenix-v2";
    let denying = |version: &str| {
        let mut container =
            with_inside(|look| look.ran("runc", 0, &format!("runc version {version}"), ""));
        container.outside =
            container.outside.with(path, "include <abstractions/lxc/container-base>\n");
        container
    };
    assert_eq!(
        judged(&denying("1.3.6"), "DOCTOR-RUNC-PROFILE"),
        (Blocks, Some("apparmor-profile"))
    );
    assert_eq!(judged(&denying("1.1.5+ds1"), "DOCTOR-RUNC-PROFILE").0, Warns);

    let generated = |text: Option<&str>| {
        let mut container = with_config("features: nesting=1\n");
        let folder = "/var/lib/lxc/101/apparmor";
        container.outside = match text {
            None => Look::default().with_folder(folder, None),
            Some(text) => Look::default()
                .with_folder(folder, Some(&["lxc-101_<-var-lib-lxc>"]))
                .with(&format!("{folder}/lxc-101_<-var-lib-lxc>"), text),
        };
        container
    };
    let denies = "  deny /sys/[^fdc]*{,/**} wklx,\n";
    assert_eq!(judged(&generated(Some(denies)), "DOCTOR-RUNC-PROFILE").0, Blocks);
    assert_eq!(judged(&generated(Some("  mount,\n")), "DOCTOR-RUNC-PROFILE").0, Fine);
    assert_eq!(judged(&generated(None), "DOCTOR-RUNC-PROFILE").0, Fine);
    let old = "Package: lxc\nStatus: install ok installed\nVersion: 1:5.0.2-1\n";
    let host = Host::healthy().with("/var/lib/dpkg/status", old);
    assert_eq!(found(&generated(None), &host, "DOCTOR-RUNC-PROFILE").severity, Blocks);
}

#[test]
fn overlays_are_judged_by_their_trial() {
    use Severity::{Advice, Blocks, Fine, Warns};
    let native = r#"{"storage-driver": "overlay2"}"#;
    for (daemon, exit, wanted) in [
        (DAEMON, 0, Advice),
        (DAEMON, 11, Fine),
        (DAEMON, 12, Fine),
        (DAEMON, 10, Warns),
        (native, 0, Fine),
        (native, 11, Blocks),
        (native, 12, Blocks),
    ] {
        let mut container = with_inside(|look| {
            look.with("/etc/docker/daemon.json", daemon).ran("overlay", exit, "", "mount: no\n")
        });
        container.state.as_mut().unwrap().label = None;
        assert_eq!(judged(&container, "DOCTOR-OVERLAY").0, wanted, "{daemon} {exit}");
        let host = Host::healthy().with("/proc/filesystems", "\text4\n");
        let untried = found(&container, &host, "DOCTOR-OVERLAY");
        assert_eq!(untried.severity, Advice, "a trial would load the module: {untried:?}");
    }
}

#[test]
fn data_roots() {
    use Severity::{Fine, Warns};
    for (kind, wanted) in [
        ("ext4", Fine),
        ("zfs", Fine),
        ("overlay", Fine),
        ("nfs4", Warns),
        ("tmpfs", Warns),
        ("fuse.sshfs", Warns),
    ] {
        let mounts = format!("{MOUNTS}3 1 0:3 / /var/lib/docker rw - {kind} x rw\n");
        let container = with_inside(|look| look.with("/proc/self/mountinfo", &mounts));
        assert_eq!(judged(&container, "DOCTOR-DATA-ROOT").0, wanted, "{kind}");
    }
}
