//! The orchestrator's side of one process of a step: starts it, calls the step, and answers what it asks for.

use std::{
    fs::File,
    io,
    os::unix::net::UnixStream,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::Receiver,
    },
    thread,
    time::{Duration, Instant},
};

use phoenix_sdk::{HostCalls, StepError, boundary::Doc};
use rustix::rand::{GetRandomFlags, getrandom};

use super::{
    End, Introduction, Worlds, answer,
    calls::{Calls, Greeting},
    death::Death,
    frame::{Frame, Kind},
    keeper::Keeper,
    lane::{Lane, Silence},
};
use crate::error::{Error, ErrorKind, Result};

/// How long a process may take until its step is loaded.
const START: Duration = Duration::from_secs(30);
/// How long a step may think in one call, without the time in which its requests are answered.
const THINKING: Duration = Duration::from_secs(30);
/// How long it may take to take an answer.
pub(super) const TAKING: Duration = Duration::from_secs(10);
/// How often somebody who waits for a step looks at the clock.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// How many requests it may make in one call.
const REQUESTS: usize = 10_000;

/// A process of a step, ready for calls from several threads.
pub(in super::super) struct StepProcess {
    calls: Arc<Calls>,
}

/// A process of a step that has not greeted yet.
pub(in super::super) struct Starting {
    whose: String,
    process: StepProcess,
    greeted: Receiver<Greeting>,
}

impl Starting {
    /// Starts a process for the step in this library.
    ///
    /// # Errors
    /// `SANDBOX-UNAVAILABLE` if it cannot even be begun.
    pub(in super::super) fn begin(path: &Path, library: &File, worlds: Worlds) -> Result<Self> {
        let cannot = |error: io::Error| {
            Error::new(ErrorKind::Plugin, "SANDBOX-UNAVAILABLE", "cannot start a step's process")
                .cause(error)
                .hint("Free some memory or raise the limits of processes and open files.")
        };
        let library = library.try_clone().map_err(cannot)?;
        let (socket, theirs) = UnixStream::pair().map_err(cannot)?;
        let (calls, greeted) = Calls::new(socket.try_clone().map_err(cannot)?);
        let calls = Arc::new(calls);
        let keeper = Keeper {
            path: path.to_owned(),
            library,
            socket,
            theirs,
            worlds,
            calls: Arc::clone(&calls),
        };
        thread::Builder::new().spawn(move || keeper.keep()).map_err(cannot)?;
        let process = StepProcess { calls };
        Ok(Self { whose: format!("`{}`", path.display()), process, greeted })
    }

    /// Waits until the step is loaded and has said who it is.
    ///
    /// # Errors
    /// Why the library was refused, or how the process died.
    pub(in super::super) fn greeted(self) -> Result<(StepProcess, Introduction)> {
        let Self { whose, process: started, greeted } = self;
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
}

impl StepProcess {
    /// Calls the step, and answers what it asks for meanwhile.
    pub(in super::super) fn call(
        &self,
        verb: Kind,
        whose: &str,
        input: &Doc,
        host: &dyn HostCalls,
    ) -> End {
        let Some(mut lane) = self.calls.open() else { return End::Gone };
        match self.converse(&mut lane, verb, input, host) {
            Ok(end) => {
                self.calls.close(lane);
                end
            }
            // The call has not begun, and can have another process.
            Err(Some(Death::Full)) => {
                self.calls.condemn(Death::Full);
                End::Gone
            }
            Err(why) => {
                match why {
                    Some(why) => self.calls.condemn(why),
                    None => self.calls.hang_up(),
                }
                let (death, company) = self.calls.await_end();
                died(&death, company, whose, verb)
            }
        }
    }

    /// One call over a lane, to its end.
    ///
    /// # Errors
    /// Why the process has to be ended; nothing if it is gone by itself, as it seems.
    fn converse(
        &self,
        lane: &mut Lane<UnixStream>,
        verb: Kind,
        input: &Doc,
        host: &dyn HostCalls,
    ) -> Result<End, Option<Death>> {
        let call = number();
        send(lane, verb, call, input)?;
        let (mut thought, mut asked) = (Duration::ZERO, 0);
        loop {
            let begin = Instant::now();
            let heard = lane.hear();
            thought += begin.elapsed();
            let Frame { kind, call: of, document } = match heard {
                Ok(frame) => frame,
                Err(Silence::Waiting) if thought < THINKING => continue,
                Err(Silence::Waiting) => return Err(Some(Death::Silent(THINKING))),
                Err(Silence::Closed) => return Err(None),
                Err(Silence::Garbage(garbage)) => return Err(Some(Death::Garbage(garbage))),
            };
            let nonsense = |what: &str| Err(Some(Death::Nonsense(what.to_owned())));
            if (kind, of, asked) == (Kind::Full, 0, 0) {
                return Err(Some(Death::Full));
            }
            if of != call {
                return nonsense("a frame for a call that is not under way");
            }
            if lane.has_rest() {
                return nonsense("a frame for a call that waits for an answer");
            }
            match kind {
                Kind::Request => {
                    asked += 1;
                    if asked > REQUESTS {
                        return Err(Some(Death::Insatiable(REQUESTS)));
                    }
                    match answer(&Doc::from(document), host) {
                        Ok(answer) => send(lane, Kind::Answer, call, &answer)?,
                        Err(error) => send(lane, Kind::AnswerError, call, &error)?,
                    }
                }
                Kind::Reply => return Ok(End::Reply(document.into())),
                Kind::ReplyError => return Ok(End::ReplyError(document.into())),
                _ => return nonsense("a frame that only an orchestrator sends"),
            }
        }
    }

    /// Whether no call can begin in it any more.
    pub(in super::super) fn is_over(&self) -> bool {
        self.calls.is_over()
    }
}

impl Drop for StepProcess {
    fn drop(&mut self) {
        self.calls.condemn(Death::Dismissed);
    }
}

/// A process that takes nothing for too long is deaf; one that has died is buried by its keeper.
fn send(
    lane: &mut Lane<UnixStream>,
    kind: Kind,
    call: u64,
    document: &Doc,
) -> Result<(), Option<Death>> {
    lane.send(kind, call, document.as_str())
        .map_err(|error| (error.kind() == io::ErrorKind::WouldBlock).then_some(Death::Deaf))
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
