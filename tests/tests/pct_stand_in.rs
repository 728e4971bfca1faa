//! `pct` of `tests/pve` over real containers says and does what the genuine one did.

use anyhow::Result;
use phoenix_tests::{Node, NodeContainer, transcript::replay};
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
