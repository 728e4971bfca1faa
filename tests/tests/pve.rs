//! phoenix-orch on a Proxmox node: real containers, and everything about them through `/etc/pve` and `pct`.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use anyhow::{Context, Result};
use phoenix_tests::{
    Finished, Node, NodeContainer, Running, Workbench, events, machine::count_starts, product,
    running::until,
};
use xtask::{
    process,
    testbed::{Disk, Flavor, Image, Options, Release},
};

/// A snapshot as Proxmox writes it.
const SNAPSHOT: &str = "\n[before]\n#first\narch: amd64\nfeatures: nesting=1\nsnaptime: 1795463242\n\
                        unprivileged: 1\nlxc.apparmor.profile: unconfined\n";

fn image() -> Result<Image> {
    Image::ensure(Release::Bookworm)
}

/// The usual container with these lines.
fn options(config: &[&str]) -> Options {
    let config = config.iter().map(|line| (*line).to_owned()).collect();
    Options { config, ..Options::default() }
}

/// The feature `x` is one small file.
fn small_bench() -> Result<Workbench> {
    Workbench::new(format!(
        "format = 1\n[policy]\napparmor = \"optional\"\npins = \"optional\"\n[features]\nx = [\"misbehaving\"]\n\
         [plugins.misbehaving]\nlibrary = \"{}\"\nversion = \"*\"\n",
        product::plugin("misbehaving")?.display()
    ))
}

fn run(
    bench: &Workbench,
    verb: &str,
    container: &NodeContainer<'_>,
    more: &[&str],
) -> Result<Finished> {
    let words = [verb, "--features", "docker", "--target", container.id()];
    bench.run(&[&words[..], more].concat())
}

#[test]
fn what_the_old_scripts_left_is_explained_and_repaired() -> Result<()> {
    let node = Node::enter()?;
    let container =
        node.container(&image()?, &options(&["features: keyctl=1", "lxc.environment: MINE=a b"]))?;
    // The lines came while it ran; it would not start with them.
    let text = format!(
        "#my own remark\n{}lxc.cgroup2.devices.allow: a\nlxc.mount.entry=/dev/fuse\nnone\nbind,create=file\n{SNAPSHOT}",
        container.conf()?
    );
    container.set_conf(&text)?;
    let bench = Workbench::with_repository_catalogue()?;

    let plan = run(&bench, "plan", &container, &[])?.expect_code(0)?;
    for line in [
        "-lxc.mount.entry=/dev/fuse",
        "it has no target, so LXC would mount it over the container's root",
        "-none",
        "-bind,create=file",
        "a piece of an option that a script split at its blanks",
        "-lxc.cgroup2.devices.allow: a",
        "+features: keyctl=1,fuse=1",
        "restart the container",
    ] {
        assert!(plan.stdout().contains(line), "`{line}` is missing:\n{}", plan.stdout());
    }
    assert_eq!(container.conf()?, text, "a plan changes nothing");
    let refused = run(&bench, "run", &container, &[])?.expect_code(7)?;
    assert!(refused.stdout().contains("CONSENT-MISSING"), "{}", refused.stdout());
    assert_eq!(container.conf()?, text, "nothing without consent");

    run(&bench, "run", &container, &["--allow", "restart"])?.expect_code(0)?;
    let driver = container.ok(&["docker", "info", "--format", "{{.Driver}}"])?;
    assert_eq!(driver.trim(), "fuse-overlayfs");
    let after = text.replace("features: keyctl=1\n", "features: keyctl=1,fuse=1\n").replace(
        "lxc.cgroup2.devices.allow: a\nlxc.mount.entry=/dev/fuse\nnone\nbind,create=file\n",
        "",
    );
    assert_eq!(container.conf()?, after);

    // What `pct` writes is the same but for what it always does, and the next run finds nothing to do.
    container.pct("set", &["--memory", "600"])?.success()?;
    let words = ["run", "--features", "docker", "--target", container.id(), "--output", "json"];
    let (second, started) = count_starts(&bench, &words, &["lxc-attach", "pct", "perl"])?;
    assert_eq!(events::intended(&events::parse(&second)?), Vec::<String>::new());
    assert_eq!(started, [0, 0, 0]);

    // Taken back, the user's lines are as they were, and so are the snapshots.
    let rollback = bench.run(&["rollback", &first_run(&bench)?, "--allow", "restart"])?;
    // With the lines of the old scripts the container does not start, which is said.
    let rollback = rollback.expect_code(7)?;
    assert!(rollback.stdout().contains("CONTAINER-START"), "{}", rollback.stdout());
    let back = container.conf()?;
    assert!(back.contains("features: keyctl=1\n") && back.ends_with(SNAPSHOT), "{back}");
    Ok(())
}

/// The run that changed something.
fn first_run(bench: &Workbench) -> Result<String> {
    let runs = bench.runs()?;
    let run = runs.iter().find(|run| run["verb"] == "run" && run["changes"] != 0);
    Ok(run.and_then(|run| run["run"].as_str()).context("no run")?.to_owned())
}

#[test]
fn nobody_enters_ten_converged_containers_and_no_tool_is_started() -> Result<()> {
    let node = Node::enter()?;
    let bench = Workbench::with_repository_catalogue()?;
    // One is converged by the product; the others stand on its root.
    let options = Options { disk: Disk::Folder, ..options(&[]) };
    let first = node.container(&image()?, &options)?;
    run(&bench, "run", &first, &["--allow", "restart"])?.expect_code(0)?;
    let features = "features: nesting=1,fuse=1";
    assert!(first.conf()?.contains(features), "{}", first.conf()?);
    first.stop()?;
    let root = bench.folder().join("root");
    process::quiet(Command::new("mv").arg("-T").arg(first.rootfs()).arg(&root))?;
    // Docker renames folders of its own when it starts, which an overlay refuses for those of its lower layer.
    fs::remove_dir_all(root.join("var/lib/docker"))?;
    let image = Image::brought(Release::Bookworm, Flavor::Bare, root);
    let options = Options { config: vec![features.to_owned()], ..Options::default() };
    let containers =
        (0..10).map(|_| node.container(&image, &options)).collect::<Result<Vec<_>>>()?;
    let names: Vec<&str> = containers.iter().map(NodeContainer::id).collect();
    let names = names.join(",");
    bench.run(&["run", "--features", "docker", "--target", &names])?.expect_code(0)?;

    for verb in ["run", "plan"] {
        let words = [verb, "--features", "docker", "--target", &names, "--output", "json"];
        let (finished, started) = count_starts(&bench, &words, &["lxc-attach", "pct", "perl"])?;
        let finished = finished.expect_code(0)?;
        let events = events::parse(&finished)?;
        assert_eq!(events::intended(&events), Vec::<String>::new());
        assert_eq!(started, [0, 0, 0], "{verb}");
    }
    Ok(())
}

#[test]
fn a_locked_container_is_left_alone_and_waited_for() -> Result<()> {
    let node = Node::enter()?;
    let (container, bench) = (node.container(&image()?, &options(&[]))?, small_bench()?);
    let file = container.rootfs().join("etc/phoenix-misbehaving");
    container.pct("set", &["--lock", "backup"])?.success()?;
    let words = ["--features", "x", "--target", container.id()];
    let plan = bench.run(&[&["plan"], &words[..]].concat())?.expect_code(0)?;
    assert!(plan.stdout().contains("is locked (backup)"), "{}", plan.stdout());
    let refused = bench.run(&[&["run"], &words[..]].concat())?.expect_code(6)?;
    assert!(refused.stdout().contains("CONTAINER-LOCKED"), "{}", refused.stdout());
    assert!(!file.exists() && container.conf()?.contains("lock: backup"), "{}", container.conf()?);

    let waiting =
        Running::start(&bench, &[&["run", "--wait", "120", "--verbose"], &words[..]].concat())?;
    until("the run to wait", || Ok(waiting.so_far()?.contains("which is locked (backup)")))?;
    assert!(!file.exists());
    container.pct("unlock", &[])?.success()?;
    waiting.wait()?.expect_code(0)?;
    assert!(file.exists());
    // Nor does a script begin in it.
    container.pct("set", &["--lock", "backup"])?.success()?;
    let said = bench.folder().join("script-ran");
    let path = bench.write("s.sh", format!("#!/bin/sh\ntouch {}\n", said.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    let section = "\n[scripts.s]\napply = \"s.sh\"\n";
    let text =
        fs::read_to_string(bench.config())?.replace("[features]\n", "[features]\ny = [\"s\"]\n");
    bench.write("plugins.toml", text + section)?;
    let script = ["--features", "y", "--target", container.id()];
    let plan = bench.run(&[&["plan"], &script[..]].concat())?.expect_code(0)?;
    assert!(plan.stdout().contains("is locked (backup)"), "{}", plan.stdout());
    let refused =
        bench.run(&[&["run", "--allow", "scripts"], &script[..]].concat())?.expect_code(6)?;
    assert!(
        refused.stdout().contains("CONTAINER-LOCKED") && !said.exists(),
        "{}",
        refused.stdout()
    );
    container.pct("unlock", &[])?.success()?;
    // A run that has nothing to change does not mind.
    container.pct("set", &["--lock", "backup"])?.success()?;
    bench.run(&[&["run"], &words[..]].concat())?.expect_code(0)?;
    Ok(())
}

#[test]
fn without_quorum_nothing_is_begun() -> Result<()> {
    let node = Node::enter()?;
    let bench = Workbench::with_repository_catalogue()?;
    let container = node.container(&image()?, &options(&[]))?;
    node.lose_quorum()?;
    let words = ["--features", "docker", "--target", container.id()];
    let plan = bench.run(&[&["plan"], &words[..]].concat())?.expect_code(0)?;
    assert!(plan.stdout().contains("this node has no quorum"), "{}", plan.stdout());
    let run = bench.run(&[&["run", "--allow", "restart"], &words[..]].concat())?.expect_code(6)?;
    assert!(run.stdout().contains("PVE-READ-ONLY"), "{}", run.stdout());
    assert!(!run.stdout().contains("install `"), "something was begun: {}", run.stdout());
    node.regain_quorum()?;
    Ok(())
}

#[test]
fn containers_that_are_not_ours_to_change_get_a_clear_answer() -> Result<()> {
    let node = Node::enter_with(&[("ha/resources.cfg", "")])?;
    let (bench, small) = (Workbench::with_repository_catalogue()?, small_bench()?);
    let answer = |bench: &Workbench, feature: &str, id: &str| {
        bench.run(&["run", "--features", feature, "--target", id, "--allow", "restart"])
    };
    node.write("lxc/7990.conf", "arch: amd64\nhostname: a\nunprivileged: 1\n")?;
    node.write("lxc/7991.conf", "arch: amd64\nhostname: a\n")?;
    node.write("lxc/7992.conf", "arch: amd64\nhostname: a\ntemplate: 1\nunprivileged: 1\n")?;
    for (id, code, hint) in [
        ("7990", "TARGET-STOPPED", "Start it, then run again."),
        ("7991", "TARGET-PRIVILEGED", "unprivileged containers only"),
        ("7992", "TARGET-TEMPLATE", "cloned from it"),
        ("7993", "TARGET-UNKNOWN", "Did you mean"),
    ] {
        let refused = answer(&small, "x", id)?.expect_code(6)?;
        let said = format!("{}{}", refused.stdout(), refused.stderr());
        assert!(said.contains(code) && said.contains(hint), "{id}: {said}");
    }
    // Templates never run, so that whoever asks for all does not mean them.
    let all = small.run(&["plan", "--features", "x", "--all"])?.expect_code(6)?;
    assert!(!all.stdout().contains("7992") && all.stdout().contains("7990"), "{}", all.stdout());

    let managed = node.container(&image()?, &options(&[]))?;
    node.write("ha/resources.cfg", &format!("ct: {}\n\tstate started\n", managed.id()))?;
    let before = managed.conf()?;
    let refused = answer(&bench, "docker", managed.id())?.expect_code(6)?;
    assert!(refused.stdout().contains("CONTAINER-HA-MANAGED"), "{}", refused.stdout());
    assert!(!refused.stdout().contains("install `"), "something was begun: {}", refused.stdout());
    assert_eq!(managed.conf()?, before);
    // What only changes something inside does not concern HA.
    answer(&small, "x", managed.id())?.expect_code(0)?;
    Ok(())
}

#[test]
fn what_is_pending_is_understood() -> Result<()> {
    let node = Node::enter()?;
    let container = node.container(&image()?, &options(&[]))?;
    let bench = Workbench::with_repository_catalogue()?;
    // Proxmox has this wait for a restart, and it would undo ours.
    container.pct("set", &["--features", "keyctl=1"])?.success()?;
    assert!(container.conf()?.contains("[pve:pending]"), "{}", container.conf()?);
    let refused = run(&bench, "plan", &container, &[])?.expect_code(7)?;
    let said = format!("{}{}", refused.stdout(), refused.stderr());
    let revert = format!("pct set {} --revert features", container.id());
    assert!(said.contains("CONTAINER-PENDING") && said.contains(&revert), "{said}");
    // This one has what is wanted already; a restart is all that is left.
    container.pct("set", &["--features", "nesting=1,fuse=1"])?.success()?;
    let before = container.conf()?;
    let plan = run(&bench, "plan", &container, &[])?.expect_code(0)?;
    assert!(!plan.stdout().contains("+features"), "{}", plan.stdout());
    let restart = "restart the container, with which `features` change too";
    assert!(plan.stdout().contains(restart), "{}", plan.stdout());
    assert_eq!(container.conf()?, before);
    Ok(())
}

#[test]
fn without_the_cluster_lxc_is_not_edited_behind_it() -> Result<()> {
    let node = Node::enter()?;
    let container = node.container(&image()?, &options(&[]))?;
    let bench = Workbench::with_repository_catalogue()?;
    let before = fs::read_to_string(container.config_path())?;
    let mut command = bench.command_through("unshare")?;
    command.args(["--mount", "sh", "-c", "umount --lazy /etc/pve && exec \"$@\"", "sh"]);
    command.arg(product::binary()?).args(bench.state_words());
    command.args(["run", "--features", "docker", "--target", container.id(), "--allow", "restart"]);
    let refused = process::capture(&mut command, None, std::time::Duration::from_secs(60))?;
    assert_eq!(refused.code, 6, "{refused}");
    assert!(refused.stderr.contains("RUNTIME-MISSING"), "{refused}");
    assert!(refused.stderr.contains("pve-cluster"), "{refused}");
    assert_eq!(fs::read_to_string(container.config_path())?, before);
    Ok(())
}
