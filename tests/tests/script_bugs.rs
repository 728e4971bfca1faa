//! The defects of the scripts that phoenix-orch replaces, each tried on the real thing so that it does not come back.
//! docs/replacing-the-scripts.md lists all of them, and where those are tried that need no container
//! (`cargo nextest run --workspace script_bug` runs them all).

use std::{fs, os::unix::fs::PermissionsExt as _};

use anyhow::Result;
use phoenix_orch::{
    runtime::{Edit, Pve, Runtime},
    transport::{ContainerMachine, Exec, Reader},
};
use phoenix_sdk::{Others, dev_fuse};
use phoenix_tests::{Listing, Node, Workbench, machine::count_starts, product};
use xtask::testbed::{Image, Options, Release};

const MAIN: &str = "arch: amd64\nhostname: a\nunprivileged: 1\n";
const SNAPSHOT: &str = "\n[s1]\narch: amd64\nsnaptime: 1795463242\n\
    lxc.mount.entry: /dev/fuse dev/fuse none bind,create=file 0 0\n";
const ID: &str = "7990";

/// A node with one guest that has no container, for what only concerns its file.
fn node(main: &str) -> Result<Node> {
    Node::enter_with(&[(&format!("lxc/{ID}.conf"), &format!("{MAIN}{main}{SNAPSHOT}"))])
}

fn set(key: &str, value: &str, others: Others) -> Result<()> {
    let (pve, edit) = (Pve::of_this_host()?, Edit::Set { key, value, others });
    Ok(pve.edit(ID, &mut |now| pve.edited(now, edit))?)
}

#[test]
fn script_bug_01_options_and_words_stay_whole() -> Result<()> {
    let node = Node::enter()?;
    let container = node.container(&Image::ensure(Release::Bookworm)?, &Options::default())?;
    let bench = Workbench::new(format!(
        "format = 1\n[policy]\napparmor = \"optional\"\npins = \"optional\"\n\
         [features]\nbase_setup = [\"words\"]\n\
         [scripts.words]\napply = \"words.sh\"\ncheck = \"there.sh\"\n\
         args = [\"{{ctid}}\", \"two words\", \"$(id) *\", \"\"]\n\
         [plugins.container-options]\nlibrary = \"{}\"\nversion = \"*\"\n",
        product::plugin("container-options")?.display()
    ))?;
    let said = bench.folder().join("said");
    let script = format!("#!/bin/sh\nprintf '%s|' \"$@\" > {}\n", said.display());
    for (name, text) in
        [("words.sh", script), ("there.sh", format!("#!/bin/sh\ntest -e {}\n", said.display()))]
    {
        let path = bench.write(name, text)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    // The very options that the script split, and whose pieces kept its containers from starting.
    let options = [
        "lxc.mount.auto=proc:rw sys:rw",
        "lxc.mount.entry=/dev/net/tun dev/net/tun none bind,create=file",
    ];
    let entry = serde_json::json!({
        "name": "a", "unprivileged": true, "features": ["base_setup"], "lxc_options": options,
    });
    let inventory = serde_json::json!({ "lxc_configs": { container.id(): entry } });
    bench.write("inventory.json", inventory.to_string())?;
    let before = container.conf()?;
    let words = ["run", "--features", "base_setup", "--inventory", "inventory.json"];
    bench.run(&words)?.expect_code(0)?;
    let lines: String = options.iter().map(|line| line.replacen('=', ": ", 1) + "\n").collect();
    assert_eq!(container.conf()?, before + &lines);
    assert_eq!(fs::read_to_string(&said)?, format!("{}|two words|$(id) *||", container.id()));
    // And it starts with them.
    container.pct("reboot", &[])?.success()?;
    let again = bench.run(&words)?.expect_code(0)?;
    assert!(again.stdout().contains("0 changes"), "{}", again.stdout());
    Ok(())
}

#[test]
fn script_bug_02_nothing_is_written_into_a_snapshot() -> Result<()> {
    let node = node("")?;
    set("lxc.apparmor.profile", "lxc-phoenix-v2", Others::Replaced)?;
    let after = format!("{MAIN}lxc.apparmor.profile: lxc-phoenix-v2\n{SNAPSHOT}");
    assert_eq!(node.read(&format!("lxc/{ID}.conf"))?, after);
    Ok(())
}

#[test]
fn script_bug_03_a_line_is_there_only_as_a_whole_and_in_the_main_section() -> Result<()> {
    // The broken line has the text of the wanted one in it, and a snapshot has the whole of it.
    let node = node("lxc.mount.entry=/dev/fuse\n")?;
    set(dev_fuse::KEY, dev_fuse::VALUE, Others::Kept)?;
    let added = format!("lxc.mount.entry=/dev/fuse\nlxc.mount.entry: {}\n", dev_fuse::VALUE);
    assert_eq!(node.read(&format!("lxc/{ID}.conf"))?, format!("{MAIN}{added}{SNAPSHOT}"));
    Ok(())
}

#[test]
fn script_bug_04_a_profile_written_in_the_other_way_is_the_same_key() -> Result<()> {
    let node = node("lxc.apparmor.profile=unconfined\nlxc.apparmor.profile: unconfined\n")?;
    for _ in 0..2 {
        set("lxc.apparmor.profile", "lxc-phoenix-v2", Others::Replaced)?;
        let after = format!("{MAIN}lxc.apparmor.profile: lxc-phoenix-v2\n{SNAPSHOT}");
        assert_eq!(node.read(&format!("lxc/{ID}.conf"))?, after);
    }
    Ok(())
}

#[test]
fn script_bug_15_a_plan_is_dry() -> Result<()> {
    let node = Node::enter()?;
    let container = node.container(&Image::ensure(Release::Bookworm)?, &Options::default())?;
    let bench = Workbench::with_repository_catalogue()?;
    let (conf, init) = (container.conf()?, container.init_pid()?);
    let packages = container.ok(&["dpkg-query", "-W"])?;
    // apt is asked how much there is to download, and must leave nothing of that behind.
    let of_apt = ["var/lib/apt", "var/cache/apt", "var/log/apt", "var/lib/dpkg"];
    let of_apt = || Listing::of(of_apt.map(|path| container.rootfs().join(path)));
    let before = of_apt()?;
    let words = ["plan", "--features", "docker", "--target", container.id()];
    let (plan, started) = count_starts(&bench, &words, &["pct", "modprobe", "apparmor_parser"])?;
    let plan = plan.expect_code(0)?;
    assert_eq!(started, [0, 0, 0]);
    assert_eq!(before.differences(&of_apt()?), Vec::<String>::new());
    assert!(plan.stdout().contains("install `fuse-overlayfs`"), "{}", plan.stdout());
    assert_eq!((container.conf()?, container.init_pid()?), (conf, init));
    assert_eq!(container.ok(&["dpkg-query", "-W"])?, packages);
    assert!(!container.rootfs().join("etc/docker").exists());
    Ok(())
}

#[test]
fn script_bug_16_a_container_runs_only_if_it_runs() -> Result<()> {
    let node = Node::enter()?;
    let options = Options { stopped: true, ..Options::default() };
    let container = node.container(&Image::ensure(Release::Bookworm)?, &options)?;
    // The script took this exit code for an answer.
    assert_eq!(container.pct("status", &[])?.code, 0);
    assert!(!Pve::of_this_host()?.state(container.id())?.running);
    let bench = Workbench::with_repository_catalogue()?;
    let words = ["run", "--features", "docker", "--target", container.id()];
    let refused = bench.run(&words)?.expect_code(6)?;
    assert!(refused.stdout().contains("TARGET-STOPPED"), "{}", refused.stdout());
    Ok(())
}

#[test]
fn script_bug_17_what_is_read_has_no_noise_and_no_environment_of_the_host() -> Result<()> {
    let node = Node::enter()?;
    let container = node.container(&Image::ensure(Release::Bookworm)?, &Options::default())?;
    let machine =
        ContainerMachine::new(container.id(), Pve::of_this_host()?.attach(container.id()));
    let noisy = machine.probe(&Exec::new(["sh", "-c", "echo warning >&2; echo value; env >&2"]))?;
    assert_eq!(noisy.line(), "value");
    let said = noisy.stderr.to_text();
    assert!(said.starts_with("warning\n") && said.contains("LC_ALL=C.UTF-8\n"), "{said}");
    for foreign in ["LANG=", "CARGO", "USER=", "NEXTEST"] {
        assert!(!said.contains(foreign), "{foreign} in {said}");
    }
    Ok(())
}

#[test]
fn script_bug_19_what_is_written_and_not_in_force_needs_a_restart() -> Result<()> {
    let node = Node::enter()?;
    let container = node.container(&Image::ensure(Release::Bookworm)?, &Options::default())?;
    let conf = container.conf()?.replace("features: nesting=1", "features: nesting=1,fuse=1");
    container.set_conf(&conf)?;
    let bench = Workbench::with_repository_catalogue()?;
    let words = ["run", "--features", "docker", "--target", container.id()];
    let refused = bench.run(&words)?.expect_code(7)?;
    assert!(
        refused.stdout().contains("`/dev/fuse` is not in the container yet"),
        "{}",
        refused.stdout()
    );
    assert!(refused.stdout().contains("--allow restart"), "{}", refused.stdout());
    assert_eq!(container.conf()?, conf);
    Ok(())
}
