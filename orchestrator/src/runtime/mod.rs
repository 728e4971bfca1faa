//! Container runtimes: how to list containers, whether one runs, where its configuration is, how to
//! restart it. `lxc` is plain LXC, `pve` is Proxmox VE.

mod codes;
mod edit;
mod flock;
mod lines;
mod lxc;
mod pve;
mod ready;

use std::{path::Path, sync::Arc};

use phoenix_sdk::{ContainerState, Manager};

use crate::{
    config::nearest,
    error::{Error, ErrorKind, Result},
    transport::{ENVIRONMENT, Mutator, printable},
};

pub use codes::CODES;
pub use edit::Edit;
pub use lxc::Lxc;
pub use pve::Pve;

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
    /// down sets the key again, and so overrides it, those values follow. The empty key stands for lines that are
    /// none of a configuration.
    fn values(&self, config: &Config, key: &str) -> Vec<String>;

    /// The configuration after this edit, everything else kept. Pure: for diffs and for [`Self::edit`].
    ///
    /// # Errors
    /// When the edit would not take effect.
    fn edited(&self, config: &Config, edit: Edit<'_>) -> Result<Config>;

    /// Replaces a container's configuration atomically with what `make` makes of it. Nobody else who keeps to
    /// the host's rules writes in between; `make` may be called again if somebody did.
    ///
    /// # Errors
    /// Those of `make`, and why the host refuses.
    fn edit(&self, container: &str, make: &mut dyn FnMut(&Config) -> Result<Config>) -> Result<()>;

    /// Removes what a killed writer of ours left beside the configuration.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn clean(&self, container: &str) -> Result<()>;

    /// What the host itself is doing with a container that nobody must disturb, such as a backup; if anything,
    /// in its own word.
    ///
    /// # Errors
    /// When the host cannot say.
    fn lock(&self, container: &str) -> Result<Option<String>>;

    /// Whether a container's configuration can be edited and the container be restarted, as far as the host can
    /// tell beforehand.
    ///
    /// # Errors
    /// Why not.
    fn editable(&self, container: &str) -> Result<()>;

    /// The options of a container that are to change with its next start, whoever brings that about.
    ///
    /// # Errors
    /// When the host cannot say.
    fn pending(&self, container: &str) -> Result<Vec<String>>;

    /// What manages the containers.
    fn manager(&self) -> Manager;

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

    /// The number of the process that is a container's init, as this host sees it; nothing if it does not run, or the host
    /// cannot tell without asking LXC's tools. Cheap.
    fn init(&self, container: &str) -> Option<u32>;

    /// The inside of a container, to look at and to change. It need not run yet; nothing is asked of it here.
    fn machine(&self, container: &str) -> Box<dyn Mutator>;
}

/// The runtime of this name, or without a name the one that is found on this host.
///
/// # Errors
/// `RUNTIME-UNKNOWN` for a name that this version has no runtime for; `RUNTIME-MISSING` when none is
/// found, or the host is not of that kind.
pub fn named(name: Option<&str>) -> Result<Arc<dyn Runtime>> {
    match name {
        // Whoever has `pct` is a node. If its cluster is not there, LXC's own files must not be edited behind it.
        None if has_program("pct") => Ok(Arc::new(Pve::of_this_host()?)),
        None if has_program("lxc-attach") => Ok(Arc::new(Lxc::of_this_host()?)),
        None => Err(missing("this host has no container runtime that phoenix-orch knows")
            .cause("there is no `lxc-attach`")
            .hint("Install the package `lxc`, or run phoenix-orch on the host of the containers.")),
        Some("lxc") => Ok(Arc::new(Lxc::of_this_host()?)),
        Some("pve") if has_program("pct") => Ok(Arc::new(Pve::of_this_host()?)),
        Some("pve") => Err(missing("this host is no Proxmox VE node")
            .cause("there is no `pct`")
            .hint("Run phoenix-orch on the node, or leave `runtime` out of plugins.toml.")),
        Some(other) => Err(Error::new(
            ErrorKind::Config,
            "RUNTIME-UNKNOWN",
            format!("this version of phoenix-orch knows no runtime `{other}`"),
        )
        .hint("Use `lxc` or `pve`, or leave `runtime` out.")),
    }
}

fn missing(message: &str) -> Error {
    Error::new(ErrorKind::Unreachable, "RUNTIME-MISSING", message)
}

/// Whether a configuration is that of a template of Proxmox, which never runs.
pub fn is_template(runtime: &dyn Runtime, config: &Config) -> bool {
    runtime.values(config, "template").iter().any(|value| value == "1")
}

/// Whether a program is where phoenix-orch looks for programs.
fn has_program(name: &str) -> bool {
    ENVIRONMENT
        .iter()
        .filter(|(name, _)| *name == "PATH")
        .flat_map(|(_, folders)| folders.split(':'))
        .any(|folder| Path::new(folder).join(name).is_file())
}

/// The error for a host that could not be asked.
fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unreachable, "RUNTIME-FAILED", message)
        .hint("Mend what is said here, and run phoenix-orch as root.")
}

/// The error for a container that is not there, with the nearest name of those that are.
fn unknown(container: &str, known: &[String], place: &str) -> Error {
    let message = format!("there is no container `{}` on this host", printable(container));
    let error = Error::new(ErrorKind::Unreachable, "TARGET-UNKNOWN", message);
    // As for every other name: `wbe` is `web`.
    let nearest = nearest(container, known.iter().map(String::as_str));
    match (nearest, known.is_empty()) {
        (Some(name), _) => error.hint(format!("Did you mean `{}`?", printable(name))),
        (None, true) => error.hint(format!("Make one first; `{place}` has none.")),
        (None, false) => error.hint(format!(
            "Take one of these: {}.",
            known
                .iter()
                .map(|name| format!("`{}`", printable(name)))
                .collect::<Vec<_>>()
                .join(", ")
        )),
    }
}

/// The error for a container that a task of the host has for itself.
pub fn locked(container: &str, lock: &str) -> Error {
    let message = format!("container `{}` is locked ({})", printable(container), printable(lock));
    Error::new(ErrorKind::Unreachable, "CONTAINER-LOCKED", message)
        .hint("Run again when that has ended, or wait for it with `--wait SECONDS`.")
        .hint("A lock that a dead task has left is taken away with `pct unlock`; phoenix-orch never does that.")
}
