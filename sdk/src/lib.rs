//! All that the author of a phoenix-orch step sees.
//!
//! A step says what it wants on a machine ([`Step::check`]), lets the orchestrator bring it about
//! ([`Step::apply`]), and proves that it is so ([`Step::verify`]). It never acts by itself: every look
//! and every change is a request. `docs/writing-a-step.md` leads from nothing to a tested step.
//!
//! What this crate does not do: it reads no files, runs no commands, and knows no container runtime.

pub mod boundary;
mod bytes;
pub mod change;
mod codes;
mod context;
mod denial;
pub mod dev_fuse;
mod error;
mod export;
mod machine;
mod meta;
mod os_release;
mod report;
pub mod require;
pub mod shown;
mod stages;
mod step;
mod subject;
#[cfg(feature = "testing")]
pub mod testing;

mod wanted;
pub mod wire;
pub mod world;

pub use bytes::Bytes;
pub use change::{Change, Consent, Kind, Others, Verdict};
pub use codes::CODES;
pub use context::{Context, HostCalls};
pub use denial::{Denial, Denials, Mark};
pub use error::{Result, StepError};
#[doc(hidden)]
pub use export::private as __private;
pub use machine::Machine;
pub use meta::{Code, Meta, Probe, Scope, Text};
pub use os_release::OsRelease;
pub use report::{CheckReport, Evidence, VerifyReport};
pub use step::Step;
pub use subject::{
    AppArmorState, ContainerState, FileState, MAX_FILE, Observed, Permissions, ServiceState,
    Subject,
};

pub use wanted::Wanted;
pub use wire::{AppArmorPolicy, Output};
pub use world::World;
