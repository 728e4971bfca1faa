//! The process of a step, seen from inside: confines itself, loads the library, and lets the orchestrator
//! call the step. What this module does not do: decide anything; whatever the step asks for goes on as it is.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::BorrowedFd,
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use phoenix_sdk::boundary::{Doc, StepBox};
use rustix::{
    stdio::{dup2_stdout, stdout, take_stdin},
    thread::set_name,
};

use super::{
    confine,
    frame::{Decoder, Frame, Kind, LARGEST_TO_STEP},
    library,
    workers::Workers,
};
use crate::error::Result;

/// The hidden verb that makes phoenix-orch the process of a step. Its standard input is the socket, its
/// standard output the open library, its error output a pipe.
pub const VERB: &str = "step-host";

/// The way to the orchestrator.
pub(super) struct Orchestrator {
    socket: Arc<File>,
    writing: Mutex<()>,
}

impl Orchestrator {
    pub(super) fn send(&self, kind: Kind, call: u64, document: &str) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Without an orchestrator there is nothing left to do.
        if (&*self.socket).write_all(&Frame::encode(kind, call, document)).is_err() {
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
    let socket = Arc::new(socket);
    let orchestrator =
        Arc::new(Orchestrator { socket: Arc::clone(&socket), writing: Mutex::new(()) });
    match prepare(&orchestrator, Path::new(path), user, stdout()) {
        Ok(step) => serve(&socket, &orchestrator, step),
        Err(error) => {
            let document = Doc::write(&error.into_step());
            orchestrator.send(Kind::Refused, 0, document.as_str());
            ExitCode::FAILURE
        }
    }
}

fn prepare(
    orchestrator: &Orchestrator,
    path: &Path,
    user: u32,
    library: BorrowedFd<'_>,
) -> Result<StepBox> {
    let confined = confine::before_load(library, user)?;
    // Sent before any code of the library runs, so that it cannot have been made up by it.
    orchestrator.send(Kind::Confined, 0, Doc::write(&confined.mechanisms).as_str());
    let module = library::load(path, &confined.library)?;
    // From here on, what a plugin prints is an error output too.
    let closed = dup2_stdout(std::io::stderr());
    confine::after_load()?;
    closed.map_err(|error| {
        library::refuse(path, "SANDBOX-UNAVAILABLE", "cannot be confined").cause(error)
    })?;
    let step = library::make(path, module)?;
    orchestrator.send(Kind::Ready, 0, step.meta().as_str());
    Ok(step)
}

/// Hears the orchestrator until it is gone.
fn serve(mut socket: &File, orchestrator: &Arc<Orchestrator>, step: StepBox) -> ExitCode {
    let mut workers = Workers::new(Arc::new(step), Arc::clone(orchestrator));
    let mut decoder = Decoder::new(LARGEST_TO_STEP);
    let mut piece = vec![0; 64 * 1024];
    loop {
        match socket.read(&mut piece) {
            Ok(count) if count > 0 => decoder.push(&piece[..count]),
            _ => end(),
        }
        loop {
            match decoder.take() {
                Ok(Some(frame)) => workers.hear(frame),
                Ok(None) => break,
                // Ours is the only program that writes here, and it writes frames.
                Err(_) => end(),
            }
        }
    }
}

/// Ends the process at once, without the library's destructors.
fn end() -> ! {
    // SAFETY: nothing of this process is needed any more.
    unsafe { libc::_exit(0) }
}
