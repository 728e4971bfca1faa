//! Whether the host itself leaves a container in peace: nothing in it is changed during a backup or a snapshot.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::Result,
    lock::Waiting,
    runtime::{self, Runtime},
    transport::printable,
};

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(250);

/// Waits until no task of the host has the container for itself, and no longer than this.
///
/// # Errors
/// `CONTAINER-LOCKED` when one still has it then; and whatever ends the waiting.
pub(super) fn wait(
    runtime: &dyn Runtime,
    container: &str,
    patience: Duration,
    waiting: &dyn Waiting,
) -> Result<()> {
    let begin = Instant::now();
    let mut told = false;
    while let Some(lock) = runtime.lock(container)? {
        let left = patience.saturating_sub(begin.elapsed());
        if left.is_zero() {
            return Err(runtime::locked(container, &lock));
        }
        waiting.go_on()?;
        if !told {
            told = true;
            let (container, lock) = (printable(container), printable(&lock));
            waiting.tell(&format!("waiting for `{container}`, which is locked ({lock})"));
        }
        thread::sleep(INTERVAL.min(left));
    }
    Ok(())
}
