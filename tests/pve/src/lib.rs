//! A Proxmox node as far as tests need one, for machines that cannot be one.
//!
//! The genuine `pct` and pmxcfs were watched once, over real LXC containers; what they did is written
//! down in `fixtures/pct-transcript.txt`. The two programs of this crate do the same, again over real
//! LXC containers: the same files, streams, exit codes, locks and oddities, and none of the Perl. Nothing
//! here knows phoenix-orch.

pub mod cluster;
pub mod conf;
pub mod pct;
