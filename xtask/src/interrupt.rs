//! Ctrl-C and its kin: the first asks every wait to end in an orderly way, the second ends us at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Listens from now on. Without this call, a signal ends the process as usual.
pub fn listen() -> Result<()> {
    let requested = REQUESTED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // The order matters: the second signal finds the flag that the first has set.
        flag::register_conditional_shutdown(signal, 130, Arc::clone(requested))
            .and_then(|_| flag::register(signal, Arc::clone(requested)))
            .context("cannot listen for signals")?;
    }
    Ok(())
}

/// Whether somebody wants us to stop.
pub fn requested() -> bool {
    REQUESTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// An error if somebody wants us to stop; for loops that wait.
pub fn check() -> Result<()> {
    if requested() {
        bail!("interrupted");
    }
    Ok(())
}
