//! How a step's process gives up everything before it loads the library of a team: each file is one
//! mechanism, in the order in which they are put on.
//!
//! What must hold on every kernel that Proxmox runs on is an error if it does not. What a kernel may lack
//! is named, and the others hold.

mod landlock;
mod limits;
mod namespaces;
mod privileges;
mod system_calls;
mod trap;

use std::{os::fd::BorrowedFd, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// What the loader may need of the machine, below its root.
const LIBRARIES: &[&str] = &["usr/lib", "usr/lib64", "lib", "lib64", "etc/ld.so.cache"];

/// One way in which a step's process is confined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mechanism {
    /// What it is, in the kernel's terms.
    pub name: String,
    /// Why it is not in force, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

impl Mechanism {
    fn holds(name: impl Into<String>) -> Self {
        Self { name: name.into(), missing: None }
    }

    fn missing(name: impl Into<String>, why: impl ToString) -> Self {
        Self { name: name.into(), missing: Some(why.to_string()) }
    }
}

/// A process that has given up everything but loading one library.
pub(super) struct Confined {
    pub(super) mechanisms: Vec<Mechanism>,
    /// Where the library is now.
    pub(super) library: PathBuf,
}

/// Gives up everything but loading the library. For a process without other threads.
///
/// # Errors
/// `SANDBOX-UNAVAILABLE` when something that every supported kernel has does not work here.
pub(super) fn before_load(library: BorrowedFd<'_>, user: u32) -> Result<Confined> {
    let (mut mechanisms, library_path) = namespaces::enter(library);
    limits::lower().map_err(|error| unavailable("resource limits", error))?;
    privileges::drop(user).map_err(|error| unavailable("giving up privileges", error))?;
    mechanisms.push(Mechanism::holds("no privileges, no capabilities, a user of its own"));
    mechanisms.push(Mechanism::holds("resource limits"));
    mechanisms.push(landlock::restrict(library));
    trap::install().map_err(|error| unavailable("the handler of SIGSYS", error))?;
    system_calls::allow_loading().map_err(|error| unavailable("seccomp", error))?;
    mechanisms.push(Mechanism::holds("seccomp"));
    Ok(Confined { mechanisms, library: library_path })
}

/// Gives up loading too.
///
/// # Errors
/// As [`before_load`].
pub(super) fn after_load() -> Result<()> {
    system_calls::allow_working().map_err(|error| unavailable("seccomp", error))
}

pub(super) use trap::{EXIT as FORBIDDEN_EXIT, forbidden_call};

fn unavailable(what: &str, why: impl ToString) -> Error {
    Error::new(
        ErrorKind::Plugin,
        "SANDBOX-UNAVAILABLE",
        format!("a step cannot be confined on this machine: {what} failed"),
    )
    .cause(why)
    .hint("Run phoenix-orch on a host with a kernel of 5.10 or newer, outside of other sandboxes.")
}
