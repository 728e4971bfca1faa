//! Docker's images are carried over from another storage driver, or everything stays as it was.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use phoenix_tests::{Finished, Listing, Workbench, events};
use xtask::testbed::{Container, Disk, Image, Options, Release};

const FOLDER: &str = "/var/lib/docker/phoenix-orch-migration";

fn on_vfs(label: &str, options: &Options) -> Result<Container> {
    let container = Container::create(&Image::ensure(Release::Bookworm)?, label, options)?;
    with_docker(container, b"{\"storage-driver\": \"vfs\"}\n")
}

/// A Docker with this configuration, two images that have names, one that has none and that a container was
/// made from, a container that runs, and a volume with something in it.
fn with_docker(container: Container, daemon: &[u8]) -> Result<Container> {
    container.write_file("/etc/docker/daemon.json", daemon, 0o644)?;
    // A shell that is the first process ignores SIGTERM, and each stop of Docker would wait ten seconds for it.
    container.script(
        "apt-get update -q >/dev/null\n\
         apt-get install -y -q docker.io iptables >/dev/null\n\
         cd /\n\
         root() { tar -c -h bin/sh $(ldd /bin/sh | grep -o '/[^ ]*' | cut -c2-) 2>/dev/null; }\n\
         root | docker import - mine:1 >/dev/null\n\
         root | docker import --change 'LABEL n=2' - example.org/other:2 >/dev/null\n\
         docker tag example.org/other:2 second-name:latest\n\
         nameless=$(root | docker import --change 'LABEL n=3' -)\n\
         docker create --name of-nameless --network none $nameless /bin/sh >/dev/null\n\
         docker run --detach --interactive --stop-signal KILL --name at-work --network none --restart always \\\n\
             --volume data:/data --env 'GREETING=good day' mine:1 \\\n\
             /bin/sh -c 'echo kept >/data/file; read line' >/dev/null\n",
    )?;
    Ok(container)
}

/// Ids and names of all images.
fn images(container: &Container) -> Result<BTreeSet<String>> {
    let form = "{{.ID}} {{.Repository}}:{{.Tag}}";
    let text = container.ok(&["docker", "images", "--no-trunc", "--format", form])?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn driver(container: &Container) -> Result<String> {
    Ok(container.ok(&["docker", "info", "--format", "{{.Driver}}"])?.trim().to_owned())
}

fn words<'a>(container: &'a Container, allowed: &'a str) -> Vec<&'a str> {
    vec!["run", "--features", "docker", "--target", container.name(), "--allow", allowed]
}

fn run(bench: &Workbench, container: &Container, allowed: &str) -> Result<Finished> {
    bench.run(&words(container, allowed))
}

fn migrated(container: &Container, before: &BTreeSet<String>) -> Result<()> {
    assert_eq!(driver(container)?, "fuse-overlayfs");
    assert_eq!(&images(container)?, before, "images");
    let left = container.ok(&["ls", FOLDER])?;
    assert_eq!(left.trim(), "carried", "the copy");
    let data = container.ok(&["cat", "/var/lib/docker/volumes/data/_data/file"])?;
    assert_eq!(data.trim(), "kept", "the volume");
    let layers = container.ok(&["ls", "/var/lib/docker/vfs/dir"])?;
    assert!(!layers.trim().is_empty(), "the old driver's folder");
    Ok(())
}

fn as_before(container: &Container, before: &BTreeSet<String>, daemon: &[u8]) -> Result<()> {
    assert_eq!(driver(container)?, "vfs");
    assert_eq!(&images(container)?, before, "images");
    assert_eq!(container.read_file("/etc/docker/daemon.json")?, daemon);
    let names = container.ok(&["docker", "ps", "--all", "--format", "{{.Names}}"])?;
    assert_eq!(names.lines().collect::<BTreeSet<_>>(), ["at-work", "of-nameless"].into());
    assert_eq!(container.ok(&["docker", "ps", "--format", "{{.Names}}"])?.trim(), "at-work");
    Ok(())
}

#[test]
fn a_migration_carries_everything_over_and_deletes_nothing() -> Result<()> {
    let container = on_vfs("migrated", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let before = images(&container)?;
    assert_eq!(before.len(), 4, "{before:?}");
    let watched = || {
        let inside =
            ["etc", "usr", "var/lib/docker/image"].map(|path| container.rootfs().join(path));
        Listing::of(inside.into_iter().chain([container.config_path()]))
    };

    // The plan says it all, and neither it nor a run without consent changes anything.
    let listing = watched()?;
    let target = ["--features", "docker", "--target", container.name()];
    let plan = bench.run(&[&["plan"], &target[..]].concat())?.expect_code(0)?;
    for part in [
        "needs --allow migrate",
        "save 3 images",
        "docker run --detach --name at-work --restart always --interactive --stop-signal KILL --env 'GREETING=good day' \
         --volume data:/data --network none mine:1 /bin/sh -c 'echo kept >/data/file; read line'",
        "`/var/lib/docker/vfs`",
        "`of-nameless`",
    ] {
        assert!(plan.stdout().contains(part), "no {part}:\n{}", plan.stdout());
    }
    let refused = run(&bench, &container, "restart")?.expect_code(7)?;
    assert!(refused.stdout().contains("CONSENT-MISSING"), "{}", refused.stdout());
    assert!(refused.stdout().contains("--allow migrate"), "{}", refused.stdout());
    assert_eq!(listing.differences(&watched()?), Vec::<String>::new());
    assert!(!container.exists(FOLDER)?, "something was saved");

    run(&bench, &container, "restart,migrate")?.expect_code(0)?;
    migrated(&container, &before)?;

    let again = bench.run(&[&words(&container, "restart")[..], &["--output", "json"]].concat())?;
    assert_eq!(events::intended(&events::parse(&again)?), Vec::<String>::new());

    // The hint is a line that works, and finds its data.
    container.script(
        "docker run --detach --name at-work --restart always --interactive --stop-signal KILL --env 'GREETING=good day' \
         --volume data:/data --network none mine:1 /bin/sh -c 'echo kept >/data/file; read line'",
    )?;
    bench.run(&[&["verify"], &target[..]].concat())?.expect_code(0)?;
    Ok(())
}

#[test]
fn without_room_nothing_is_begun() -> Result<()> {
    let options = Options { disk: Disk::Memory(900), ..Options::default() };
    let container = on_vfs("no-room", &options)?;
    let bench = Workbench::with_repository_catalogue()?;
    let (before, daemon) = (images(&container)?, container.read_file("/etc/docker/daemon.json")?);
    container.script(
        "free=$(df -Bk --output=avail / | tail -n 1 | tr -dc 0-9)\n\
         dd if=/dev/zero of=/filler bs=1024 count=$((free - 30000)) 2>/dev/null\n",
    )?;
    let refused = run(&bench, &container, "restart,migrate")?.expect_code(7)?;
    assert!(refused.stdout().contains("error[DOCKER-MIGRATION-SPACE]"), "{}", refused.stdout());
    assert!(!container.exists(FOLDER)?, "something was saved");
    container.ok(&["rm", "/filler"])?;
    as_before(&container, &before, &daemon)
}

/// Puts a `docker` before the real one that does this first when it is called with that verb.
fn intercept(container: &Container, verb: &str, script: &str) -> Result<()> {
    let wrapper = format!(
        "#!/bin/sh\nif [ \"$1\" = \"{verb}\" ]; then\n{script}\nfi\nexec /usr/bin/docker.real \"$@\"\n"
    );
    container.script("[ -e /usr/bin/docker.real ] || mv /usr/bin/docker /usr/bin/docker.real")?;
    container.write_file("/usr/bin/docker", wrapper.as_bytes(), 0o755)
}

#[test]
fn a_failure_before_the_switch_leaves_everything_as_it_was() -> Result<()> {
    let container = on_vfs("unsaved", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let (before, daemon) = (images(&container)?, container.read_file("/etc/docker/daemon.json")?);
    // Two ways: the command says that it failed, and it says nothing and the archive is not whole.
    for script in [
        "echo 'Error: no saving\u{1b}[31m today' >&2; exit 1",
        "/usr/bin/docker.real \"$@\"; truncate -s -20000 \"$3\"; exit 0",
        "shift 3; exec /usr/bin/docker.real save -o /var/lib/docker/phoenix-orch-migration/partial mine:1",
    ] {
        intercept(&container, "save", script)?;
        let failed = run(&bench, &container, "restart,migrate")?.expect_code(7)?;
        let all = failed.stdout();
        assert!(all.contains("error[DOCKER-MIGRATION-FAILED]"), "{all}");
        assert!(all.contains("as it was") && !all.contains('\u{1b}'), "{all}");
        as_before(&container, &before, &daemon)?;
        assert!(!container.exists(&format!("{FOLDER}/images.tar"))?, "a copy is left");
        assert!(!container.exists(&format!("{FOLDER}/partial"))?, "half a copy is left");
    }
    container.ok(&["mv", "/usr/bin/docker.real", "/usr/bin/docker"])?;
    run(&bench, &container, "restart,migrate")?.expect_code(0)?;
    migrated(&container, &before)
}

#[test]
fn a_failure_after_the_switch_goes_back() -> Result<()> {
    let container = on_vfs("unloaded", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let (before, daemon) = (images(&container)?, container.read_file("/etc/docker/daemon.json")?);
    // The command says that it failed; and it says that all is well and has loaded nothing.
    for script in ["echo 'no loading today' >&2; exit 1", "exit 0"] {
        intercept(&container, "load", script)?;
        let failed = run(&bench, &container, "restart,migrate")?.expect_code(7)?;
        let all = failed.stdout();
        assert!(all.contains("error[DOCKER-MIGRATION-UNDONE]"), "{all}");
        as_before(&container, &before, &daemon)?;
    }
    container.ok(&["mv", "/usr/bin/docker.real", "/usr/bin/docker"])?;

    // Docker does not start with the new driver at all.
    container.script(
        "mkdir -p /etc/systemd/system/docker.service.d\n\
         printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q fuse-overlayfs /etc/docker/daemon.json\"\\n' \
             >/etc/systemd/system/docker.service.d/refuse.conf\n\
         systemctl daemon-reload\n",
    )?;
    let failed = run(&bench, &container, "restart,migrate")?.expect_code(7)?;
    assert!(failed.stdout().contains("error[DOCKER-MIGRATION-UNDONE]"), "{}", failed.stdout());
    as_before(&container, &before, &daemon)?;
    container.script("rm -r /etc/systemd/system/docker.service.d; systemctl daemon-reload")?;

    run(&bench, &container, "restart,migrate")?.expect_code(0)?;
    migrated(&container, &before)
}

/// Whether the rest of the run's changes was taken back too is shown by the tests of rollback.
#[test]
fn rolled_back_the_old_view_is_there_again() -> Result<()> {
    let container = on_vfs("back-on-vfs", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let (before, daemon) = (images(&container)?, container.read_file("/etc/docker/daemon.json")?);
    for _ in 0..2 {
        run(&bench, &container, "restart,migrate")?.expect_code(0)?;
        migrated(&container, &before)?;
        let plan = bench.run(&["rollback", "last", "--plan"])?.expect_code(0)?;
        let back = bench.run(&["rollback", "last", "--allow", "restart"])?;
        println!("{}\n{}{}", plan.stdout(), back.stdout(), back.stderr());
        back.expect_code(0)?;
        as_before(&container, &before, &daemon)?;
    }
    Ok(())
}

/// Another Docker, and a store whose ids are those of manifests: names and contents are compared there.
#[test]
fn from_containerd_s_store() -> Result<()> {
    let image = Image::ensure(Release::Trixie)?;
    let container = Container::create(&image, "containerd", &Options::default())?;
    let daemon =
        b"{\"features\": {\"containerd-snapshotter\": true}, \"storage-driver\": \"native\"}\n";
    let container = with_docker(container, daemon)?;
    let status = container.ok(&["docker", "info", "--format", "{{.DriverStatus}}"])?;
    assert!(status.contains("io.containerd.snapshotter"), "{status}");
    let names = |container: &Container| -> Result<BTreeSet<String>> {
        let lines = images(container)?;
        Ok(lines.iter().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect())
    };
    let before = names(&container)?;
    let bench = Workbench::with_repository_catalogue()?;
    let done = run(&bench, &container, "restart,migrate")?.expect_code(0)?;
    assert!(done.stdout().contains("/var/lib/containerd"), "{}", done.stdout());
    assert_eq!(driver(&container)?, "fuse-overlayfs");
    assert_eq!(names(&container)?, before);
    let said =
        container.ok(&["docker", "run", "--rm", "mine:1", "/bin/sh", "-c", "echo it runs"])?;
    assert_eq!(said.trim(), "it runs");
    Ok(())
}

/// A child that is killed with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for(what: &str, mut seen: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(240);
    while !seen()? {
        ensure!(Instant::now() < deadline, "{what} was never seen");
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// At each stage the run is held until it is killed: before and after the images are saved, while Docker
/// starts with the new driver, before and after the images are loaded.
#[test]
fn killed_at_any_stage_the_next_run_converges() -> Result<()> {
    let container = on_vfs("killed", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let before = images(&container)?;
    // Held as long as `/hold` is there; `/held` says that it is.
    container.script(
        "cat >/hold.sh <<'E'\n\
         [ \"$(cat /hold 2>/dev/null)\" = \"$1\" ] || exit 0\n\
         touch /held\n\
         while [ -e /hold ]; do sleep 0.1; done\n\
         E\n\
         mkdir -p /etc/systemd/system/docker.service.d\n\
         printf '[Service]\\nExecStartPre=/bin/sh /hold.sh start\\nTimeoutStartSec=infinity\\n' \
             >/etc/systemd/system/docker.service.d/hold.conf\n\
         systemctl daemon-reload\n",
    )?;
    intercept(
        &container,
        "save\" ] || [ \"$1\" = \"load",
        "/bin/sh /hold.sh before-$1\n[ ! -e /fail ] || exit 1\n/usr/bin/docker.real \"$@\" || exit\n/bin/sh /hold.sh after-$1\nexit 0",
    )?;
    for stage in ["before-save", "after-save", "start", "before-load", "after-load"] {
        container.script(&format!("rm -f /held; echo {stage} >/hold"))?;
        let words = words(&container, "restart,migrate");
        let mut command: Command = bench.command()?;
        let child = command.args(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut child = Killed(child);
        wait_for(stage, || container.exists("/held"))?;
        child.0.kill()?;
        child.0.wait()?;
        container.ok(&["rm", "/hold"])?;
        // Where the switch is done already, the rest hides nothing and needs no word again.
        let before_switch = stage.ends_with("save");
        let allowed = if before_switch { "restart,migrate" } else { "restart" };
        if stage == "before-load" {
            container.ok(&["touch", "/fail"])?;
            let failed = run(&bench, &container, allowed)?.expect_code(7)?;
            let all = failed.stdout();
            assert!(all.contains("error[DOCKER-MIGRATION-UNFINISHED]"), "{all}");
            container.ok(&["rm", "/fail"])?;
        }
        run(&bench, &container, allowed)?.expect_code(0)?;
        migrated(&container, &before)?;
        container.script(&format!(
            "systemctl stop docker.service docker.socket\n\
             rm -rf {FOLDER} /var/lib/docker/fuse-overlayfs /var/lib/docker/image/fuse-overlayfs\n\
             printf '{{\"storage-driver\": \"vfs\"}}\\n' >/etc/docker/daemon.json\n\
             systemctl start docker.service\n"
        ))?;
        assert_eq!(images(&container)?, before, "after {stage}, back on vfs");
    }
    Ok(())
}

/// From the driver that most have; and containers that would go on without a daemon that knows them.
#[test]
fn from_overlay2_as_soon_as_containers_stop_with_the_daemon() -> Result<()> {
    let image = Image::ensure(Release::Bookworm)?;
    let options = Options { disk: Disk::Folder, ..Options::default() };
    let container = Container::create(&image, "overlay2", &options)?;
    let daemon = b"{\"storage-driver\": \"overlay2\", \"live-restore\": true}\n";
    let container = with_docker(container, daemon)?;
    let before = images(&container)?;
    let bench = Workbench::with_repository_catalogue()?;
    let refused = run(&bench, &container, "restart,migrate")?.expect_code(7)?;
    let all = refused.stdout();
    assert!(all.contains("error[DOCKER-MIGRATION-LIVE-RESTORE]"), "{all}");
    assert_eq!(container.read_file("/etc/docker/daemon.json")?, daemon);

    container.script(
        "sed -i s/true/false/ /etc/docker/daemon.json && systemctl reload docker.service\n\
         until docker info --format '{{.LiveRestoreEnabled}}' | grep -q false; do sleep 0.1; done\n",
    )?;
    run(&bench, &container, "restart,migrate")?.expect_code(0)?;
    assert_eq!(driver(&container)?, "fuse-overlayfs");
    assert_eq!(images(&container)?, before);
    assert!(container.exists("/var/lib/docker/overlay2/l")?, "the old driver's folder");
    let target = ["--features", "docker", "--target", container.name()];
    let verified = bench.run(&[&["verify"], &target[..]].concat())?.expect_code(0)?;
    for part in ["every image that was carried over is visible", "`/var/lib/docker/overlay2`"] {
        assert!(verified.stdout().contains(part), "no {part}:\n{}", verified.stdout());
    }
    Ok(())
}
