//! From where a machine's `apt-get` takes what it downloads: from the package cache where there is one, else by itself.

use super::Hands;
use crate::{
    cache::{Cache, Service, Tally},
    transport::Mutator,
};

/// The way to packages for one effect. The container keeps nothing of it: the cache is named to each `apt-get` alone.
pub(super) struct Source<'a> {
    machine: &'a dyn Mutator,
    /// Of the target, for whoever reads of it.
    name: &'a str,
    cache: Option<&'a Cache>,
    service: Option<Service>,
}

impl<'a> Source<'a> {
    /// The way of a unit's own machine. The host has no cache before it: it would be its own.
    pub(super) fn of(hands: Hands<'a>) -> Self {
        let name = hands.container.map_or("", |(_, name)| name);
        let is_used = |cache: &&Cache| hands.container.is_some() && !cache.is_given_up(name);
        Self { machine: hands.own, name, cache: hands.cache.filter(is_used), service: None }
    }

    /// By itself.
    #[cfg(test)]
    pub(super) fn none(machine: &'a dyn Mutator) -> Self {
        Self { machine, name: "", cache: None, service: None }
    }

    /// The machine.
    pub(super) fn machine(&self) -> &'a dyn Mutator {
        self.machine
    }

    /// Options of the next `apt-get`.
    pub(super) fn options(&mut self, line: &mut dyn FnMut(&str)) -> Vec<String> {
        if self.service.is_none()
            && let Some(cache) = self.cache
        {
            match open(cache, self.machine) {
                Ok(service) => self.service = Some(service),
                Err(why) => self.give_up(&why, line),
            }
        }
        self.service.as_ref().map(Service::apt_options).unwrap_or_default()
    }

    /// Says what was served since the last time.
    pub(super) fn report(&self, line: &mut dyn FnMut(&str)) -> Tally {
        let tally = self.service.as_ref().map(Service::take_tally).unwrap_or_default();
        if !tally.is_empty() {
            line(&tally.to_string());
        }
        tally
    }

    /// After a download that failed. What came through the cache is thrown away, for apt may have refused it; and if the fault was
    /// the cache's, or this was the `last` try, it is used no more. Whether apt may do better by itself now.
    pub(super) fn failed(
        &mut self,
        served: &Tally,
        last: bool,
        line: &mut dyn FnMut(&str),
    ) -> bool {
        let Some(service) = &self.service else { return false };
        service.discard(served);
        let why = match &served.fault {
            Some(fault) => fault,
            None if served.is_empty() => "nothing was asked of it",
            None if last => "apt could not use what came from it",
            None => return false,
        };
        self.give_up(why, line);
        true
    }

    /// Uses the cache no more, in this whole run: every try costs seconds.
    fn give_up(&mut self, why: &str, line: &mut dyn FnMut(&str)) {
        line(&format!("the package cache is not used any more, apt fetches by itself: {why}"));
        if let Some(cache) = self.cache.take() {
            cache.give_up(self.name, why);
        }
        self.service = None;
    }
}

fn open(cache: &Cache, machine: &dyn Mutator) -> Result<Service, String> {
    let view = machine.view().ok_or("the container cannot be seen from outside")?;
    let listener = view.listen();
    // It keeps the container's file systems busy.
    drop(view);
    cache.serve(listener.map_err(|error| format!("its network cannot be entered: {error}"))?)
}
