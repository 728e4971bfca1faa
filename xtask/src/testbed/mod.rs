//! Real unprivileged LXC containers for tests and the demo.
//!
//! An [`Image`] is built once and cached; a [`Container`] made from it is up in about a second and
//! needs no network: everything that Docker needs lies in an apt repository inside. The host needs
//! nothing running: no systemd, no bridge, no lxcfs. What the product has to bring itself is left
//! out on purpose: no `/dev/fuse`, no Docker, no changed mode of any device.

mod config;
mod container;
mod disk;
mod image;
mod leftovers;
mod limits;
mod options;
mod release;
mod rootfs;
mod subordinate_ids;

pub use container::Container;
pub use image::Image;
pub(crate) use image::host_apt_options;
pub use limits::RaisedLimits;
pub use options::{AppArmor, Apt, Disk, Init, Network, Options};
pub(crate) use release::stable_sources;
pub use release::{Flavor, Release};

/// The host's uid and gid that root of every container is mapped to.
pub const FIRST_ID: u32 = 100_000;

/// How many ids are mapped.
pub const ID_COUNT: u32 = 65_536;

/// Where LXC keeps its containers.
pub const LXC_PATH: &str = "/var/lib/lxc";
