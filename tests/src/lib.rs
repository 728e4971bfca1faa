//! What the system tests share: the built product, a place to configure it, and a look at what it
//! did to a machine.
//!
//! The containers themselves come from [`xtask::testbed`]. Nothing here knows the insides of
//! phoenix-orch: the tests see what an administrator sees.

pub mod browser;
pub mod crash;
pub mod events;
pub mod lair;
pub mod listing;
pub mod machine;
pub mod mirror;
pub mod node;
pub mod node_container;
pub mod packages;
pub mod page;
pub mod product;
pub mod running;
pub mod sources;
pub mod transcript;
pub mod workbench;

pub use browser::Browser;
pub use listing::Listing;
pub use node::Node;
pub use node_container::NodeContainer;
pub use running::Running;
pub use workbench::{Finished, Workbench};
