//! Waiting for a lock that somebody else has.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Attempt, Holder, Lock, Locks};
use crate::error::{Error, ErrorKind, Result};

/// Between two attempts.
const INTERVAL: Duration = Duration::from_millis(100);

/// What whoever waits is asked and told meanwhile.
pub trait Waiting {
    /// Whether to go on waiting.
    ///
    /// # Errors
    /// Ends the waiting with this error.
    fn go_on(&self) -> Result<()>;

    /// Hears, once, for whom is waited.
    fn tell(&self, whom: &str);
}

/// Takes a target's lock, and waits for it no longer than this.
///
/// # Errors
/// `TARGET-LOCKED`, which names the holder, when somebody else still has it then; `STATE-DIR` when locks
/// cannot be used; and whatever ends the waiting.
pub fn wait(
    locks: &Locks,
    target: &str,
    patience: Duration,
    waiting: &dyn Waiting,
) -> Result<Lock> {
    let begin = Instant::now();
    let mut told = false;
    loop {
        let holder = match locks.attempt(target)? {
            Attempt::Taken(lock) => return Ok(lock),
            Attempt::Held(holder) => holder,
        };
        // A holder who is about to write its name is given the moment that this takes.
        let patience = if holder.is_none() { patience.max(3 * INTERVAL) } else { patience };
        let words = Holder::describe(holder.as_ref());
        let left = patience.saturating_sub(begin.elapsed());
        if left.is_zero() {
            let message = format!("`{target}` is in use by {words}");
            return Err(Error::new(ErrorKind::Unreachable, "TARGET-LOCKED", message)
                .hint("Run again when it has ended, or wait for it with `--wait SECONDS`."));
        }
        waiting.go_on()?;
        if !told && holder.is_some() {
            told = true;
            waiting.tell(&format!("waiting for `{target}`, which is in use by {words}"));
        }
        thread::sleep(INTERVAL.min(left));
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, time::Duration};

    use super::{Attempt, Error, ErrorKind, Lock, Locks, Result, Waiting, wait};

    /// Lets go of a lock when it is told to wait, or breaks off.
    #[derive(Default)]
    struct Other {
        lock: RefCell<Option<Lock>>,
        told: RefCell<Vec<String>>,
        interrupted: bool,
    }

    impl Waiting for Other {
        fn go_on(&self) -> Result<()> {
            match self.interrupted {
                true => Err(Error::new(ErrorKind::Interrupted, "INTERRUPTED", "by you")),
                false => Ok(()),
            }
        }

        fn tell(&self, whom: &str) {
            self.told.borrow_mut().push(whom.to_owned());
            self.lock.take();
        }
    }

    fn held() -> (tempfile::TempDir, Locks, Other) {
        let folder = tempfile::tempdir().unwrap();
        let locks = Locks::new(folder.path(), "mine");
        let Attempt::Taken(lock) = Locks::new(folder.path(), "theirs").attempt("web").unwrap()
        else {
            panic!("it is free")
        };
        (folder, locks, Other { lock: RefCell::new(Some(lock)), ..Other::default() })
    }

    const FOREVER: Duration = Duration::from_secs(3600);

    #[test]
    fn without_patience_the_holder_is_named() {
        let (_folder, locks, other) = held();
        let error = wait(&locks, "web", Duration::ZERO, &other).unwrap_err();
        assert_eq!((error.code.as_str(), error.kind.exit_code()), ("TARGET-LOCKED", 6));
        let pid = std::process::id();
        let beginning = format!("`web` is in use by run `theirs` (process {pid}) since 20");
        assert!(error.message.starts_with(&beginning), "{}", error.message);
        assert!(error.hints[0].contains("--wait SECONDS"));
        assert!(other.told.borrow().is_empty());
        wait(&locks, "db", Duration::ZERO, &other).unwrap();
    }

    #[test]
    fn whoever_waits_is_told_once_and_goes_on_when_the_other_ends() {
        let (_folder, locks, other) = held();
        let lock = wait(&locks, "web", FOREVER, &other).unwrap();
        assert_eq!(other.told.borrow().len(), 1);
        assert!(other.told.borrow()[0].starts_with("waiting for `web`, which is in use by run"));
        drop(lock);
    }

    #[test]
    fn an_interruption_ends_the_waiting() {
        let (_folder, locks, mut other) = held();
        other.interrupted = true;
        assert_eq!(wait(&locks, "web", FOREVER, &other).unwrap_err().code, "INTERRUPTED");
    }
}
