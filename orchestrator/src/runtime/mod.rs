//! Container runtimes: how to list containers, whether one runs, where its configuration is, how to
//! restart it. `lxc` is plain LXC; Proxmox follows behind the same trait.

mod codes;
mod lxc;

use std::{path::Path, sync::Arc};

use phoenix_sdk::{ContainerState, Others};

use crate::{
    error::{Error, ErrorKind, Result},
    transport::ENVIRONMENT,
};

pub use codes::CODES;
pub use lxc::Lxc;

/// A container's configuration, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where it is on the host.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// A kind of host.
pub trait Runtime: Send + Sync {
    /// All containers on this host, sorted.
    ///
    /// # Errors
    /// When the host cannot say.
    fn list(&self) -> Result<Vec<String>>;

    /// Whether a container runs, is unprivileged, and under which AppArmor label its init runs.
    ///
    /// # Errors
    /// `TARGET-UNKNOWN` with the nearest known name when there is no such container.
    fn state(&self, container: &str) -> Result<ContainerState>;

    /// A container's configuration.
    ///
    /// # Errors
    /// `TARGET-UNKNOWN`, or when the file cannot be read.
    fn config(&self, container: &str) -> Result<Config>;

    /// Every value of a key in a configuration, in the order of the file. Where a file included further
    /// down sets the key again, and so overrides it, those values follow.
    fn values(&self, config: &Config, key: &str) -> Vec<String>;

    /// The configuration with this value, everything else kept. Pure: for diffs and for [`Self::store`].
    fn with_value(&self, config: &Config, key: &str, value: &str, others: Others) -> Config;

    /// Replaces a container's configuration atomically, if it still is `before`.
    ///
    /// # Errors
    /// `FILE-CHANGED` when it is not; `FILE-WRITE` when the host refuses.
    fn store(&self, container: &str, before: &Config, after: &Config) -> Result<()>;

    /// Restarts a container and waits until systemd inside (or its init, without systemd) answers.
    ///
    /// # Errors
    /// When it does not stop, does not start or does not answer in time, with the runtime's own reason.
    fn restart(&self, container: &str, line: &mut dyn FnMut(&str)) -> Result<()>;

    /// Finishes a restart that somebody has begun and died over: waits for the runtime's own tools that are
    /// still at work on the container, starts it unless it runs, and waits until systemd inside (or its init)
    /// answers.
    ///
    /// # Errors
    /// When it does not start or does not answer in time, with the runtime's own reason.
    fn finish_restart(&self, container: &str, line: &mut dyn FnMut(&str)) -> Result<()>;

    /// The command that runs a program inside with a cleared environment; the program's argv follows.
    fn attach(&self, container: &str) -> Vec<String>;
}

/// The runtime of this name, or without a name the one that is found on this host.
///
/// # Errors
/// `RUNTIME-UNKNOWN` for a name that this version has no runtime for; `RUNTIME-MISSING` when none is
/// found.
pub fn named(name: Option<&str>) -> Result<Arc<dyn Runtime>> {
    match name {
        None => detect(),
        Some("lxc") => Ok(Arc::new(Lxc::of_this_host()?)),
        Some(other) => Err(Error::new(
            ErrorKind::Config,
            "RUNTIME-UNKNOWN",
            format!("this version of phoenix-orch knows no runtime `{other}`"),
        )
        .hint("Use `lxc`, or leave `runtime` out.")),
    }
}

fn detect() -> Result<Arc<dyn Runtime>> {
    let there = ENVIRONMENT
        .iter()
        .filter(|(name, _)| *name == "PATH")
        .flat_map(|(_, folders)| folders.split(':'))
        .any(|folder| Path::new(folder).join("lxc-attach").is_file());
    if there {
        return Ok(Arc::new(Lxc::of_this_host()?));
    }
    let message = "this host has no container runtime that phoenix-orch knows";
    Err(Error::new(ErrorKind::Unreachable, "RUNTIME-MISSING", message)
        .cause("there is no `lxc-attach`")
        .hint("Install the package `lxc`, or run phoenix-orch on the host of the containers."))
}
