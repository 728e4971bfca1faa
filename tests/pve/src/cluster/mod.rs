//! The file system of `/etc/pve`, as pmxcfs serves it: in memory, with fixed owners and modes.
//!
//! No cluster stands behind it. Whether there is a quorum is what the test says.

mod filesystem;
mod load;
mod place;
mod tree;

pub use filesystem::ClusterFiles;
pub use load::load;
pub use tree::{ROOT, Tree};
