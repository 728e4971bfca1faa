//! `pct` of `tests/pve` over real containers says and does what the genuine one did.

use anyhow::Result;
use phoenix_tests::{Node, NodeContainer, running::until, transcript::replay};
use xtask::testbed::{Image, Options, Release};

const TRANSCRIPT: &str = include_str!("../pve/fixtures/pct-transcript.txt");

/// A container as it was that day, stopped.
fn container<'node>(node: &'node Node, then: &str, own: &str) -> Result<NodeContainer<'node>> {
    let options = Options { stopped: true, ..Options::default() };
    let made = node.container(&Image::ensure(Release::Bookworm)?, &options)?;
    let id = made.id();
    made.set_conf(&format!(
        "arch: amd64\n{own}hostname: ct{id}\nmemory: 512\nostype: debian\nrootfs: \
         {then}:{id}/subvol-{id}-disk-0.subvol,size=0T\nunprivileged: 1\n"
    ))?;
    Ok(made)
}

/// The containers `100`, which runs, and `101`, which does not.
fn two_containers(node: &Node) -> Result<[NodeContainer<'_>; 2]> {
    let running = container(node, "local", "cores: 1\nfeatures: nesting=1\nswap: 0\n")?;
    running.start()?;
    Ok([running, container(node, "local", "swap: 512\n")?])
}

#[test]
fn looking_exec_push_and_pull() -> Result<()> {
    let node = Node::enter()?;
    let [one, other] = two_containers(&node)?;
    let here = format!("nodes/{}/", node.name());
    let folder = tempfile::tempdir()?;
    let titles = [
        "create, list, status, config",
        "exec: exit codes and wrong use",
        "exec: environment, cwd, encoding",
        "exec: streams",
        "push",
        "pull",
    ];
    let today = [("100", one.id()), ("101", other.id()), ("nodes/pve/", &here)];
    replay(TRANSCRIPT, &titles, &today, folder.path())
}

#[test]
fn changes_locks_and_power() -> Result<()> {
    let node = Node::enter()?;
    let [one, other] = two_containers(&node)?;
    let here = format!("nodes/{}/", node.name());
    let folder = tempfile::tempdir()?;
    let titles = [
        "set: features, pending, raw keys, refusals",
        "raw keys by editing the file",
        "locks",
        "start, stop, reboot",
    ];
    let today = [("100", one.id()), ("101", other.id()), ("nodes/pve/", &here)];
    std::fs::write(folder.path().join("f"), "hello\n")?;
    replay(TRANSCRIPT, &titles, &today, folder.path())
}

#[test]
fn snapshots() -> Result<()> {
    let node = Node::enter()?;
    let guest = container(&node, "btr", "features: nesting=1\nswap: 512\n")?;
    let folder = tempfile::tempdir()?;
    replay(TRANSCRIPT, &["snapshots"], &[("102", guest.id())], folder.path())
}

/// What the transcript does not show, and PCT.md says.
#[test]
fn an_explicit_profile_is_told_and_features_wait_for_a_stop_from_whichever_side() -> Result<()> {
    let node = Node::enter()?;
    let options = Options {
        config: ["features: nesting=1,fuse=1", "lxc.apparmor.profile: unconfined"]
            .map(str::to_owned)
            .into(),
        stopped: true,
        ..Options::default()
    };
    let guest = node.container(&Image::ensure(Release::Bookworm)?, &options)?;
    let overridden = "explicitly configured lxc.apparmor.profile overrides the following settings: \
                      features:fuse, features:nesting\n";
    let set = guest.pct("set", &["--cores", "2"])?.success()?;
    assert_eq!((set.stdout.as_str(), set.stderr.as_str()), ("", overridden));
    let start = guest.pct("start", &[])?.success()?;
    assert_eq!((start.stdout.as_str(), start.stderr.as_str()), (overridden, ""));
    guest.wait_until_up()?;
    // The device is there all the same.
    guest.ok(&["test", "-c", "/dev/fuse"])?;

    guest.pct("set", &["--features", "nesting=1"])?.success()?;
    assert!(guest.conf()?.contains("\n[pve:pending]\nfeatures: nesting=1\n"));
    // LXC cuts the command off with the container, so that its exit code says nothing.
    guest.exec(&["systemctl", "poweroff"])?;
    let applied = || Ok(!guest.conf()?.contains("[pve:pending]"));
    until("what is pending to come into force", applied)?;
    assert!(guest.conf()?.contains("\nfeatures: nesting=1\n"));
    guest.start()?;
    assert!(guest.exec(&["test", "-e", "/dev/fuse"])?.code != 0);

    // A reboot notices the lock too late.
    guest.pct("set", &["--lock", "backup"])?.success()?;
    let reboot = guest.pct("reboot", &[])?;
    let expected = format!("startup for container '{}' failed\n", guest.id());
    assert_eq!((reboot.code, reboot.stderr), (255, expected));
    assert_eq!(guest.pct("status", &[])?.stdout, "status: stopped\n");
    Ok(())
}

/// The process that was started is the one that waits for the container's command.
#[test]
fn exec_becomes_lxc_attach() -> Result<()> {
    let node = Node::enter()?;
    let guest = node.container(&Image::ensure(Release::Bookworm)?, &Options::default())?;
    let mut child = node.pct_command().args(["exec", guest.id(), "--", "sleep", "60"]).spawn()?;
    let words = format!("/proc/{}/cmdline", child.id());
    until("lxc-attach", || Ok(std::fs::read(&words)?.starts_with(b"lxc-attach\0")))?;
    child.kill()?;
    child.wait()?;
    Ok(())
}
