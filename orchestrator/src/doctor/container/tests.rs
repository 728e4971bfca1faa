//! What is found about a container, from what was seen of it.

mod docker;

use phoenix_sdk::{ContainerState, FileState, Permissions};

use super::{Container, Host, Look, settings::Settings};
use crate::doctor::finding::{Finding, Severity};

const PVE: &str = "/etc/pve/lxc/101.conf";
const CONFIG: &str = "features: nesting=1,fuse=1\nunprivileged: 1\n\
    lxc.apparmor.profile: lxc-phoenix-v2\nlxc.apparmor.allow_nesting: 1\n";
const MOUNTS: &str =
    "1 0 0:1 / / rw - ext4 /dev/sda rw\n2 1 0:2 / /dev/.lxc/proc rw - proc proc rw\n";
const DAEMON: &str =
    r#"{"storage-driver": "fuse-overlayfs", "features": {"containerd-snapshotter": false}}"#;

fn device(minor: u32) -> FileState {
    let permissions = Permissions { mode: 0o666, uid: 65534, gid: 65534 };
    FileState::Device { block: false, major: 10, minor, permissions }
}

/// As it prints it itself.
fn program(version: &str) -> String {
    format!(
        "fusermount3 version: 3.14.0\nfuse-overlayfs: version {version}\nFUSE library version 3.14.0\n"
    )
}

fn inside() -> Look {
    Look::default()
        .with("/proc/self/mountinfo", MOUNTS)
        .with("/proc/1/comm", "systemd\n")
        .with("/etc/docker/daemon.json", DAEMON)
        .with("/usr/lib/os-release", "ID=debian\nVERSION_ID=12\nPRETTY_NAME=Debian\n")
        .without(&["/etc/os-release"])
        .with_folder("/run/systemd/system", Some(&[]))
        .with_state("/dev/fuse", Ok(device(229)))
        .ran("dockerd", 0, "Docker version 28.5.2, build x\n", "")
        .ran("containerd", 0, "containerd containerd.io 1.7.28 x\n", "")
        .ran("runc", 0, "runc version 1.3.6\n", "")
        .ran("fuse-overlayfs", 0, &program("1.10"), "unknown argument ignored: lazytime\n")
        .ran("where is fuse-overlayfs", 0, "/usr/bin/fuse-overlayfs\n", "")
        .ran("open /dev/fuse", 0, "", "")
        .ran("docker info", 0, "fuse-overlayfs\n", "")
        .ran("data root", 0, "/var/lib/docker\n", "")
        .ran("overlay", 11, "", "mount: permission denied\n")
}

/// A container that phoenix-orch has worked on.
fn container() -> Container {
    Container {
        name: "101".to_owned(),
        settings: Settings::of(PVE, CONFIG),
        state: Ok(ContainerState {
            running: true,
            unprivileged: true,
            label: Some("lxc-phoenix-v2 (enforce)".to_owned()),
        }),
        editable: Ok(()),
        pending: Ok(Vec::new()),
        outside: Look::default()
            .with("/etc/apparmor.d/lxc-phoenix-v2", "deny /sys/firmware/** wklx,\n")
            .with_folder("/var/lib/lxc/101/apparmor", None),
        inside: Some(Ok(inside())),
    }
}

fn found(container: &Container, host: &Host, code: &str) -> Finding {
    let findings = container.judge(host);
    let mut of = findings.iter().filter(|finding| finding.condition.code == code);
    let found = of.next().unwrap_or_else(|| panic!("no {code}: {findings:#?}")).clone();
    assert_eq!(of.next(), None);
    found
}

/// How bad it is on a healthy host, and which step mends it.
fn judged(container: &Container, code: &str) -> (Severity, Option<&'static str>) {
    let finding = found(container, &Host::healthy(), code);
    (finding.severity, finding.step)
}

fn with_config(text: &str) -> Container {
    Container { settings: Settings::of(PVE, text), ..container() }
}

fn with_inside(change: impl FnOnce(Look) -> Look) -> Container {
    Container { inside: Some(Ok(change(inside()))), ..container() }
}

fn with_label(label: &str) -> Container {
    let mut container = container();
    container.state.as_mut().unwrap().label = Some(label.to_owned());
    container
}

#[test]
fn in_a_converged_container_everything_is_fine() {
    for finding in container().judge(&Host::healthy()) {
        // Under our profile overlays are not tried, because it would only be denied.
        let wanted = match finding.condition.code {
            "DOCTOR-OVERLAY" => Severity::Advice,
            _ => Severity::Fine,
        };
        assert_eq!(finding.severity, wanted, "{finding:?}");
    }
}

#[test]
fn a_container_of_which_nothing_can_be_seen_is_never_fine() {
    let mut blind = container();
    blind.inside = Some(Ok(Look::default()));
    blind.outside = Look::default();
    let about_it =
        ["DOCTOR-NESTING", "DOCTOR-FUSE-INSIDE", "DOCTOR-DATA-ROOT", "DOCTOR-RUNC-PROFILE"];
    for code in about_it.into_iter().chain(["DOCTOR-DAEMON-JSON", "DOCTOR-RUNC", "DOCTOR-PLATFORM"])
    {
        assert_eq!(judged(&blind, code), (Severity::Warns, None), "{code}");
    }
}

#[test]
fn containers_that_cannot_be_worked_with() {
    let state = |running, unprivileged| Ok(ContainerState { running, unprivileged, label: None });
    let outside = |state, inside| Container { state, inside, ..container() };
    for (container, code, words) in [
        (with_config(&format!("template: 1\n{CONFIG}")), "DOCTOR-TARGET", "template"),
        (with_config(&format!("lock: backup\n{CONFIG}")), "DOCTOR-TARGET", "locked"),
        (outside(state(false, true), None), "DOCTOR-TARGET", "does not run"),
        (outside(state(true, true), Some(Err("no shell".into()))), "DOCTOR-TARGET", "entered"),
        (outside(Err("no quorum".into()), None), "DOCTOR-TARGET", "state"),
        (outside(state(true, false), None), "DOCTOR-UNPRIVILEGED", "privileged"),
    ] {
        let finding = found(&container, &Host::healthy(), code);
        assert_eq!(finding.severity, Severity::Blocks, "{finding:?}");
        assert!(finding.what.contains(words), "{finding:?}");
    }
    assert_eq!(
        judged(&with_config(&format!("template: 0\n{CONFIG}")), "DOCTOR-TARGET").0,
        Severity::Fine
    );
}

#[test]
fn who_else_looks_after_it_and_what_waits() {
    let managed = Container { editable: Err("managed by HA".to_owned()), ..container() };
    assert_eq!(judged(&managed, "DOCTOR-EDITABLE"), (Severity::Warns, None));
    let waiting = Container { pending: Ok(vec!["features".to_owned()]), ..container() };
    assert_eq!(judged(&waiting, "DOCTOR-PENDING"), (Severity::Advice, None));
    // What waits counts as done, and the running container has not got it.
    let text = "features: nesting=1\n[pve:pending]\nfeatures: nesting=1,fuse=1\n";
    assert!(Settings::of(PVE, text).has_fuse());
}

#[test]
fn platforms() {
    let os = |text: &'static str| with_inside(move |look| look.with("/etc/os-release", text));
    assert_eq!(judged(&os("ID=alpine\n"), "DOCTOR-PLATFORM").0, Severity::Warns);
    assert_eq!(
        judged(&os("ID=ubuntu\nVERSION_ID=\"24.04\"\n"), "DOCTOR-PLATFORM").0,
        Severity::Fine
    );
    let other_init = with_inside(|look| look.with_folder("/run/systemd/system", None));
    assert_eq!(judged(&other_init, "DOCTOR-PLATFORM").0, Severity::Warns);
}

#[test]
fn configurations() {
    use Severity::{Advice, Blocks, Fine, Warns};
    let own = "lxc.apparmor.profile: lxc-phoenix-v2\n";
    let nested = "lxc.apparmor.profile: lxc-phoenix-v2\nlxc.apparmor.allow_nesting: 1\n";
    let split = "lxc.mount.entry: /dev/fuse\nnone\nbind,create=file\n";
    for (text, code, wanted, step) in [
        (split, "DOCTOR-CONFIG-LINES", Warns, Some("fuse-overlayfs")),
        (split, "DOCTOR-FUSE-ENTRY", Blocks, Some("fuse-overlayfs")),
        ("features: fuse=1\ndev0: /dev/fuse\n", "DOCTOR-FUSE-ENTRY", Blocks, None),
        (own, "DOCTOR-FUSE-ENTRY", Fine, Some("x")),
        ("features: fuse=1\n", "DOCTOR-FUSE-ENTRY", Fine, Some("x")),
        ("lxc.cgroup2.devices.allow: a\n", "DOCTOR-DEVICES-ALLOW", Advice, Some("fuse-overlayfs")),
        // The running one still has it.
        (own, "DOCTOR-NESTING", Warns, Some("apparmor-profile")),
        (nested, "DOCTOR-NESTING", Fine, Some("x")),
        ("lxc.apparmor.profile: unconfined\n", "DOCTOR-PROFILE", Warns, Some("apparmor-profile")),
        (
            "lxc.apparmor.profile: lxc_phoenix_v2\n",
            "DOCTOR-PROFILE",
            Warns,
            Some("apparmor-profile"),
        ),
        ("lxc.apparmor.profile: lxc-gone\n", "DOCTOR-PROFILE", Blocks, Some("apparmor-profile")),
        ("features: nesting=1\n", "DOCTOR-PROFILE", Fine, Some("x")),
        ("features: nesting=1\n", "DOCTOR-LABEL", Warns, Some("apparmor-profile")),
    ] {
        let (severity, found) = judged(&with_config(text), code);
        assert_eq!(severity, wanted, "{code} {text}");
        assert!(wanted == Fine || found == step, "{code} {text}: {found:?}");
    }
}

#[test]
fn what_an_include_replaces() {
    let mut container = container();
    let profile = "lxc-container-default-with-nesting";
    container.settings = container.settings.included("lxc.apparmor.profile", profile);
    let finding = found(&container, &Host::healthy(), "DOCTOR-PROFILE");
    assert_eq!(finding.severity, Severity::Warns);
    assert!(finding.seen.iter().any(|seen| seen.contains(profile)), "{finding:?}");
}

#[test]
fn labels() {
    let generated = "lxc-101_</var/lib/lxc>//&:lxc-101_<-var-lib-lxc>:unconfined";
    assert_eq!(judged(&with_label(generated), "DOCTOR-LABEL").0, Severity::Warns);
    let mut fitting = with_label(generated);
    fitting.settings = Settings::of(PVE, "features: nesting=1\n");
    assert_eq!(judged(&fitting, "DOCTOR-LABEL").0, Severity::Fine);
    assert_eq!(judged(&with_label("unconfined"), "DOCTOR-LABEL").0, Severity::Warns);
}

#[test]
fn nesting_now_and_at_the_next_start() {
    let bare =
        |look: Look| look.with("/proc/self/mountinfo", "1 0 0:1 / / rw - ext4 /dev/sda rw\n");
    assert_eq!(judged(&with_inside(bare), "DOCTOR-NESTING").0, Severity::Blocks);
    let mut off = with_inside(bare);
    off.settings = Settings::of(PVE, "features: nesting=1\nlxc.apparmor.profile: lxc-x\n");
    let finding = found(&off, &Host::healthy(), "DOCTOR-NESTING");
    assert_eq!(finding.severity, Severity::Blocks);
    let seen = finding.seen.join("\n");
    assert!(seen.contains("does nothing beside") && seen.contains("systemd"), "{seen}");
}

#[test]
fn fuse_inside() {
    use Severity::{Blocks, Warns};
    let other =
        |look: Look| look.with("/etc/docker/daemon.json", "{}").ran("docker info", 3, "", "");
    let gone = |look: Look| look.without(&["/dev/fuse"]);
    let shut = |look: Look| {
        look.ran("open /dev/fuse", 2, "", "sh: cannot open /dev/fuse: Permission denied")
    };
    let wrong = |look: Look| look.with_state("/dev/fuse", Ok(device(200)));
    for (container, wanted, step) in [
        (with_inside(gone), Blocks, "fuse-overlayfs"),
        (with_inside(|look| gone(other(look))), Warns, "fuse-overlayfs"),
        (with_inside(shut), Blocks, "host-tunables"),
        (with_inside(wrong), Blocks, "fuse-overlayfs"),
    ] {
        assert_eq!(judged(&container, "DOCTOR-FUSE-INSIDE"), (wanted, Some(step)));
    }
}

#[test]
fn a_stopped_container_is_told_what_its_start_will_lack() {
    let mut stopped = with_config("features: nesting=1\n");
    stopped.state.as_mut().unwrap().running = false;
    stopped.inside = None;
    assert_eq!(judged(&stopped, "DOCTOR-FUSE-INSIDE"), (Severity::Advice, Some("fuse-overlayfs")));
}

#[test]
fn hostile_output_is_cut_and_cleaned() {
    let text = format!("runc version 1.3.6 \u{1b}[2J{}", "x".repeat(5000));
    let container = with_inside(|look| look.ran("runc", 0, &text, ""));
    let seen = found(&container, &Host::healthy(), "DOCTOR-RUNC").seen.concat();
    assert!(seen.len() <= 400 && !seen.chars().any(char::is_control), "{seen}");
}
