//! The project's chores, and what the system tests stand on: the test bed and the lab.
//!
//! The test bed knows how to get real unprivileged LXC containers on this machine from nothing, the lab
//! how to get a whole virtual machine with such containers, on a kernel that enforces AppArmor. Both
//! know nothing about what phoenix-orch does: their containers are as plain as those of any
//! administrator, so that whatever Docker needs must come from the product.
//!
//! [`reference`] makes the pages of the documentation that are read out of the sources.

mod cache;
pub mod catalogue;
pub mod dist;
pub mod interrupt;
pub mod lab;
pub mod packages;
pub mod process;
pub mod process_tree;
pub mod reference;
pub mod say;
pub mod testbed;
pub mod trace;
pub mod workspace;
