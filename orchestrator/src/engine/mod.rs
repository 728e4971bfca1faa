//! The engine: takes units in the order of their dependencies through check, apply and verify, and says
//! what happens in events. It writes nothing for people and knows no journal: whoever wants to hear is a
//! [`Sink`].

mod amends;
mod ask;
mod claim;
mod conflict;
mod deed;
mod dispatcher;
mod doer;
mod effects;
mod environment;
pub mod event;
mod evidence;
mod fleet;
mod foresight;
mod log;
mod mediate;
mod memory;
mod obstacle;
#[cfg(test)]
mod properties;
mod recorder;
mod recover;
mod reverse;
mod rollback;
mod script;
pub mod state;
mod undisturbed;
mod unit;
mod unit_host;

use phoenix_sdk::{Code, testing::Transcript};

pub use ask::Ask;
pub use claim::Claims;
pub use deed::{Deed, Restore};
pub use dispatcher::{Job, Mode, OnFailure, run, run_name};
pub use effects::{Effect, Effects};
pub use environment::Environment;
pub use event::{Body, Event};
pub use fleet::{Fleet, Target};
pub use memory::Memory;
pub use reverse::{Reversal, reverse};
pub use rollback::{Rollback, roll_back};
pub use state::State;

use crate::{error::Result, graph::Unit};

/// Whoever hears events, in their order.
pub trait Sink: Send {
    /// Hears one event. The engine waits until it is heard.
    ///
    /// # Errors
    /// When it cannot be kept or shown; no further effect starts then.
    fn hear(&mut self, event: &Event) -> Result<()>;
}

/// Whoever keeps what a unit's step asked in `check`, and was answered.
pub trait Transcripts: Sync {
    /// Keeps one.
    ///
    /// # Errors
    /// When it cannot be kept; the unit has failed then.
    fn keep(&self, unit: &Unit, transcript: &Transcript) -> Result<()>;
}

/// The errors of this module.
pub const CODES: &[Code] = &[
    Code::new(
        "CONSENT-MISSING",
        "A step needs to restart something that runs, to carry images over, or to run a script of which nobody knows whether it is \
         needed, and you have not allowed it. None of the step's changes was made.",
        "Look at `phoenix-orch plan`, and run again with `--allow` and the word that the error names; for restarts, \
         `restart = \"allow\"` in the policy does the same.",
    ),
    Code::new(
        "EVIDENCE-FAILED",
        "A step's changes were made, and the evidence says that they are not in effect.",
        "The report shows what was expected and what was observed.",
    ),
    Code::new(
        "EVIDENCE-MISSING",
        "A step's verify came back without any evidence.",
        "This is a defect of the step: report it to its author.",
    ),
    Code::new(
        "HOST-STILL-NEEDED",
        "What a run changed on the host (the profile, its filter, tunables, modules) is still needed by containers that this run or \
         another has changed: without it they would not start again. Nothing was touched.",
        "Take back what was done to those containers first; then the host.",
    ),
    Code::new(
        "INTERRUPTED",
        "You interrupted the run. What was begun has been finished; nothing else was started.",
        "Run again: it goes on where it stopped.",
    ),
    Code::new(
        "NOT-CONVERGED",
        "After three rounds of check and apply a step still wants changes.",
        "Something undoes the changes at once, or the step is defective. The report shows what it still wants.",
    ),
    Code::new(
        "RECOVERY-CONFLICT",
        "A run was cut off (killed, or the machine went down) while it was about to change something, and what is there now is \
         neither what was there before nor what the run would have left: somebody has changed it since. Nothing was touched.",
        "Look at what is there now, and mend it if need be. Run again to go on from it.",
    ),
    Code::new(
        "SCRIPT-CHECK-FAILED",
        "The `check` of a script step ended neither with 0 (as wanted) nor with 1 (to do), so nobody knows. Nothing was changed.",
        "The causes are its last lines. Mend it, or what it complains of.",
    ),
    Code::new(
        "SCRIPT-FAILED",
        "The program of a script step ended with another exit code than 0: 1 is a fatal error and 2 wrong arguments, as in the old \
         scripts. What it has changed until then is not known, and stays.",
        "The causes are its last lines. Mend what they say, then run again.",
    ),
    Code::new(
        "SCRIPT-NOT-CONVERGED",
        "A script step ran and ended well, and its own `check` still says that it has to run.",
        "One of the two is mistaken. The script is not run a second time.",
    ),
    Code::new(
        "STEP-UNKNOWN",
        "A step was asked for that is not loaded.",
        "This is a defect of phoenix-orch; please report it.",
    ),
    Code::new(
        "TARGET-PRIVILEGED",
        "The container is privileged: its root is root on the host.",
        "phoenix-orch works on unprivileged containers only. Convert it (backup and restore as unprivileged), or leave it out.",
    ),
    Code::new(
        "TARGET-STOPPED",
        "The container does not run, and a step must look inside.",
        "Start it (`lxc-start NAME`), then run again.",
    ),
    Code::new(
        "TARGET-TEMPLATE",
        "The container is a template of Proxmox, which never runs.",
        "Leave it out, and name the containers that were cloned from it.",
    ),
];
