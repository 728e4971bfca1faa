//! The targets of a run: the host, and containers with a session each.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{Claims, undisturbed};
use crate::{
    cache::Cache,
    effect::{Dockers, Eyes, Hands, KnownDocker},
    error::{Error, ErrorKind, Result},
    graph::HOST,
    lock::Waiting,
    runtime::{Runtime, is_template},
    transport::{LocalMachine, Mutator, Reader},
};

/// All targets of a run.
pub struct Fleet {
    host: Box<dyn Mutator>,
    runtime: Arc<dyn Runtime>,
    containers: BTreeMap<String, Container>,
    claims: Option<Claims>,
    cache: Option<Arc<Cache>>,
    dockers: Option<Dockers>,
}

struct Container {
    machine: Box<dyn Mutator>,
    ready: OnceLock<Result<()>>,
}

/// One target, to look at. Hands on it are given separately, and only to whoever applies.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The host.
    pub host: &'a dyn Reader,
    /// The target's own machine.
    pub own: &'a dyn Reader,
    /// Its runtime and name, for a container.
    pub container: Option<(&'a dyn Runtime, &'a str)>,
    /// What its Docker has said in an earlier run, where that counts.
    pub docker: Option<KnownDocker<'a>>,
}

impl<'a> Target<'a> {
    /// To look.
    pub fn eyes(&self) -> Eyes<'a> {
        Eyes { host: self.host, container: self.container }
    }
}

impl Fleet {
    /// This host and these containers. No session is opened yet.
    pub fn new(runtime: Arc<dyn Runtime>, containers: &[String]) -> Self {
        Self::of(Box::new(LocalMachine), runtime, containers)
    }

    /// The same with another machine as the host: a runtime that is none of this host's brings its own.
    pub fn of(host: Box<dyn Mutator>, runtime: Arc<dyn Runtime>, containers: &[String]) -> Self {
        let containers = containers
            .iter()
            .map(|name| {
                let machine = runtime.machine(name);
                (name.clone(), Container { machine, ready: OnceLock::new() })
            })
            .collect();
        Self { host, runtime, containers, claims: None, cache: None, dockers: None }
    }

    /// The same, with every target for this run alone from its first claim on. A run that only plans needs
    /// none of it.
    #[must_use]
    pub fn claimed(mut self, claims: Claims) -> Self {
        self.claims = Some(claims);
        self
    }

    /// The same, with containers that fetch packages through this cache.
    #[must_use]
    pub fn fetching_through(mut self, cache: Option<Arc<Cache>>) -> Self {
        self.cache = cache;
        self
    }

    /// The same, with Dockers that a check does not ask again what they have said and cannot say otherwise.
    #[must_use]
    pub fn knowing(mut self, dockers: Dockers) -> Self {
        self.dockers = Some(dockers);
        self
    }

    /// Claims a target before anything of it is looked at, if this run wants its targets for itself:
    /// nobody else works on it then until it is closed, and nothing of a run that was killed there goes on.
    /// Gives the commands that had to be ended for that, and the second time none.
    ///
    /// # Errors
    /// `TARGET-LOCKED` when another run works on it, `LEFTOVERS-ALIVE` when something could not be ended.
    /// The target must not be touched then; asked again, the answer is the same.
    pub fn claim(&self, name: &str, waiting: &dyn Waiting) -> Result<Vec<String>> {
        match &self.claims {
            Some(claims) => claims.claim(name, waiting),
            None => Ok(Vec::new()),
        }
    }

    /// A target of the run, to look at.
    ///
    /// # Errors
    /// `TARGET-STOPPED`, `TARGET-PRIVILEGED` or `TARGET-TEMPLATE` for a container that steps cannot work in; looked at once
    /// in a run.
    pub fn target(&self, name: &str) -> Result<Target<'_>> {
        let Hands { own, container, .. } = self.hands(name)?;
        let docker =
            self.dockers.as_ref().zip(container).map(|(dockers, (_, name))| dockers.of(name));
        Ok(Target { host: &*self.host, own, container, docker })
    }

    /// Hands on a target of the run.
    ///
    /// # Errors
    /// As [`Self::target`].
    pub fn hands(&self, name: &str) -> Result<Hands<'_>> {
        let hands = self.hands_on_any(name)?;
        if let Some(container) = self.containers.get(name) {
            container.ready.get_or_init(|| self.look_at(name)).clone()?;
        }
        Ok(hands)
    }

    /// Hands on a target that may not even run: for whoever settles what an earlier run has left there.
    ///
    /// # Errors
    /// When it is not in this run.
    pub(super) fn hands_on_any(&self, name: &str) -> Result<Hands<'_>> {
        if name == HOST {
            return Ok(Hands { own: &*self.host, container: None, cache: None });
        }
        let (name, container) = self.containers.get_key_value(name).ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                "TARGET-UNKNOWN",
                format!("`{name}` is not in this run"),
            )
            .hint("This is a defect of phoenix-orch; please report it.")
        })?;
        Ok(Hands {
            own: &*container.machine,
            container: Some((&*self.runtime, name)),
            cache: self.cache.as_deref(),
        })
    }

    /// Waits until the host itself leaves a container in peace, for whoever is about to change something in it.
    ///
    /// # Errors
    /// `CONTAINER-LOCKED` when it does not in time.
    pub(super) fn undisturbed(&self, name: &str, waiting: &dyn Waiting) -> Result<()> {
        let patience = self.claims.as_ref().map_or(Duration::ZERO, Claims::patience);
        match self.containers.contains_key(name) {
            true => undisturbed::wait(&*self.runtime, name, patience, waiting),
            false => Ok(()),
        }
    }

    /// What kind of host this is.
    pub(super) fn runtime(&self) -> &dyn Runtime {
        &*self.runtime
    }

    /// Ends the session with a target, if there is one, and lets others work on it.
    pub(super) fn close(&self, name: &str) {
        if let Some(container) = self.containers.get(name) {
            container.machine.reconnect();
        }
        if let Some(claims) = &self.claims {
            claims.release(name);
        }
    }

    fn look_at(&self, name: &str) -> Result<()> {
        if is_template(&*self.runtime, &self.runtime.config(name)?) {
            let message = format!("container `{name}` is a template");
            return Err(Error::new(ErrorKind::Unreachable, "TARGET-TEMPLATE", message)
                .hint("A template never runs. Leave it out, and name the containers that were cloned from it."));
        }
        let state = self.runtime.state(name)?;
        if !state.unprivileged {
            return Err(Error::new(
                ErrorKind::Unreachable,
                "TARGET-PRIVILEGED",
                format!("container `{name}` is privileged"),
            )
            .hint("phoenix-orch works on unprivileged containers only; leave it out."));
        }
        if !state.running {
            return Err(Error::new(
                ErrorKind::Unreachable,
                "TARGET-STOPPED",
                format!("container `{name}` does not run"),
            )
            .hint("Start it, then run again."));
        }
        Ok(())
    }
}
