//! The lab: a disposable Debian virtual machine that plays the Proxmox host.
//!
//! Its kernel enforces AppArmor, which the machine that we develop on often does not, and nothing that
//! happens in it reaches the user's own machine. QEMU runs it, with KVM where that works and in software
//! where not. The disks are built from Debian's packages once, cached under `target/lab`, and never
//! written: all that a lab writes lies in overlays that are gone when the lab is.
//!
//! The containers in it are made by the same [`testbed`](crate::testbed), which runs in the virtual
//! machine (see [`guest`]). A lab belongs to the checkout: its state is `target/lab/state`.

mod accelerator;
mod boot;
mod booted;
mod cache;
mod container;
mod disk;
pub mod guest;
mod image;
mod key;
mod machine;
mod parsers;
mod prepare;
pub mod product;
mod qemu;
mod roots;
mod ssh;
mod state;
pub mod suite;
mod sync;
mod table;

pub use container::{ContainerWish, Docker};
pub use image::Image;
pub use machine::Lab;
pub use roots::Roots;
pub use state::Status;

/// Where everything that we bring lies inside the virtual machine.
pub const TOOLS: &str = "/opt/phoenix";
