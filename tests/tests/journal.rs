//! A journal that fails, and machines that fail while something is done to them: each has a coded answer,
//! and afterwards either the next run converges or a rollback brings the first state back.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use phoenix_tests::{Finished, Listing, Workbench, crash, events, listing::restorable};
use xtask::{
    process,
    testbed::{Container, Disk, Image, Options, Release},
};

fn container(label: &str, options: &Options) -> Result<Container> {
    Container::create(&Image::ensure(Release::Bookworm)?, label, options)
}

fn words<'a>(verb: &'a str, container: &'a Container) -> Vec<&'a str> {
    vec![verb, "--features", "docker", "--target", container.name(), "--allow", "restart"]
}

/// The run fails with this exit code and error code, tells what to do, and neither panics nor shows a
/// backtrace.
fn fails(finished: &Finished, exit: i32, code: &str) -> Result<()> {
    let finished = finished.clone().expect_code(exit)?;
    let all = format!("{}{}", finished.stdout(), finished.stderr());
    assert!(all.contains(&format!("error[{code}]")), "no {code} in:\n{all}");
    assert!(all.contains("hint:") && !all.contains("panicked"), "{all}");
    Ok(())
}

fn same(before: &Listing, container: &Container) -> Result<()> {
    assert_eq!(before.differences(&restorable(container)?), Vec::<String>::new());
    Ok(())
}

#[test]
fn when_the_journal_is_full_nothing_else_is_done_and_later_it_goes_on() -> Result<()> {
    let container = container("journal-full", &Options::default())?;
    let before = restorable(&container)?;
    // Before the first effect, between two, and in the middle of one.
    for after in [1, 4, 9] {
        let bench = Workbench::with_repository_catalogue()?;
        let run = words("run", &container);
        // A journal that was never made has no log yet.
        bench.run(&["verify", "--features", "docker", "--target", container.name()])?;
        fails(&crash::with_full_journal(&bench, &run, after)?, 1, "JOURNAL-UNWRITABLE")?;
        if after == 1 {
            same(&before, &container)?;
        } else {
            bench.run(&run)?.expect_code(0)?;
        }
        bench.take_all_back()?;
        same(&before, &container)?;
    }
    Ok(())
}

/// A file system of its own for the state folder.
struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn tmpfs(path: &'a Path, options: &str) -> Result<Self> {
        fs::create_dir_all(path)?;
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(path);
        process::quiet(&mut command)?;
        Ok(Self(path))
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = process::quiet(Command::new("umount").arg(self.0));
    }
}

#[test]
fn a_journal_that_cannot_be_written_is_an_error_before_anything_is_done() -> Result<()> {
    let container = container("journal-ro", &Options::default())?;
    let before = restorable(&container)?;
    let bench = Workbench::with_repository_catalogue()?;
    let state = bench.folder().join("state");
    {
        let _mount = Mount::tmpfs(&state, "ro,mode=0700")?;
        fails(&bench.run(&words("run", &container))?, 1, "STATE-DIR")?;
    }
    {
        // Room for the tables and no more: it fills up with what is kept.
        let _mount = Mount::tmpfs(&state, "size=160k,mode=0700")?;
        fails(&bench.run(&words("run", &container))?, 1, "JOURNAL-UNWRITABLE")?;
    }
    same(&before, &container)
}

#[test]
fn a_journal_that_is_damaged_is_an_error_and_touches_nothing() -> Result<()> {
    let container = container("journal-broken", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    bench.run(&words("run", &container))?.expect_code(0)?;
    let path = bench.folder().join("state/journal.sqlite");
    let whole = fs::read(&path)?;
    let state = restorable(&container)?;
    let mut spoilt = whole.clone();
    spoilt[4096..].fill(0x5a);
    for (what, content) in [
        ("spoilt", spoilt),
        ("truncated", whole[..whole.len() / 2 + 100].to_vec()),
        ("another file", b"Hello, this is somebody's note and no journal at all.\n".repeat(99)),
    ] {
        fs::write(&path, &content)?;
        for verb in
            [&words("run", &container)[..], &["runs", "show", "last"], &["rollback", "last"]]
        {
            let finished = bench.run(verb)?;
            assert_ne!(finished.code(), 0, "{what}: {verb:?}: {}", finished.stdout());
            let all = format!("{}{}", finished.stdout(), finished.stderr());
            assert!(all.contains("error[") && !all.contains("panicked"), "{what}: {all}");
        }
        assert_eq!(fs::read(&path)?.len(), content.len(), "{what}: it was written");
    }
    same(&state, &container)
}

#[test]
fn a_container_that_stops_between_two_effects_is_finished_later() -> Result<()> {
    let container = container("stops", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let run = words("run", &container);
    let mut command = bench.command()?;
    command.args(&run).args(["--output", "json"]).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let output = child.stdout.take().context("no output")?;
    for line in BufReader::new(output).lines() {
        if line?.contains("\"event\":\"done\"") && container.state()? == "RUNNING" {
            let mut command = Command::new("lxc-stop");
            process::quiet(command.args(["--kill", "--name", container.name()]))?;
        }
    }
    assert!([Some(6), Some(7)].contains(&child.wait()?.code()));
    fails(&bench.run(&run)?, 6, "TARGET-STOPPED")?;
    container.start()?;
    container.wait_until_up()?;
    bench.run(&run)?.expect_code(0)?;
    Ok(())
}

#[test]
fn a_container_that_is_destroyed_between_two_effects_is_named() -> Result<()> {
    let container = container("destroyed", &Options::default())?;
    let name = container.name().to_owned();
    let bench = Workbench::with_repository_catalogue()?;
    let run = ["run", "--features", "docker", "--target", &name, "--allow", "restart"];
    let mut command = bench.command()?;
    command.args(run).args(["--output", "json"]).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let output = child.stdout.take().context("no output")?;
    let mut there = Some(container);
    for line in BufReader::new(output).lines() {
        if line?.contains("\"event\":\"done\"")
            && let Some(container) = there.take()
        {
            container.destroy()?;
        }
    }
    assert!(there.is_none(), "it ended before an effect");
    let code = child.wait()?.code();
    assert!(matches!(code, Some(6 | 7)), "{code:?}");
    fails(&bench.run(&run)?, 6, "TARGET-UNKNOWN")?;
    fails(&bench.run(&["rollback", "last"])?, 6, "TARGET-UNKNOWN")?;
    Ok(())
}

#[test]
fn a_session_that_is_killed_costs_its_target_and_is_finished_later() -> Result<()> {
    let container = container("attach", &Options::default())?;
    // dpkg is about to begin, and waits.
    let hook = b"DPkg::Pre-Invoke { \"touch /held; while [ ! -e /go ]; do sleep 0.1; done\"; };\n";
    container.write_file("/etc/apt/apt.conf.d/99held", hook, 0o644)?;
    let before = restorable(&container)?;
    let bench = Workbench::with_repository_catalogue()?;
    let run = words("run", &container);
    let mut command = bench.command()?;
    let mut child = command.args(&run).stdout(Stdio::null()).spawn()?;
    let begin = Instant::now();
    while !container.exists("/held")? {
        assert!(begin.elapsed() < Duration::from_secs(120), "apt-get never came to dpkg");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pattern = format!("^lxc-attach .*{}", container.name());
    process::quiet(Command::new("pkill").args(["-KILL", "-f", &pattern]))?;
    assert_eq!(child.wait()?.code(), Some(6));
    container.write_file("/go", b"", 0o644)?;
    bench.run(&run)?.expect_code(0)?;
    bench.take_all_back()?;
    same(&before, &container)
}

#[test]
fn a_disk_that_is_full_or_a_file_that_is_immutable_costs_one_effect() -> Result<()> {
    let options = Options { disk: Disk::Memory(600), ..Options::default() };
    let container = container("disk", &options)?;
    container.script(
        "apt-get update -q >/dev/null && apt-get install -y -q fuse-overlayfs >/dev/null",
    )?;
    let bench = Workbench::with_repository_catalogue()?;
    let before = restorable(&container)?;
    let run = words("run", &container);
    let fill =
        "for size in 64k 1k; do dd if=/dev/zero of=/filler$size bs=$size 2>/dev/null || true; done";
    container.script(fill)?;
    let full = bench.run(&run)?.expect_code(7)?;
    assert!(full.stdout().contains("No space left"), "{}", full.stdout());
    bench.run(&["rollback", "last", "--allow", "restart"])?.expect_code(0)?;
    container.script("rm /filler*")?;
    same(&before, &container)?;

    // The host's own file: what cannot be changed even by root.
    let config = container.config_path();
    let immutable = |flag: &str| process::quiet(Command::new("chattr").arg(flag).arg(&config));
    if immutable("+i").is_err() {
        // A file system without the flag has no such files.
        return Ok(());
    }
    let refused = bench.run(&run);
    immutable("-i")?;
    fails(&refused?, 7, "FILE-WRITE")?;
    bench.run(&run)?.expect_code(0)?;
    Ok(())
}

#[test]
fn a_clock_that_goes_backwards_changes_no_order() -> Result<()> {
    let container = container("clock", &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let run = words("run", &container);
    bench.run(&run)?.expect_code(0)?;
    container.script("sed -i s/fuse-overlayfs/vfs/ /etc/docker/daemon.json")?;
    let drifted = container.read_file("/etc/docker/daemon.json")?;
    let words = [&run[..], &["--output", "json"]].concat();
    let earlier = crash::with_wrong_clock(&bench, &words, -86_400)?;
    assert_eq!(events::intended(&events::parse(&earlier)?), ["json_keys", "restart_service"]);
    // The last run is the one that came last, whatever the clock said.
    crash::with_wrong_clock(&bench, &["rollback", "last", "--allow", "restart"], -172_800)?
        .expect_code(0)?;
    assert_eq!(container.read_file("/etc/docker/daemon.json")?, drifted);
    let runs = bench.runs()?;
    let verbs: Vec<_> = runs.iter().map(|run| run["verb"].as_str().unwrap_or_default()).collect();
    assert_eq!(verbs, ["rollback", "run", "run"]);
    Ok(())
}

#[test]
fn what_somebody_changed_after_a_crash_is_a_conflict_once_and_is_not_touched() -> Result<()> {
    // Nothing but the file is to be changed before Docker itself.
    let config = vec!["lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0".to_owned()];
    let container = container("crash-edit", &Options { config, ..Options::default() })?;
    container.script(
        "apt-get update -q >/dev/null && apt-get install -y -q fuse-overlayfs >/dev/null",
    )?;
    container.write_file("/etc/docker/daemon.json", b"{\n  \"debug\": true\n}\n", 0o640)?;
    let run = words("run", &container);
    // Killed when the change of the file is announced, and nothing is written yet. Each try has a journal of
    // its own: what one has kept already costs no further transaction.
    let announced = |bench: &Workbench| -> Result<bool> {
        let events = bench.run(&["runs", "show", "last", "--output", "json"])?;
        // Before anything was announced there is no such run.
        let events = if events.code() == 0 { events.events()? } else { Vec::new() };
        Ok(events.last().is_some_and(|event| event["change"]["kind"] == "json_keys"))
    };
    let mut number = 0;
    let bench = loop {
        number += 1;
        let bench = Workbench::with_repository_catalogue()?;
        let killed = crash::killed(&bench, &run, crash::Moment::Announced(number))?;
        assert!(killed, "the change was never the last that was announced");
        if announced(&bench)? {
            break bench;
        }
    };
    let mine = b"{\n  \"debug\": true,\n  \"mtu\": 1400\n}\n";
    container.write_file("/etc/docker/daemon.json", mine, 0o640)?;
    let conflict = bench.run(&run)?;
    fails(&conflict, 9, "RECOVERY-CONFLICT")?;
    for part in ["before the run:", "after the run:", "now:", "\"mtu\": 1400"] {
        assert!(conflict.stdout().contains(part), "no {part}:\n{}", conflict.stdout());
    }
    assert_eq!(container.read_file("/etc/docker/daemon.json")?, mine);
    // A rollback of the dead run does not take it for its own either.
    let dead = bench.runs()?.iter().rfind(|run| run["changes"] != 0).cloned();
    let dead = dead.as_ref().and_then(|run| run["run"].as_str()).unwrap_or_default().to_owned();
    bench.run(&["rollback", &dead, "--allow", "restart"])?;
    assert_eq!(container.read_file("/etc/docker/daemon.json")?, mine);
    // Said once; the next run goes on from what is there.
    bench.run(&run)?.expect_code(0)?;
    let now = String::from_utf8(container.read_file("/etc/docker/daemon.json")?)?;
    assert!(now.contains("\"mtu\": 1400") && now.contains("fuse-overlayfs"), "{now}");
    Ok(())
}
