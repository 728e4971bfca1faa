//! Asks the operator on the terminal, if there is one.

use std::{
    collections::BTreeSet,
    io::{self, BufRead as _, IsTerminal as _},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use phoenix_sdk::Consent;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::args::Output;
use crate::{engine::Ask, graph::Unit, report};

/// How often somebody who interrupted instead of answering is noticed.
const NOTICE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Somebody at a terminal.
pub(super) struct Terminal {
    interrupted: Arc<AtomicBool>,
    /// One question at a time.
    asking: Mutex<()>,
}

impl Terminal {
    /// If somebody can read a question and answer it: not in a pipe, not where programs read the output.
    pub(super) fn new(output: Output, interrupted: &Arc<AtomicBool>) -> Option<Self> {
        let there = io::stdin().is_terminal() && io::stderr().is_terminal();
        (there && output == Output::Human)
            .then(|| Self { interrupted: Arc::clone(interrupted), asking: Mutex::new(()) })
    }

    /// Whether the plan that was shown may be carried out.
    pub(super) fn approves(&self, consents: &BTreeSet<Consent>) -> bool {
        let _one = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        report::approval(consents, || self.line())
    }

    fn line(&self) -> Option<String> {
        let stdin = io::stdin();
        while !self.interrupted.load(Ordering::Relaxed) {
            let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
            match poll(&mut ready, Some(&NOTICE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => {
                    let mut line = String::new();
                    return stdin.lock().read_line(&mut line).ok().map(|_| line);
                }
                Err(_) => return None,
            }
        }
        None
    }
}

impl Ask for Terminal {
    fn allows(&self, unit: &Unit, consent: Consent, what: &[(String, String)]) -> bool {
        let _one = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        report::question(unit, consent, what, || self.line())
    }
}
