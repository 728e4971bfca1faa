//! The process of a step, seen from inside: confines itself, loads the library, and lets the orchestrator
//! call the step. What this module does not do: decide anything; whatever the step asks for goes on as it is.

use std::{fs::File, os::fd::BorrowedFd, path::Path, process::ExitCode};

use phoenix_sdk::boundary::{Doc, StepBox};
use rustix::{
    stdio::{dup2_stdout, stdout, take_stdin},
    thread::set_name,
};

use super::{confine, frame::Kind, lane, lanes, library, workers};
use crate::error::Result;

/// The hidden verb that makes phoenix-orch the process of a step. Its standard input is the socket, its
/// standard output the open library, its error output a pipe.
pub const VERB: &str = "step-host";

/// The way to the orchestrator until calls come.
struct Orchestrator<'a>(&'a File);

impl Orchestrator<'_> {
    fn say(&self, kind: Kind, document: &str) {
        let mut socket = self.0;
        // Without an orchestrator there is nothing left to do.
        if lane::send(&mut socket, kind, 0, document).is_err() {
            end();
        }
    }
}

/// Runs the process of a step. Its arguments are the library's path, for messages, and the number of the
/// user that it becomes.
pub fn run(arguments: &[String]) -> ExitCode {
    let [path, user] = arguments else { return ExitCode::from(2) };
    let Ok(user) = user.parse() else { return ExitCode::from(2) };
    // Started through `/proc/self/exe`, it would be called `exe` in every list of processes.
    let _ = set_name(c"phoenix-step");
    // As a file it is read and written, while a socket would be received from and sent to: fewer system
    // calls have to be allowed.
    // SAFETY: nobody else uses the standard input.
    let socket = File::from(unsafe { take_stdin() });
    let orchestrator = Orchestrator(&socket);
    let Ok(lanes) = lanes::offer(&socket) else { return ExitCode::FAILURE };
    match prepare(&orchestrator, Path::new(path), user, stdout()) {
        Ok(step) => workers::serve(&socket, lanes, step),
        Err(error) => {
            let document = Doc::write(&error.into_step());
            orchestrator.say(Kind::Refused, document.as_str());
            ExitCode::FAILURE
        }
    }
}

fn prepare(
    orchestrator: &Orchestrator<'_>,
    path: &Path,
    user: u32,
    library: BorrowedFd<'_>,
) -> Result<StepBox> {
    let confined = confine::before_load(library, user)?;
    // Sent before any code of the library runs, so that it cannot have been made up by it.
    orchestrator.say(Kind::Confined, Doc::write(&confined.mechanisms).as_str());
    let module = library::load(path, &confined.library)?;
    // From here on, what a plugin prints is an error output too.
    let closed = dup2_stdout(std::io::stderr());
    confine::after_load()?;
    closed.map_err(|error| {
        library::refuse(path, "SANDBOX-UNAVAILABLE", "cannot be confined").cause(error)
    })?;
    let step = library::make(path, module)?;
    orchestrator.say(Kind::Ready, step.meta().as_str());
    Ok(step)
}

/// Ends the process at once, without the library's destructors.
pub(super) fn end() -> ! {
    // SAFETY: nothing of this process is needed any more.
    unsafe { libc::_exit(0) }
}
