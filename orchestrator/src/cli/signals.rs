//! Ctrl-C and SIGTERM. The first asks for the end, the second does not wait for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
    iterator::Signals,
    low_level,
};

use crate::{
    error::{Error, ErrorKind, Result},
    report,
    transport::{kill_children, kill_own},
};

/// For words to be written. Whoever does not read them must not keep the process.
const PATIENCE: Duration = Duration::from_secs(1);

/// What signals have asked for so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// Nothing else is to be started.
    pub(super) interrupted: Arc<AtomicBool>,
    /// All is being killed, and the process ends.
    ending: Arc<AtomicBool>,
}

impl Asked {
    /// Returns at once, unless the process is being ended: that commands were killed for it is then no
    /// result, and must not become the exit code.
    pub(super) fn yield_to_the_end(&self) {
        while self.ending.load(Ordering::Relaxed) {
            thread::park();
        }
    }
}

/// Listens from now on. The first signal interrupts: what was begun is let end, and nothing else is
/// started. The second kills all that runs for this process, here and in containers, and ends the process
/// with exit code 130. A third ends it without that.
pub(super) fn listen() -> Result<Asked> {
    let asked = Asked::default();
    start(asked.clone()).map_err(|error| {
        Error::new(ErrorKind::Internal, "PANIC", "cannot listen for signals")
            .cause(error)
            .hint("This is a defect of phoenix-orch; please report it.")
    })?;
    Ok(asked)
}

fn start(asked: Asked) -> std::io::Result<()> {
    let exit = i32::from(ErrorKind::Interrupted.exit_code());
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, exit, Arc::clone(&asked.ending))?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            if !asked.interrupted.swap(true, Ordering::Relaxed) {
                say(report::interrupted);
                continue;
            }
            asked.ending.store(true, Ordering::Relaxed);
            kill_children();
            let left = kill_own();
            say(move || report::abandoned(&left));
            // Other threads still write and hold locks: nothing of theirs is to be run or waited for.
            low_level::exit(exit);
        }
    })?;
    Ok(())
}

/// Writes beside this thread, which has to hear the next signal even if nobody reads what is written.
fn say(write: impl FnOnce() + Send + 'static) {
    let (written, wait) = mpsc::channel();
    let writer = thread::Builder::new().spawn(move || {
        write();
        let _ = written.send(());
    });
    if writer.is_ok() {
        let _ = wait.recv_timeout(PATIENCE);
    }
}
