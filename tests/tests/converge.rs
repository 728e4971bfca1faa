//! The main job on a real unprivileged container: from nothing to Docker on fuse-overlayfs, then a run
//! that changes nothing, then one drift after another.

use anyhow::Result;
use phoenix_tests::{Listing, Workbench, events, machine};
use xtask::testbed::{Container, Image, Options};

/// What a plan must not touch, and a second run neither.
fn watched(container: &Container) -> Result<Listing> {
    let inside = ["etc", "usr", "var/lib/docker", "var/lib/dpkg"];
    let mut paths: Vec<_> = inside.iter().map(|path| container.rootfs().join(path)).collect();
    paths.push(container.config_path());
    paths.extend(["/etc/apparmor.d", "/etc/modules-load.d", "/etc/sysctl.d"].map(Into::into));
    Listing::of(paths)
}

/// Something that happens to a converged container.
type Drift<'a> = &'a dyn Fn() -> Result<()>;

#[test]
fn a_container_converges_and_stays_so() -> Result<()> {
    let image = Image::ensure(xtask::testbed::Release::Bookworm)?;
    let options = Options {
        config: vec!["# My own remark.".into(), "lxc.environment = MINE=1".into()],
        ..Options::default()
    };
    let container = Container::create(&image, "converge", &options)?;
    let mine = "{\n    \"log-opts\": { \"max-size\": \"10m\" }\n}\n";
    container.write_file("/etc/docker/daemon.json", mine.as_bytes(), 0o640)?;
    let bench = Workbench::with_repository_catalogue()?;
    let target = ["--features", "docker", "--target", container.name()];
    let verb = |verb: &str, more: &[&str]| {
        let words: Vec<&str> = [verb].iter().chain(&target).chain(more).copied().collect();
        bench.run(&words)
    };

    // A plan changes nothing, and says what would change.
    let before = watched(&container)?;
    let plan = verb("plan", &[])?.expect_code(0)?;
    for part in
        ["+  \"storage-driver\": \"fuse-overlayfs\"", "lxc.mount.entry", "install `docker.io`"]
    {
        let compact = plan.stdout().replace("+    ", "+  ");
        assert!(compact.contains(part), "`{part}` is missing:\n{}", plan.stdout());
    }
    assert_eq!(before.differences(&watched(&container)?), Vec::<String>::new());
    verb("plan", &["--check"])?.expect_code(3)?;

    // Without consent to the restart, nothing in the container is changed.
    let refused = verb("run", &[])?.expect_code(7)?;
    assert!(refused.stdout().contains("CONSENT-MISSING"), "{}", refused.stdout());
    assert_eq!(before.differences(&watched(&container)?), Vec::<String>::new());

    // The run.
    verb("run", &["--allow", "restart"])?.expect_code(0)?;
    let driver = container.ok(&["docker", "info", "--format", "{{.Driver}}"])?;
    assert_eq!(driver.trim(), "fuse-overlayfs");
    assert_eq!(container.ok(&["docker", "images", "-q"])?.trim(), "", "the test image stayed");
    let daemon = String::from_utf8(container.read_file("/etc/docker/daemon.json")?)?;
    assert!(daemon.contains("\"log-opts\": { \"max-size\": \"10m\" }"), "{daemon}");
    let mode = container.ok(&["stat", "-c", "%a", "/etc/docker/daemon.json"])?;
    assert_eq!(mode.trim(), "640", "the mode of daemon.json");
    let config = std::fs::read_to_string(container.config_path())?;
    for kept in ["# My own remark.", "lxc.environment = MINE=1"] {
        assert!(config.contains(kept), "{config}");
    }

    // The second run changes nothing, restarts nothing, enters nothing and is small.
    let (before, init) = (watched(&container)?, container.init_pid()?);
    let dockerd = container.ok(&["pidof", "dockerd"])?;
    let words = ["run", "--features", "docker", "--target", container.name(), "--output", "json"];
    let (second, entries) = machine::count_entries(&bench, &words)?;
    let events = events::parse(&second)?;
    assert_eq!(events::intended(&events), Vec::<String>::new());
    assert_eq!(events::verified(&events), Vec::<String>::new());
    assert_eq!(before.differences(&watched(&container)?), Vec::<String>::new());
    assert_eq!((container.init_pid()?, container.ok(&["pidof", "dockerd"])?), (init, dockerd));
    assert_eq!(entries, 0, "entries into the container");
    let peak = machine::peak_kib(&bench, &words)?;
    // Of a debug build; a release takes about two thirds of it.
    assert!(peak < 40_000, "peak memory {peak} KiB");
    verb("plan", &["--check"])?.expect_code(0)?;
    verb("verify", &[])?.expect_code(0)?;

    // What this Docker has said before spares a check the question; evidence asks it.
    let [_, state] = bench.state_words();
    let kept = std::fs::read_dir(std::path::Path::new(&state).join("dockers"))?;
    let kept: Vec<_> = kept.collect::<std::io::Result<_>>()?;
    assert_eq!(kept.len(), 1, "{kept:?}");
    let said = std::fs::read_to_string(kept[0].path())?;
    std::fs::write(kept[0].path(), said.replace("fuse-overlayfs", "overlay2"))?;
    verb("plan", &["--check"])?.expect_code(3)?;
    verb("verify", &[])?.expect_code(0)?;
    std::fs::write(kept[0].path(), said)?;
    verb("plan", &["--check"])?.expect_code(0)?;

    // One drift after another; each is seen, and exactly that is repaired. Docker stands on all of it, so
    // its step gives evidence each time, also where it has nothing to change itself.
    let path = container.config_path();
    let without_fuse: String = std::fs::read_to_string(&path)?
        .lines()
        .filter(|line| !line.contains("/dev/fuse"))
        .map(|line| format!("{line}\n"))
        .collect();
    let drifts: [(Drift<'_>, &[&str]); 4] = [
        (
            &|| {
                let script = "sed -i s/fuse-overlayfs/vfs/ /etc/docker/daemon.json";
                container.script(script).map(drop)
            },
            &["json_keys", "restart_service"],
        ),
        (
            &|| container.script("dpkg --force-depends --remove fuse-overlayfs").map(drop),
            &["packages"],
        ),
        (&|| container.ok(&["systemctl", "disable", "docker.service"]).map(drop), &["service"]),
        (&|| Ok(std::fs::write(&path, &without_fuse)?), &["container_option"]),
    ];
    for (drift, kinds) in drifts {
        drift()?;
        verb("plan", &["--check"])?.expect_code(3)?;
        let repaired = verb("run", &["--output", "json"])?.expect_code(0)?;
        let events = events::parse(&repaired)?;
        assert_eq!(events::intended(&events), kinds);
        assert_eq!(events::verified(&events).last().map(String::as_str), Some("docker-install"));
        verb("plan", &["--check"])?.expect_code(0)?;
    }
    Ok(())
}

#[test]
fn a_broken_container_does_not_hold_up_another() -> Result<()> {
    let image = Image::ensure(xtask::testbed::Release::Bookworm)?;
    let good = Container::create(&image, "good", &Options::default())?;
    let broken = Container::create(&image, "broken", &Options::default())?;
    broken.write_file("/etc/docker/daemon.json", b"{ not json", 0o644)?;
    let bench = Workbench::with_repository_catalogue()?;
    let both = format!("{},{}", good.name(), broken.name());
    let words = ["run", "--features", "docker", "--target", &both, "--allow", "restart"];
    let run = bench.run(&words)?.expect_code(7)?;
    let summary = run.stdout().rsplit("Failed").next().unwrap_or_default();
    assert!(summary.contains("JSON-BROKEN") && summary.contains(broken.name()), "{}", run.stdout());
    assert!(run.stdout().contains("Skipped"), "{}", run.stdout());
    assert_eq!(broken.read_file("/etc/docker/daemon.json")?, b"{ not json");
    let driver = good.ok(&["docker", "info", "--format", "{{.Driver}}"])?;
    assert_eq!(driver.trim(), "fuse-overlayfs");
    Ok(())
}

/// The other Debian that is supported, with a newer Docker, runc and fuse-overlayfs.
#[test]
fn a_debian_13_container_converges_too() -> Result<()> {
    let image = Image::ensure(xtask::testbed::Release::Trixie)?;
    let container = Container::create(&image, "trixie", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let words = ["run", "--features", "docker", "--target", container.name(), "--allow", "restart"];
    bench.run(&words)?.expect_code(0)?;
    let second = bench.run(&[&words[..], &["--output", "json"]].concat())?;
    assert_eq!(events::intended(&events::parse(&second)?), Vec::<String>::new());
    Ok(())
}

#[test]
fn a_restart_that_stops_docker_containers_needs_consent() -> Result<()> {
    let image = Image::ensure(xtask::testbed::Release::Bookworm)?;
    let container = Container::create(&image, "busy", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let words = ["run", "--features", "docker", "--target", container.name()];
    let allowed = [&words[..], &["--allow", "restart"]].concat();
    bench.run(&allowed)?.expect_code(0)?;
    container.script(
        "tar -C / -ch bin/sh $(ldd /bin/sh | grep -o '/[^ ]*' | cut -c2-) | docker import - mine >/dev/null\n\
         docker run --detach --interactive --stop-signal KILL --name at-work --network none mine /bin/sh -c 'read line' >/dev/null\n\
         sed -i s/false/true/ /etc/docker/daemon.json\n",
    )?;
    let drifted = container.read_file("/etc/docker/daemon.json")?;
    let dockerd = container.ok(&["pidof", "dockerd"])?;
    let refused = bench.run(&words)?.expect_code(7)?;
    for part in ["CONSENT-MISSING", "`at-work`", "--allow restart"] {
        assert!(refused.stdout().contains(part), "no {part}:\n{}", refused.stdout());
    }
    assert_eq!(container.read_file("/etc/docker/daemon.json")?, drifted);
    assert_eq!(container.ok(&["pidof", "dockerd"])?, dockerd);
    bench.run(&allowed)?.expect_code(0)?;
    assert_ne!(container.ok(&["pidof", "dockerd"])?, dockerd);
    assert!(container.ok(&["docker", "ps", "--all"])?.contains("at-work"), "it is gone");
    Ok(())
}
