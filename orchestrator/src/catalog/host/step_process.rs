//! The orchestrator's side of one process of a step: starts it, calls the step, and answers what it asks for.

use std::{
    fs::File,
    io::{self, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::RecvTimeoutError,
    },
    thread,
    time::{Duration, Instant},
};

use phoenix_sdk::{HostCalls, StepError, boundary::Doc};
use rustix::rand::{GetRandomFlags, getrandom};

use super::{
    End, Introduction, answer,
    calls::{Calls, Greeting, Heard},
    death::Death,
    frame::{Frame, Kind},
    keeper::Keeper,
};
use crate::error::{Error, ErrorKind, Result};

/// How long a process may take until its step is loaded.
const START: Duration = Duration::from_secs(30);
/// How long a step may think in one call, without the time in which its requests are answered.
const THINKING: Duration = Duration::from_secs(30);
/// How long it may take to take an answer.
const TAKING: Duration = Duration::from_secs(10);
/// How many requests it may make in one call.
const REQUESTS: usize = 10_000;

/// A process of a step, ready for calls from several threads.
pub(in super::super) struct StepProcess {
    calls: Arc<Calls>,
    socket: Mutex<UnixStream>,
}

impl StepProcess {
    /// Starts a process for the step in this library.
    ///
    /// # Errors
    /// Why the library was refused, or how the process died.
    pub(in super::super) fn start(path: &Path, library: &File) -> Result<(Self, Introduction)> {
        let whose = format!("`{}`", path.display());
        let cannot = |error: io::Error| {
            Error::new(ErrorKind::Plugin, "SANDBOX-UNAVAILABLE", "cannot start a step's process")
                .cause(error)
                .hint("Free some memory or raise the limits of processes and open files.")
        };
        let library = library.try_clone().map_err(cannot)?;
        let (socket, theirs) = UnixStream::pair().map_err(cannot)?;
        socket.set_write_timeout(Some(TAKING)).map_err(cannot)?;
        let clone = || socket.try_clone().map_err(cannot);
        let (calls, greeted) = Calls::new(clone()?);
        let calls = Arc::new(calls);
        let keeper = Keeper {
            path: path.to_owned(),
            library,
            socket: clone()?,
            theirs,
            calls: Arc::clone(&calls),
        };
        thread::Builder::new().spawn(move || keeper.keep()).map_err(cannot)?;
        let started = Self { calls, socket: Mutex::new(socket) };
        let greeting = greeted.recv_timeout(START).unwrap_or_else(|_| {
            started.calls.condemn(Death::Silent(START));
            Greeting::Over(Death::Silent(START))
        });
        match greeting {
            Greeting::Ready(mechanisms, meta) => {
                Ok((started, Introduction { mechanisms, meta: Doc::from(meta) }))
            }
            Greeting::Refused(document) => {
                let unreadable = |_| StepError::new("SDK-DOCUMENT", "unreadable");
                let error = Doc::from(document).read().unwrap_or_else(unreadable);
                Err(Error::from_step(ErrorKind::Plugin, error))
            }
            Greeting::Over(death) => {
                Err(death.error(ErrorKind::Plugin, &whose, "while it was loaded"))
            }
        }
    }

    /// Calls the step, and answers what it asks for meanwhile.
    pub(in super::super) fn call(
        &self,
        verb: Kind,
        whose: &str,
        input: &Doc,
        host: &dyn HostCalls,
    ) -> End {
        let call = number();
        let Some(heard) = self.calls.open(call) else { return End::Gone };
        self.send(verb, call, input);
        let (mut thought, mut asked) = (Duration::ZERO, 0);
        loop {
            let begin = Instant::now();
            let next = heard.recv_timeout(THINKING.saturating_sub(thought));
            thought += begin.elapsed();
            match next {
                Ok(Heard::Request(request)) => {
                    asked += 1;
                    if asked > REQUESTS {
                        self.calls.condemn(Death::Insatiable(REQUESTS));
                        continue;
                    }
                    let answer = answer(&Doc::from(request), host);
                    self.calls.answered(call);
                    match answer {
                        Ok(answer) => self.send(Kind::Answer, call, &answer),
                        Err(error) => self.send(Kind::AnswerError, call, &error),
                    }
                }
                Ok(Heard::Reply(document)) => return End::Reply(document.into()),
                Ok(Heard::ReplyError(document)) => return End::ReplyError(document.into()),
                Ok(Heard::Over(death, company)) => return died(&death, company, whose, verb),
                Err(RecvTimeoutError::Timeout) => {
                    self.calls.condemn(Death::Silent(THINKING));
                    // From here on its end is waited for, which is near.
                    thought = Duration::ZERO;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return died(&Death::Dismissed, false, whose, verb);
                }
            }
        }
    }

    /// Whether no call can begin in it any more.
    pub(in super::super) fn is_over(&self) -> bool {
        self.calls.is_over()
    }

    fn send(&self, kind: Kind, call: u64, document: &Doc) {
        let frame = Frame::encode(kind, call, document.as_str());
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        match socket.write_all(&frame) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.calls.condemn(Death::Deaf)
            }
            // One that has died is buried by its keeper.
            Ok(()) | Err(_) => {}
        }
    }
}

impl Drop for StepProcess {
    fn drop(&mut self) {
        self.calls.condemn(Death::Dismissed);
    }
}

fn died(death: &Death, company: bool, whose: &str, verb: Kind) -> End {
    let verb = match verb {
        Kind::Check => "in `check`",
        Kind::Apply => "in `apply`",
        _ => "in `verify`",
    };
    End::Died { error: death.error(ErrorKind::Step, whose, verb), company }
}

/// A number for a call that a step cannot guess: what it sends for a call that is not its own would have
/// to name one that is under way.
fn number() -> u64 {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; 8];
    // The kernel's generator is ready long before us; if not, the numbers still differ.
    let _ = getrandom(&mut bytes, GetRandomFlags::NONBLOCK);
    u64::from_le_bytes(bytes).wrapping_add(CALLS.fetch_add(1, Ordering::Relaxed))
}
