//! Containers that are not as one would wish: each has a coded answer, and is left as it was.

use std::time::{Duration, Instant};

use anyhow::Result;
use phoenix_tests::{Finished, Listing, Workbench, running::until};
use xtask::testbed::{Apt, Container, Disk, Image, Init, Options, Release};

fn container(label: &str, options: &Options) -> Result<Container> {
    Container::create(&Image::ensure(Release::Bookworm)?, label, options)
}

fn run(target: &str) -> Result<Finished> {
    let bench = Workbench::with_repository_catalogue()?;
    bench.run(&["run", "--features", "docker", "--target", target, "--allow", "restart"])
}

/// The run fails with this exit code and this error code, says what to do, and is neither a panic nor a
/// backtrace.
fn fails(finished: &Finished, exit: i32, code: &str) -> Result<()> {
    let finished = finished.clone().expect_code(exit)?;
    let all = format!("{}{}", finished.stdout(), finished.stderr());
    assert!(all.contains(&format!("error[{code}]")), "no {code} in:\n{all}");
    assert!(all.contains("hint:"), "no hint in:\n{all}");
    assert!(!all.contains("panicked"), "a panic:\n{all}");
    assert!(!all.contains('\u{1b}'), "an escape sequence:\n{all:?}");
    Ok(())
}

#[test]
fn a_container_that_does_not_exist() -> Result<()> {
    let there = container("exists", &Options { stopped: true, ..Options::default() })?;
    let misspelt = format!("{}x", there.name());
    let finished = run(&misspelt)?;
    fails(&finished, 6, "TARGET-UNKNOWN")?;
    assert!(finished.stderr().contains(there.name()), "no nearest name: {}", finished.stderr());
    Ok(())
}

#[test]
fn a_stopped_container() -> Result<()> {
    let container = container("stopped", &Options { stopped: true, ..Options::default() })?;
    fails(&run(container.name())?, 6, "TARGET-STOPPED")
}

#[test]
fn a_container_without_systemd() -> Result<()> {
    let container = container("nosystemd", &Options { init: Init::Shell, ..Options::default() })?;
    fails(&run(container.name())?, 7, "SYSTEMD-MISSING")
}

#[test]
fn an_unknown_distribution() -> Result<()> {
    let os_release = Some("ID=plan9\nPRETTY_NAME=\"Plan 9 \u{1b}[31m\"\n".to_owned());
    let container = container("plan9", &Options { os_release, ..Options::default() })?;
    fails(&run(container.name())?, 7, "OS-UNSUPPORTED")
}

#[test]
fn a_container_without_network() -> Result<()> {
    let container = container("offline", &Options { apt: Apt::Unreachable, ..Options::default() })?;
    fails(&run(container.name())?, 7, "APT-DOWNLOAD")
}

#[test]
fn a_full_disk() -> Result<()> {
    let options = Options { disk: Disk::Memory(400), ..Options::default() };
    let container = container("full", &options)?;
    container.script("dd if=/dev/zero of=/filler bs=1M 2>/dev/null || true")?;
    fails(&run(container.name())?, 7, "APT-DISK-FULL")
}

#[test]
fn a_read_only_etc() -> Result<()> {
    let options = Options { read_only_etc: true, ..Options::default() };
    let container = container("readonly", &options)?;
    let finished = run(container.name())?.expect_code(7)?;
    assert!(finished.stdout().contains("Read-only file system"), "{}", finished.stdout());
    Ok(())
}

#[test]
fn a_hand_edited_daemon_json_that_is_broken_stays_as_it_is() -> Result<()> {
    let container = container("broken-json", &Options::default())?;
    let mine = b"{\n  // my remark\n  \"debug\": true,\n}\n";
    container.write_file("/etc/docker/daemon.json", mine, 0o600)?;
    let before = Listing::of([container.rootfs().join("etc")])?;
    fails(&run(container.name())?, 7, "JSON-BROKEN")?;
    let after = Listing::of([container.rootfs().join("etc")])?;
    assert_eq!(before.differences(&after), Vec::<String>::new());
    Ok(())
}

/// A `docker` that answers like this, and a daemon that systemd says is running.
fn with_lying_docker(label: &str, script: &str) -> Result<Container> {
    let container = container(label, &Options::default())?;
    container.write_file("/usr/bin/docker", format!("#!/bin/sh\n{script}\n").as_bytes(), 0o755)?;
    let unit = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";
    container.write_file("/etc/systemd/system/docker.service", unit.as_bytes(), 0o644)?;
    container.ok(&["systemctl", "start", "docker.service"])?;
    Ok(container)
}

#[test]
fn a_container_that_prints_without_end_is_cut_off() -> Result<()> {
    let container = with_lying_docker("flood", "exec cat /dev/zero")?;
    let begin = Instant::now();
    let finished = run(container.name())?.expect_code(7)?;
    assert!(finished.stdout().contains("EXEC-OUTPUT-LIMIT"), "{}", finished.stdout());
    assert!(begin.elapsed() < Duration::from_secs(60));
    Ok(())
}

#[test]
fn a_command_that_never_ends_is_ended() -> Result<()> {
    let container = with_lying_docker("forever", "exec sleep 86397")?;
    let finished = run(container.name())?.expect_code(7)?;
    assert!(finished.stdout().contains("EXEC-TIMEOUT"), "{}", finished.stdout());
    // The brackets keep the search from finding itself.
    let left = container.exec(&["sh", "-c", "grep -al '8639[7]' /proc/[0-9]*/cmdline"])?;
    assert_eq!(left.stdout, "", "it still runs");
    Ok(())
}

#[test]
fn escape_sequences_and_invalid_utf_8_never_reach_the_terminal_raw() -> Result<()> {
    let script =
        "printf '\\033]0;owned\\007\\033[2J\\377\\376\\n' >&2; printf '\\033[31m\\377'; exit 1";
    let container = with_lying_docker("escapes", script)?;
    let finished = run(container.name())?.expect_code(7)?;
    let all = format!("{}{}", finished.stdout(), finished.stderr());
    assert!(!all.contains('\u{1b}') && !all.contains('\u{7}'), "{all:?}");
    Ok(())
}

#[test]
fn a_container_that_disappears_during_the_run() -> Result<()> {
    let container = with_lying_docker("vanishing", "exec sleep 20")?;
    let name = container.name().to_owned();
    let runner = std::thread::spawn(move || run(&name));
    // The run is inside as soon as its probe is seen there.
    let deadline = Instant::now() + Duration::from_secs(60);
    let seen = |container: &Container| {
        container.exec(&["sh", "-c", "grep -aq '^sleep.20' /proc/[0-9]*/cmdline"])
    };
    while seen(&container)?.code != 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
    }
    xtask::process::quiet(std::process::Command::new("lxc-stop").args([
        "--name",
        container.name(),
        "--kill",
    ]))?;
    let finished = runner.join().map_err(|_| anyhow::anyhow!("the runner panicked"))??;
    fails(&finished, 6, "TARGET-LOST")
}

#[test]
fn images_behind_another_driver_are_never_hidden() -> Result<()> {
    let container = container("on-vfs", &Options::default())?;
    container.script(
        "mkdir -p /etc/docker\n\
         printf '{\"storage-driver\": \"vfs\"}\\n' >/etc/docker/daemon.json\n\
         apt-get update -q >/dev/null\n\
         apt-get install -y -q docker.io iptables >/dev/null\n\
         tar -C / -c bin/true | docker import - mine:1 >/dev/null\n",
    )?;
    let before = Listing::of([container.rootfs().join("etc"), container.config_path()])?;
    let finished = run(container.name())?;
    fails(&finished, 7, "CONSENT-MISSING")?;
    for part in ["--allow migrate", "1 of 1 images", "`/var/lib/docker/vfs`"] {
        assert!(finished.stdout().contains(part), "no {part}:\n{}", finished.stdout());
    }
    let after = Listing::of([container.rootfs().join("etc"), container.config_path()])?;
    assert_eq!(before.differences(&after), Vec::<String>::new());
    assert!(container.ok(&["docker", "images"])?.contains("mine"));

    // A Docker that does not run can hand nothing over.
    container.ok(&["systemctl", "stop", "docker.service", "docker.socket"])?;
    let finished = run(container.name())?;
    fails(&finished, 7, "DOCKER-DRIVER-HIDES-DATA")?;
    assert!(finished.stdout().contains("mine:1"), "{}", finished.stdout());
    Ok(())
}

#[test]
fn a_kernel_without_apparmor_is_an_error_unless_it_is_optional() -> Result<()> {
    if xtask::catalogue::kernel_has_apparmor() {
        return Ok(());
    }
    let container = container("apparmor", &Options::default())?;
    let catalogue = std::fs::read_to_string(xtask::workspace::root().join("plugins.toml"))?;
    let bench = Workbench::new(catalogue)?;
    let words = ["run", "--features", "docker", "--target", container.name(), "--allow", "restart"];
    fails(&bench.run(&words)?, 7, "APPARMOR-MISSING")
}

#[test]
fn a_package_manager_that_is_busy_is_waited_for() -> Result<()> {
    let container = container("locked", &Options::default())?;
    // dpkg's lock is one of fcntl, which perl can hold and flock(1) cannot.
    container.script(
        "cat >/lock.pl <<'E'\n\
         use Fcntl; open(F, '>', '/var/lib/dpkg/lock-frontend') or die;\n\
         my $lock = pack('s s l! l! i', F_WRLCK, 0, 0, 0, 0);\n\
         fcntl(F, F_SETLK, $lock) or die; open(H, '>', '/held'); sleep 6;\n\
         E\n\
         systemd-run --quiet perl /lock.pl\n",
    )?;
    until("the lock of dpkg", || container.exists("/held"))?;
    run(container.name())?.expect_code(0)?;
    Ok(())
}

#[test]
fn a_package_that_cannot_be_installed_is_named_with_its_reason() -> Result<()> {
    let container = container("dpkg", &Options::default())?;
    // docker.io makes a group after it is unpacked.
    let broken = b"#!/bin/sh\necho 'no groups today' >&2\nexit 1\n";
    for path in ["/usr/sbin/groupadd", "/usr/sbin/addgroup"] {
        container.write_file(path, broken, 0o755)?;
    }
    let finished = run(container.name())?;
    fails(&finished, 7, "APT-DPKG")?;
    assert!(finished.stdout().contains("`docker.io` cannot be installed"), "{}", finished.stdout());
    Ok(())
}

#[test]
fn an_interrupted_run_ends_at_a_checkpoint_and_goes_on_later() -> Result<()> {
    let container = container("interrupted", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let words = ["run", "--features", "docker", "--target", container.name(), "--allow", "restart"];
    let mut child = bench.command()?.args(words).stdout(std::process::Stdio::piped()).spawn()?;
    // The first installation is under way as soon as apt-get is seen inside.
    let deadline = Instant::now() + Duration::from_secs(60);
    while container.exec(&["sh", "-c", "grep -aq '^apt-get.-y' /proc/[0-9]*/cmdline"])?.code != 0 {
        assert!(Instant::now() < deadline, "apt-get was never seen");
    }
    let pid = child.id().to_string();
    xtask::process::quiet(std::process::Command::new("kill").args(["-INT", &pid]))?;
    let ended = child.wait()?;
    assert_eq!(ended.code(), Some(130));
    assert!(container.exec(&["dpkg", "--audit"])?.stdout.is_empty(), "a half-installed package");
    assert!(!container.exists("/usr/sbin/dockerd")?, "it went on after the interruption");
    bench.run(&words)?.expect_code(0)?;
    Ok(())
}
