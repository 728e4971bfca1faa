//! The targets that a run has for itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{Fleet, event::Body, recorder::Recorder};
use crate::{
    error::Result,
    graph::{HOST, Unit},
    lock::{self, Lock, Locks, Waiting},
    transport::{end_leftovers, strangers},
};

/// The host has few units and short ones, and every run has them: it is waited for unasked.
const HOST_PATIENCE: Duration = Duration::from_secs(120);

/// Which targets this run has claimed, and which it could not have.
pub struct Claims {
    locks: Locks,
    wait: Duration,
    targets: Mutex<BTreeMap<String, Arc<Place>>>,
    /// Where something ran for others when this run claimed its first container.
    strangers: Mutex<Option<BTreeSet<String>>>,
}

/// Nothing before the first claim and after the release.
type Place = Mutex<Option<Result<Lock>>>;

impl Claims {
    /// With these locks, each waited for so long.
    pub fn new(locks: Locks, wait: Duration) -> Self {
        Self { locks, wait, targets: Mutex::default(), strangers: Mutex::default() }
    }

    /// How long something that somebody else has is waited for.
    pub(super) fn patience(&self) -> Duration {
        self.wait
    }

    /// The target's own place, so that nobody waits for a target but those who want it.
    fn place(&self, target: &str) -> Arc<Place> {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(targets.entry(target.to_owned()).or_default())
    }

    pub(super) fn claim(&self, target: &str, waiting: &dyn Waiting) -> Result<Vec<String>> {
        let place = self.place(target);
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        match &*place {
            Some(Ok(_)) => return Ok(Vec::new()),
            Some(Err(error)) => return Err(error.clone()),
            None => {}
        }
        match self.take(target, waiting) {
            Ok((lock, ended)) => {
                *place = Some(Ok(lock));
                Ok(ended)
            }
            Err(error) => {
                *place = Some(Err(error.clone()));
                Err(error)
            }
        }
    }

    fn take(&self, target: &str, waiting: &dyn Waiting) -> Result<(Lock, Vec<String>)> {
        let patience = if target == HOST { self.wait.max(HOST_PATIENCE) } else { self.wait };
        let lock = lock::wait(&self.locks, target, patience, waiting)?;
        // Commands on the host have no mark, so there is nothing that could be told from what others do.
        let ended = match target != HOST && self.may_have_leftovers(target, &lock)? {
            true => end_leftovers(target)?,
            false => Vec::new(),
        };
        Ok((lock, ended))
    }

    /// Whether a killed orchestrator may have left something there. All processes of the host are looked at once: what came
    /// later is of somebody who had this lock meanwhile, and if that was killed, it has not let go of it.
    fn may_have_leftovers(&self, target: &str, lock: &Lock) -> Result<bool> {
        let mut seen = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.is_none() {
            *seen = Some(strangers()?);
        }
        let is_there = seen.as_ref().is_some_and(|seen| seen.contains(target));
        Ok(is_there || lock.was_abandoned())
    }

    pub(super) fn release(&self, target: &str) {
        self.place(target).lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Claims the target of a unit that is about to begin.
pub(super) fn claim(fleet: &Fleet, recorder: &Recorder<'_>, unit: &Unit) -> Result<()> {
    let ended = fleet.claim(&unit.target, &Patient { recorder, unit })?;
    if ended.is_empty() {
        return Ok(());
    }
    recorder.emit(Body::Leftovers { target: unit.target.clone(), ended })
}

/// A unit that goes on as soon as it has its target.
pub(super) struct Patient<'a, 'r> {
    pub(super) recorder: &'a Recorder<'r>,
    pub(super) unit: &'a Unit,
}

impl Waiting for Patient<'_, '_> {
    fn go_on(&self) -> Result<()> {
        self.recorder.checkpoint()
    }

    fn tell(&self, whom: &str) {
        let output = Body::Output { unit: self.unit.clone(), line: whom.to_owned() };
        // A sink that cannot show a line is no reason to break off.
        let _ = self.recorder.emit(output);
    }
}

#[cfg(test)]
mod tests {
    use super::{Claims, Duration, Locks, Result, Waiting};
    use crate::lock::Attempt;

    struct Patient;

    impl Waiting for Patient {
        fn go_on(&self) -> Result<()> {
            Ok(())
        }

        fn tell(&self, _: &str) {}
    }

    #[test]
    fn a_claim_lasts_until_its_release_and_a_refusal_too() {
        let folder = tempfile::tempdir().unwrap();
        let claims = |run| Claims::new(Locks::new(folder.path(), run), Duration::ZERO);
        let free = || matches!(claims("c").locks.attempt("web").unwrap(), Attempt::Taken(_));
        let (a, b) = (claims("a"), claims("b"));
        a.claim("web", &Patient).unwrap();
        a.claim("web", &Patient).unwrap();
        assert_eq!(b.claim("web", &Patient).unwrap_err().code, "TARGET-LOCKED");
        b.claim("db", &Patient).unwrap();
        assert!(!free());
        a.release("web");
        assert!(free());
        // What a unit of a run was refused, no later unit of it gets.
        assert_eq!(b.claim("web", &Patient).unwrap_err().code, "TARGET-LOCKED");
    }
}
