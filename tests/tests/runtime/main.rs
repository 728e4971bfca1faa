//! One contract for all runtimes, on real containers: what holds for plain LXC holds on Proxmox.

mod contract;
mod parallel;

use anyhow::Result;
use phoenix_orch::runtime::{Lxc, Pve};
use phoenix_tests::Node;
use xtask::testbed::{Container, Image, LXC_PATH, Options, Release};

use contract::{Bed, keep};

#[test]
fn lxc_keeps_the_contract() -> Result<()> {
    let image = Image::ensure(Release::Bookworm)?;
    let container = Container::create(&image, "contract", &Options::default())?;
    let runtime = Lxc::new(LXC_PATH);
    keep(&Bed { runtime: &runtime, container: &container })?;
    parallel::ours_and_ours(&Bed { runtime: &runtime, container: &container })
}

#[test]
fn pve_keeps_the_contract() -> Result<()> {
    let node = Node::enter()?;
    let container = node.container(&Image::ensure(Release::Bookworm)?, &Options::default())?;
    let runtime = Pve::of_this_host()?;
    keep(&Bed { runtime: &runtime, container: &container })?;
    parallel::ours_and_pct(&Bed { runtime: &runtime, container: &container }, &node)
}
