//! `doctor` on real containers: it finds what is there, enters each once, and changes nothing.

use std::fs;

use anyhow::{Context, Result};
use phoenix_tests::{Finished, Listing, Node, Workbench, machine};
use serde_json::Value;
use xtask::testbed::{Container, Disk, Image, Options, Release};

fn container(label: &str, options: &Options) -> Result<Container> {
    Container::create(&Image::ensure(Release::Bookworm)?, label, options)
}

/// The findings of one target as its document has them.
fn findings(finished: &Finished, target: &str) -> Result<Vec<Value>> {
    let document: Value = serde_json::from_str(finished.stdout()).context("no JSON document")?;
    assert_eq!(document["format"], 1);
    let targets = document["targets"].as_array().context("no targets")?;
    let one = targets.iter().find(|one| one["target"] == target).context("target is missing")?;
    Ok(one["findings"].as_array().context("no findings")?.clone())
}

fn finding<'a>(findings: &'a [Value], code: &str) -> &'a Value {
    let found = findings.iter().find(|finding| finding["code"] == code);
    found.unwrap_or_else(|| panic!("no {code}: {findings:#?}"))
}

#[test]
fn a_bare_container_is_entered_once_and_not_changed() -> Result<()> {
    let web = container("doctor-bare", &Options { disk: Disk::Folder, ..Options::default() })?;
    let bench = Workbench::with_repository_catalogue()?;
    let watched = || {
        let inside = ["etc", "usr", "root", "var/lib"].map(|path| web.rootfs().join(path));
        let outside = ["/etc/apparmor.d", "/etc/modules-load.d", "/etc/sysctl.d"].map(Into::into);
        Listing::of(inside.into_iter().chain(outside).chain([web.config_path()]))
    };
    let before = watched()?;
    // A trial that loads a module would show here.
    let kinds = fs::read_to_string("/proc/filesystems")?;
    let words = ["doctor", "--target", web.name(), "--output", "json"];
    let (finished, entries) = machine::count_entries(&bench, &words)?;
    assert_eq!(entries, 1, "{}", finished.stderr());
    assert_eq!(before.differences(&watched()?), Vec::<String>::new());
    assert_eq!(kinds, fs::read_to_string("/proc/filesystems")?);
    let left = web.ok(&["ls", "-A", "/var/tmp"])?;
    assert!(!left.contains("phoenix"), "{left}");

    let found = findings(&finished, web.name())?;
    let severity = |code| finding(&found, code)["severity"].as_str().unwrap_or_default().to_owned();
    for code in ["DOCTOR-TARGET", "DOCTOR-UNPRIVILEGED", "DOCTOR-PLATFORM", "DOCTOR-DAEMON-JSON"] {
        assert_eq!(severity(code), "fine", "{found:#?}");
    }
    assert_eq!(severity("DOCTOR-NESTING"), "fine");
    assert_eq!(severity("DOCTOR-DOCKER"), "advice");
    let device = finding(&found, "DOCTOR-FUSE-INSIDE");
    assert_eq!((&device["severity"], &device["step"]), (&"warns".into(), &"fuse-overlayfs".into()));
    // What the trial says is what a mount by hand says.
    let overlay = finding(&found, "DOCTOR-OVERLAY");
    let by_hand = web.exec(&["unshare", "--mount", "/bin/sh", "-euc", BY_HAND])?;
    let works = overlay["what"].as_str().is_some_and(|what| what.contains("work here"));
    let tried = kinds.contains("\toverlay\n");
    assert_eq!(works, tried && by_hand.code == 0, "{overlay:#}\n{by_hand}");
    Ok(())
}

const BY_HAND: &str = "mount -t tmpfs none /mnt; cd /var/tmp; mkdir -p l u w; \
    mount -t overlay o -o userxattr,lowerdir=l,upperdir=u,workdir=w /mnt; touch /mnt/x; \
    umount /mnt; rm -r l u w";

#[test]
fn what_cannot_be_entered_is_found_and_ends_nothing() -> Result<()> {
    let lines = ["lxc.mount.entry = /dev/fuse", "none", "lxc.cgroup2.devices.allow = a"];
    let config = lines.map(str::to_owned).to_vec();
    let stopped =
        container("doctor-stopped", &Options { config, stopped: true, ..Options::default() })?;
    // Neither a catalogue nor any step is needed.
    let bench = Workbench::empty()?;
    let both = format!("{},phx-no-such-container", stopped.name());
    let words = ["doctor", "--target", &both, "--output", "json"];
    let finished = bench.run(&words)?.expect_code(3)?;

    let found = findings(&finished, stopped.name())?;
    for (code, severity, words) in [
        ("DOCTOR-TARGET", "blocks", "does not run"),
        ("DOCTOR-FUSE-ENTRY", "blocks", "broken"),
        ("DOCTOR-CONFIG-LINES", "blocks", "lines that are none"),
        ("DOCTOR-DEVICES-ALLOW", "advice", "allows all devices"),
    ] {
        let finding = finding(&found, code);
        assert_eq!(finding["severity"], severity, "{finding:#}");
        assert!(finding["what"].as_str().is_some_and(|what| what.contains(words)), "{finding:#}");
    }
    let entry = finding(&found, "DOCTOR-FUSE-ENTRY")["seen"].to_string();
    assert!(entry.contains("it has no target"), "{entry}");
    let unknown = findings(&finished, "phx-no-such-container")?;
    assert_eq!(unknown.len(), 1, "{unknown:#?}");
    assert_eq!(finding(&unknown, "DOCTOR-TARGET")["severity"], "blocks");

    // A privileged one is not entered.
    let text = fs::read_to_string(stopped.config_path())?;
    let kept = text.lines().filter(|line| {
        !lines.contains(line) && !line.contains("idmap") && !line.contains("userns.conf")
    });
    let text: String = kept.map(|line| format!("{line}\n")).collect();
    fs::write(stopped.config_path(), text)?;
    let finished = bench.run(&["doctor", "--target", stopped.name()])?.expect_code(3)?;
    assert!(finished.stdout().contains("the container is privileged"), "{}", finished.stdout());
    assert!(!finished.stdout().contains("is broken"), "{}", finished.stdout());
    Ok(())
}

#[test]
fn on_a_node_of_proxmox_no_pct_is_started() -> Result<()> {
    let jobs = "vzdump: backup-nightly\n\tschedule 21:00\n\tall 1\n\tmode snapshot\n";
    let node = Node::enter_with(&[("jobs.cfg", jobs)])?;
    let config = vec!["features: nesting=1,fuse=1".to_owned()];
    let options = Options { config, ..Options::default() };
    let container = node.container(&Image::ensure(Release::Bookworm)?, &options)?;
    // What the old scripts left, written while it runs: it would not start with that.
    let left = "lxc.cgroup2.devices.allow: a\nlxc.mount.entry=/dev/fuse\nnone\nbind,create=file\n\
                \n[before]\nlock: snapshot\nlxc.apparmor.profile: unconfined\n";
    container.set_conf(&format!("{}{left}", container.conf()?))?;
    let text = container.conf()?;
    let bench = Workbench::with_repository_catalogue()?;
    let words = ["doctor", "--target", container.id(), "--output", "json"];
    let programs = ["lxc-attach", "pct", "perl"];
    let (finished, started) = machine::count_starts(&bench, &words, &programs)?;
    assert_eq!(started, [1, 0, 0], "{}", finished.stderr());
    assert_eq!(finished.code(), 3);
    assert_eq!(container.conf()?, text);

    let found = findings(&finished, container.id())?;
    for (code, severity, seen) in [
        ("DOCTOR-FUSE-ENTRY", "blocks", "it has no target"),
        ("DOCTOR-CONFIG-LINES", "warns", "`bind,create=file`"),
        ("DOCTOR-DEVICES-ALLOW", "advice", "lxc.cgroup2.devices.allow"),
        ("DOCTOR-BACKUPS", "warns", "job `backup-nightly` has mode `snapshot`"),
        ("DOCTOR-TARGET", "fine", ".conf"),
        ("DOCTOR-NESTING", "fine", ""),
        ("DOCTOR-EDITABLE", "fine", ""),
    ] {
        let finding = finding(&found, code);
        assert_eq!(finding["severity"], severity, "{finding:#}");
        assert!(finding["seen"].to_string().contains(seen), "{finding:#}");
    }
    node.lose_quorum()?;
    let finished = bench.run(&words)?.expect_code(3)?;
    let found = findings(&finished, container.id())?;
    assert_eq!(finding(&found, "DOCTOR-EDITABLE")["severity"], "warns");
    Ok(())
}

#[test]
fn a_broken_catalogue_is_a_finding_and_a_missing_one_that_was_named_is_not() -> Result<()> {
    let bench = Workbench::new("format = 1\n[policy\n")?;
    let finished = bench.run(&["doctor", "--output", "json"])?.expect_code(3)?;
    let host = findings(&finished, "host")?;
    assert_eq!(finding(&host, "DOCTOR-CATALOGUE")["severity"], "blocks");
    assert!(host.len() > 5, "the rest of the host was looked at: {host:#?}");
    let missing = bench.run(&["doctor", "--config", "/no/such.toml"])?.expect_code(4)?;
    assert!(missing.stderr().contains("CONFIG-MISSING"), "{}", missing.stderr());
    Ok(())
}
