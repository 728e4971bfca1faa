//! One fetch that many may wait for: a file that grows, and is read while it does.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::transport::http_head::Head;

/// How soon somebody who waits notices that nobody listens any more.
const TURN: Duration = Duration::from_millis(200);

/// What the upstream answered.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// A file of this length in bytes.
    File(Arc<File>, u64),
    /// Something else, such as that it has none.
    Other(Head),
}

#[derive(Debug, Default)]
struct Progress {
    answer: Option<Answer>,
    /// Of the file, in bytes.
    written: u64,
    end: Option<Result<(), String>>,
}

/// A fetch, from its beginning to its end.
#[derive(Debug, Default)]
pub(super) struct Flight {
    progress: Mutex<Progress>,
    moved: Condvar,
    passengers: AtomicUsize,
}

impl Flight {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        // What is in there is whole after each step.
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody else waits for it.
    pub(super) fn board(self: &Arc<Self>) -> Passenger {
        self.passengers.fetch_add(1, Ordering::SeqCst);
        Passenger(Arc::clone(self))
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_empty(&self) -> bool {
        self.passengers.load(Ordering::SeqCst) == 0
    }

    pub(super) fn answered(&self, answer: Answer) {
        self.progress().answer = Some(answer);
        self.moved.notify_all();
    }

    /// So many bytes can be read now.
    pub(super) fn written(&self, bytes: u64) {
        self.progress().written = bytes;
        self.moved.notify_all();
    }

    /// The first end is the one that counts.
    pub(super) fn end(&self, outcome: Result<(), String>) {
        self.progress().end.get_or_insert(outcome);
        self.moved.notify_all();
    }
}

/// Somebody who waits for a fetch. When the last has gone, it ends.
#[derive(Debug)]
pub(super) struct Passenger(Arc<Flight>);

impl Drop for Passenger {
    fn drop(&mut self) {
        self.0.passengers.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Passenger {
    /// Waits for the upstream's answer.
    ///
    /// # Errors
    /// In words, when there is none, or the service has ended meanwhile.
    pub(super) fn answer(&self, ended: &AtomicBool) -> Result<Answer, String> {
        self.wait(ended, |progress| progress.answer.clone())
    }

    /// Waits for what comes next in the file, from this byte on, and reads it. Whoever has all of it must not ask any more.
    ///
    /// # Errors
    /// In words, when the fetch has failed, or the service has ended meanwhile.
    pub(super) fn read(
        &self,
        file: &File,
        at: u64,
        piece: &mut [u8],
        ended: &AtomicBool,
    ) -> Result<usize, String> {
        let written =
            self.wait(ended, |progress| Some(progress.written).filter(|all| *all > at))?;
        let most = (written - at).min(piece.len() as u64);
        // It is no more than the length of a slice.
        let piece = &mut piece[..usize::try_from(most).unwrap_or(0)];
        file.read_at(piece, at).map_err(|error| format!("what was fetched cannot be read: {error}"))
    }

    /// Waits until it has gone well, and what was fetched is as it should be.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn landed(&self, ended: &AtomicBool) -> Result<(), String> {
        self.wait(ended, |progress| matches!(progress.end, Some(Ok(()))).then_some(()))
    }

    fn wait<T>(
        &self,
        ended: &AtomicBool,
        mut look: impl FnMut(&Progress) -> Option<T>,
    ) -> Result<T, String> {
        let mut progress = self.0.progress();
        loop {
            if let Some(seen) = look(&progress) {
                return Ok(seen);
            }
            match &progress.end {
                Some(Err(why)) => return Err(why.clone()),
                Some(Ok(())) => return Err("the fetch ended too early".to_owned()),
                None if ended.load(Ordering::SeqCst) => {
                    return Err("the container does not wait any more".to_owned());
                }
                None => {}
            }
            let waited = self.0.moved.wait_timeout(progress, TURN);
            progress = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
