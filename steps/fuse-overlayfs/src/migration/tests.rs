use phoenix_sdk::{CheckReport, Result, Step, StepError, World, testing::FakeHost};

use super::{STUCK, UNDONE};
use crate::{FuseOverlayfs, Params, daemon, worlds};

fn checked(host: &FakeHost) -> CheckReport {
    let input = host.input().unwrap();
    host.with(&input, &[], |cx| FuseOverlayfs.check(cx, &Params::default())).unwrap()
}

fn applied(world: World) -> (FakeHost, Result<()>) {
    let host = FakeHost::new(world, FuseOverlayfs::META);
    let input = host.input().unwrap();
    let params = Params::default();
    let report = checked(&host);
    let applied =
        host.with(&input, &report.changes, |cx| FuseOverlayfs.apply(cx, &params, &report));
    (host, applied)
}

fn failed(world: World) -> (World, StepError) {
    let (host, applied) = applied(world);
    (host.world(), applied.unwrap_err())
}

#[test]
fn definitions_are_recorded_and_hints_are_given() {
    let (host, applied) = applied(worlds::on_vfs());
    applied.unwrap();
    let recorded = host.recorded();
    let names: Vec<_> = recorded.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "docker-containers.json",
        "docker-networks.json",
        "docker-volumes.json",
        "docker-images.txt",
        "docker-run-hints.txt",
    ];
    assert_eq!(names, expected);
    let hints = recorded[4].1.to_text();
    assert_eq!(hints, "# web\ndocker run --detach --name web sha256:bb\n");
}

#[test]
fn an_image_that_does_not_arrive_sends_docker_back() {
    let before = worlds::loses_an_image(true);
    let (after, error) = failed(before.clone());
    assert_eq!(error.code, UNDONE.code, "{error}");
    assert!(error.causes.iter().any(|cause| cause.contains("sha256:bb")), "{error}");
    let daemon = |world: &World| world.container.files.get(daemon::PATH).cloned();
    assert_eq!(daemon(&after), daemon(&before));
    assert!(!after.container.files.keys().any(|path| path.contains("phoenix-orch-migration")));
}

#[test]
fn a_docker_that_does_not_come_back_is_said() {
    let (_, error) = failed(worlds::loses_an_image(false));
    assert_eq!(error.code, STUCK.code, "{error}");
    for part in ["`/var/lib/docker/vfs`", "\"storage-driver\": \"vfs\"", "docker-run-hints.txt"] {
        assert!(error.hints.iter().any(|hint| hint.contains(part)), "{:?}", error.hints);
    }
}

#[test]
fn what_an_earlier_run_left_after_the_switch_is_loaded_without_another_word() {
    let host = FakeHost::new(worlds::not_loaded_yet(), FuseOverlayfs::META);
    let kinds: Vec<_> = checked(&host).changes.into_iter().map(|change| change.kind).collect();
    let words: Vec<_> = kinds.iter().map(ToString::to_string).collect();
    let folder = "/var/lib/docker/phoenix-orch-migration";
    let expected = ["load", "remove"].map(|verb| format!("{verb} the images saved in `{folder}`"));
    assert_eq!(words, expected);
    assert!(kinds.iter().all(|kind| kind.consent().is_none()));
}

#[test]
fn a_plan_says_what_is_left_behind() {
    let report = checked(&FakeHost::new(worlds::on_vfs(), FuseOverlayfs::META));
    let warnings = report.warnings.join("\n");
    for part in [
        "2 of 3 images (14 bytes at most)",
        "no container uses stay on `vfs`: 1",
        "`web`, which runs now, stays on `vfs`",
        "docker run --detach --name web sha256:bb",
        "`/var/lib/docker/vfs` (5 bytes) stays as it is",
    ] {
        assert!(warnings.contains(part), "no {part}:\n{warnings}");
    }
    let parts: Vec<_> = report.changes.iter().map(|change| change.kind.to_string()).collect();
    let order = ["write", "save 2 images", "set ", "restart", "load", "remove"];
    assert!(parts.iter().zip(order).all(|(part, begin)| part.starts_with(begin)), "{parts:?}");
}
