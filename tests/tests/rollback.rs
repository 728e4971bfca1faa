//! What a run did can be taken back, on a real container.

use anyhow::Result;
use phoenix_tests::{
    Finished, Listing, Workbench,
    crash::{self, Moment},
    listing::restorable,
};
use rustix::fs::{XattrFlags, getxattr, setxattr};
use xtask::testbed::{Container, Image, Options, Release};

#[test]
fn run_and_rollback_twice_come_back_to_the_same_state() -> Result<()> {
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, "rollback", &Options::default())?;
    container.write_file("/etc/docker/daemon.json", b"{\n  \"debug\": true\n}\n", 0o640)?;
    let bench = Workbench::with_repository_catalogue()?;
    let run = ["run", "--features", "docker", "--target", container.name(), "--allow", "restart"];
    let packages = || container.ok(&["dpkg-query", "-W", "-f=${Package} ${Version} ${Status}\\n"]);
    let (before, had) = (restorable(&container)?, packages()?);
    for _ in 0..2 {
        bench.run(&run)?.expect_code(0)?;
        let plan = bench.run(&["rollback", "last", "--plan"])?.expect_code(0)?;
        println!("{}", plan.stdout());
        let back = bench.run(&["rollback", "last", "--allow", "restart"])?.expect_code(0)?;
        // It is shown before it is done.
        for part in ["-  \"storage-driver\": \"fuse-overlayfs\"", "(needs --allow restart)"] {
            let compact = back.stdout().replace("-    ", "-  ");
            assert!(compact.contains(part), "no {part}:\n{}", back.stdout());
        }
        println!("{}", back.stdout());
        assert_eq!(before.differences(&restorable(&container)?), Vec::<String>::new());
        assert_eq!(packages()?, had);
    }
    Ok(())
}

fn converged(label: &str) -> Result<(Container, Workbench, Listing)> {
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, label, &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let before = restorable(&container)?;
    run(&bench, &container, &[])?.expect_code(0)?;
    Ok((container, bench, before))
}

fn run(bench: &Workbench, container: &Container, more: &[&str]) -> Result<Finished> {
    let words = ["run", "--features", "docker", "--target", container.name(), "--allow", "restart"];
    bench.run(&[&words[..], more].concat())
}

fn back(bench: &Workbench, run: &str) -> Result<Finished> {
    bench.run(&["rollback", run, "--allow", "restart"])
}

#[test]
fn what_somebody_changed_since_is_a_conflict_and_nothing_is_touched() -> Result<()> {
    let (container, bench, _) = converged("conflict")?;
    container.script("sed -i 's/{/{ \"debug\": true,/' /etc/docker/daemon.json")?;
    let edited = restorable(&container)?;
    let conflict = back(&bench, "last")?.expect_code(9)?;
    for part in [
        "ROLLBACK-CONFLICT",
        "before the run:",
        "after the run:",
        "now:",
        "\"debug\": true",
        "Skipped",
    ] {
        assert!(conflict.stdout().contains(part), "no {part}:\n{}", conflict.stdout());
    }
    assert_eq!(edited.differences(&restorable(&container)?), Vec::<String>::new());
    assert!(container.ok(&["docker", "info"])?.contains("fuse-overlayfs"));
    // Another target, or another part of the configuration, is no business of it.
    bench.run(&["rollback", "last", "--target", "nobody"])?.expect_code(2)?;
    Ok(())
}

#[test]
fn other_lines_of_the_configuration_may_have_changed_since() -> Result<()> {
    let (container, bench, before) = converged("merged")?;
    let path = container.config_path();
    let mine = "# Mine, written since.\n";
    let text = std::fs::read_to_string(&path)?;
    std::fs::write(&path, format!("{mine}{text}"))?;
    back(&bench, "last")?.expect_code(0)?;
    let text = std::fs::read_to_string(&path)?;
    assert!(text.starts_with(mine) && !text.contains("/dev/fuse"), "{text}");
    std::fs::write(&path, text.trim_start_matches(mine))?;
    assert_eq!(before.differences(&restorable(&container)?), Vec::<String>::new());
    Ok(())
}

#[test]
fn a_rollback_can_be_rolled_back() -> Result<()> {
    let (container, bench, _) = converged("again")?;
    back(&bench, "last")?.expect_code(0)?;
    assert!(!container.exists("/usr/bin/dockerd")?);
    back(&bench, "last")?.expect_code(0)?;
    let words = ["plan", "--features", "docker", "--target", container.name(), "--check"];
    bench.run(&words)?.expect_code(0)?;
    assert!(container.ok(&["docker", "info"])?.contains("fuse-overlayfs"));
    // Three runs are in the journal, and each can be shown again as it was.
    let list = bench.run(&["runs", "list"])?.expect_code(0)?;
    assert_eq!(list.stdout().lines().count(), 3, "{}", list.stdout());
    assert!(list.stdout().contains("took back"), "{}", list.stdout());
    let shown = bench.run(&["runs", "show", "last"])?.expect_code(0)?;
    assert!(shown.stdout().contains("install packages"), "{}", shown.stdout());
    let events = bench.run(&["runs", "show", "last", "--output", "json"])?.events()?;
    assert_eq!(events.last().map(|event| event["event"].clone()), Some("run_finished".into()));
    Ok(())
}

#[test]
fn a_failed_step_says_how_to_take_it_back_or_is_taken_back_at_once() -> Result<()> {
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, "failing", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    // docker.io makes a group after it is unpacked.
    for path in ["/usr/sbin/groupadd", "/usr/sbin/addgroup"] {
        container.write_file(path, b"#!/bin/sh\nexit 1\n", 0o755)?;
    }
    let before = restorable(&container)?;
    let undone = run(&bench, &container, &["--on-failure", "rollback"])?.expect_code(7)?;
    assert!(undone.stdout().contains("was taken back at once"), "{}", undone.stdout());
    assert_eq!(container.exec(&["dpkg-query", "-W", "docker.io"])?.code, 1);
    let stopped = run(&bench, &container, &[])?.expect_code(7)?;
    assert!(stopped.stdout().contains("phoenix-orch rollback"), "{}", stopped.stdout());
    assert!(container.ok(&["dpkg-query", "-W", "-f=${Status}", "docker.io"])?.contains("half"));
    back(&bench, "last")?.expect_code(0)?;
    let runs = bench.runs()?;
    let first = runs.last().and_then(|run| run["run"].as_str()).unwrap_or_default();
    back(&bench, first)?.expect_code(0)?;
    assert_eq!(before.differences(&restorable(&container)?), Vec::<String>::new());
    Ok(())
}

#[test]
fn access_lists_and_modes_survive_a_run_and_its_rollback() -> Result<()> {
    let container =
        Container::create(&Image::ensure(Release::Bookworm)?, "xattrs", &Options::default())?;
    container.write_file("/etc/docker/daemon.json", b"{\n  \"debug\": true\n}\n", 0o604)?;
    let path = container.rootfs().join("etc/docker/daemon.json");
    let attribute = || -> Result<Vec<u8>> {
        let mut value = vec![0; 99];
        let length = getxattr(&path, "user.mine", &mut value)?;
        Ok(value[..length].to_vec())
    };
    setxattr(&path, "user.mine", b"kept", XattrFlags::empty())?;
    let before = restorable(&container)?;
    let bench = Workbench::with_repository_catalogue()?;
    run(&bench, &container, &[])?.expect_code(0)?;
    assert_eq!(attribute()?, b"kept");
    back(&bench, "last")?.expect_code(0)?;
    assert_eq!(attribute()?, b"kept");
    assert_eq!(before.differences(&restorable(&container)?), Vec::<String>::new());
    Ok(())
}

/// Docker runs on `vfs`, and will not start on another driver.
fn with_a_choosy_docker(label: &str, options: &Options) -> Result<Container> {
    let container = Container::create(&Image::ensure(Release::Bookworm)?, label, options)?;
    container.script(
        "mkdir -p /etc/docker\n\
         printf '{\"storage-driver\": \"vfs\"}\\n' >/etc/docker/daemon.json\n\
         apt-get update -q >/dev/null\n\
         apt-get install -y -q docker.io iptables fuse-overlayfs >/dev/null\n\
         dpkg-divert --quiet --rename /usr/sbin/dockerd\n",
    )?;
    let choosy = b"#!/bin/sh\n\
        if grep -q fuse-overlayfs /etc/docker/daemon.json; then\n\
          echo 'failed to start daemon: I do not like this driver' >&2; exit 1\n\
        fi\n\
        exec /usr/sbin/dockerd.distrib \"$@\"\n";
    container.write_file("/usr/sbin/dockerd", choosy, 0o755)?;
    container.ok(&["systemctl", "restart", "docker.service"])?;
    Ok(container)
}

#[test]
fn docker_goes_bad_and_docker_comes_back() -> Result<()> {
    // Once the restart of the service fails, and once it does not come back with its container.
    let inside = vec!["lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0".to_owned()];
    for (label, config) in [("bad-service", inside), ("bad-container", Vec::new())] {
        let options = Options { config, ..Options::default() };
        let container = with_a_choosy_docker(label, &options)?;
        let bench = Workbench::with_repository_catalogue()?;
        let daemon = container.read_file("/etc/docker/daemon.json")?;
        let failed = run(&bench, &container, &[])?.expect_code(7)?;
        for part in ["I do not like this driver", "was taken back at once"] {
            assert!(failed.stdout().contains(part), "{label}: no {part}:\n{}", failed.stdout());
        }
        assert_eq!(container.read_file("/etc/docker/daemon.json")?, daemon, "{label}");
        let driver = container.ok(&["docker", "info", "--format", "{{.Driver}}"])?;
        assert_eq!(driver.trim(), "vfs", "{label}");
    }
    Ok(())
}

#[test]
fn docker_comes_back_also_if_the_run_that_changed_it_was_killed() -> Result<()> {
    let config = vec!["lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0".to_owned()];
    let container = with_a_choosy_docker("bad-killed", &Options { config, ..Options::default() })?;
    let daemon = container.read_file("/etc/docker/daemon.json")?;
    let words = ["run", "--features", "docker", "--target", container.name(), "--allow", "restart"];
    let mut after_the_change = 0;
    for number in 1.. {
        // What an earlier run has left in a journal would spare the next one a transaction, and so miss moments.
        let bench = Workbench::with_repository_catalogue()?;
        if !crash::killed(&bench, &words, Moment::Done(number))? {
            break;
        }
        after_the_change += u32::from(container.read_file("/etc/docker/daemon.json")? != daemon);
        let failed = bench.run(&words)?.expect_code(7)?;
        let text = failed.stdout();
        assert!(text.contains("I do not like this driver"), "{number}: {text}");
        assert_eq!(container.read_file("/etc/docker/daemon.json")?, daemon, "{number}: {text}");
        let driver = container.ok(&["docker", "info", "--format", "{{.Driver}}"])?;
        assert_eq!(driver.trim(), "vfs", "{number}: {text}");
        // So many failures in a minute are the test's, and not a host's.
        container.ok(&["systemctl", "reset-failed", "docker.service"])?;
    }
    // Once before Docker is restarted with it, and at least once after that has failed.
    assert!(after_the_change >= 2, "only {after_the_change} moments after the change");
    Ok(())
}
