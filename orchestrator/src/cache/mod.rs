//! The package cache: what one container has fetched from a mirror is not fetched again for the next.
//!
//! A container's `apt-get` is told of a proxy at its own 127.0.0.1, which is this process. Only what never changes is kept:
//! packages in a pool, and lists named by their hash. All else goes through.
//!
//! Whoever rules in a container rules over what comes over its connections, so nothing that is said there reaches further than a
//! fetch of a file of a repository from a host of the administrator's list, and all of it is bounded. Nothing from a container is
//! ever kept. What is kept need not be trusted either: apt holds every package and list against the signatures of its repository,
//! and what it refuses is thrown away. What this module does not do: speak TLS, look into packages, or follow anything anywhere.

mod address;
mod answer;
mod conversation;
mod fetch;
mod flight;
mod flights;
mod host_proxy;
mod private;
mod request;
mod service;
mod store;
mod tally;
mod upstream;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

pub use service::Service;
pub use tally::Tally;

use crate::config::Upstream;
use flights::Flights;
use store::{Limits, Store};
use upstream::Upstreams;

/// Where packages are kept, unless [`ENV`] says otherwise.
pub const FOLDER: &str = "/var/cache/phoenix-orch/packages";

/// The variable that moves it.
pub const ENV: &str = "PHOENIX_ORCH_PACKAGE_CACHE";

/// The package cache of a run. Nothing is made before the first container needs it.
pub struct Cache {
    upstreams: Vec<Upstream>,
    folder: PathBuf,
    opened: OnceLock<Result<Arc<Flights>, String>>,
    given_up: Mutex<BTreeMap<String, String>>,
}

impl Cache {
    /// A cache in this folder of what these hosts have.
    pub fn new(upstreams: Vec<Upstream>, folder: PathBuf) -> Self {
        Self { upstreams, folder, opened: OnceLock::new(), given_up: Mutex::default() }
    }

    /// Answers at a listener, which is in a container's network, until the service is dropped.
    ///
    /// # Errors
    /// In words, when there is no place to keep packages in, or no thread for it.
    pub fn serve(&self, listener: TcpListener) -> Result<Service, String> {
        let open = || {
            let store = Store::open(&self.folder, Limits::default())?;
            Ok(Arc::new(Flights::new(store, Upstreams::of_this_host(self.upstreams.clone()))))
        };
        let flights = self.opened.get_or_init(open).clone()?;
        Service::start(listener, flights)
    }

    /// A container fetches by itself for the rest of the run. Of several reasons the first is kept.
    pub fn give_up(&self, container: &str, why: &str) {
        self.reasons().entry(container.to_owned()).or_insert_with(|| why.to_owned());
    }

    /// Whether a container fetches by itself.
    pub fn is_given_up(&self, container: &str) -> bool {
        self.reasons().contains_key(container)
    }

    /// The containers that fetched by themselves after all, and why; for the operator.
    pub fn given_up(&self) -> BTreeMap<String, String> {
        self.reasons().clone()
    }

    fn reasons(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        // Each change of it is a single one.
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
