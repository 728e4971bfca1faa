//! `doctor`: every condition that decides whether Docker runs properly in unprivileged containers.
//!
//! Facts are read first, in few round trips, by readers alone; what follows from them is decided by pure
//! functions, one topic a file. What this module does not do: it changes nothing, needs no step, and does
//! not mend what it finds; each finding names the step that does, if there is one.

mod backups;
mod conditions;
mod container;
mod finding;
mod host;
mod look;
mod version;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

pub use conditions::{CODES, CONDITIONS};
pub use finding::{Condition, Finding, Severity};

use crate::{
    error::{Error, Result},
    graph::HOST,
    runtime::Runtime,
    transport::LocalMachine,
};
use host::Host;

/// Containers that are looked at side by side.
const WORKERS: usize = 8;

/// What the operator wants of the host and its containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    /// A host without AppArmor is refused.
    pub apparmor_required: bool,
    /// Docker is to run on fuse-overlayfs.
    pub fuse_overlayfs: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { apparmor_required: true, fuse_overlayfs: true }
    }
}

/// What was found on one target, the worst first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// A container's name, or `host`.
    pub target: String,
    /// At least one.
    pub findings: Vec<Finding>,
}

/// Looks at the host, and at these containers if there is a runtime to ask. `catalogue` is what is wrong
/// with plugins.toml, if anything.
///
/// # Errors
/// When nothing of the host can be read.
pub fn examine(
    runtime: Result<&dyn Runtime>,
    containers: &[String],
    wishes: Wishes,
    catalogue: Option<&Error>,
) -> Result<Vec<Examined>> {
    let host = Host::at(&LocalMachine, wishes)?;
    let mut findings = host.judge();
    findings.extend(catalogue.map(|error| of_error(CATALOGUE, error)));
    findings.push(match &runtime {
        Ok(_) => RUNTIME.fine("the host has a container runtime"),
        Err(error) => of_error(RUNTIME, error),
    });
    let mut all = vec![examined(HOST, findings)];
    if let Ok(runtime) = runtime {
        all.extend(side_by_side(containers, |name| {
            examined(name, container::examine(runtime, &host, name))
        }));
    }
    Ok(all)
}

fn examined(target: &str, mut findings: Vec<Finding>) -> Examined {
    findings.sort_by(Finding::worst_first);
    Examined { target: target.to_owned(), findings }
}

/// Several containers at once, the answers in their order.
fn side_by_side(names: &[String], look: impl Fn(&str) -> Examined + Sync) -> Vec<Examined> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(names.len()));
    thread::scope(|scope| {
        for _ in 0..WORKERS.min(names.len()) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let examined = look(name);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(examined);
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|examined| names.iter().position(|name| *name == examined.target));
    done
}

fn of_error(condition: Condition, error: &Error) -> Finding {
    let finding = condition.blocks(error.message.clone()).seen(format!("`{}`", error.code));
    let finding = error.causes.iter().fold(finding, |finding, cause| finding.seen(cause));
    if error.hints.is_empty() { finding } else { finding.todo(error.hints.join(" ")) }
}

const CATALOGUE: Condition = Condition::new(
    "DOCTOR-CATALOGUE",
    "Which containers are meant, and what is wanted of them, stands in plugins.toml. Without it everything is \
     judged by what the steps do unasked.",
    "Mend plugins.toml; `phoenix-orch graph --features docker` shows the line.",
    None,
);

const RUNTIME: Condition = Condition::new(
    "DOCTOR-RUNTIME",
    "phoenix-orch asks the container runtime of the host which containers there are, and enters them through it.",
    "Install the package `lxc`, or run phoenix-orch on the host of the containers.",
    None,
);
