//! The project's chores, and the test bed that the system tests stand on.
//!
//! The library knows how to get real unprivileged LXC containers on this machine from nothing. It
//! knows nothing about phoenix-orch itself: the containers it makes are as plain as those of any
//! administrator, so that whatever Docker needs must come from the product.

pub mod catalogue;
pub mod packages;
pub mod process;
pub mod say;
pub mod testbed;
pub mod workspace;
