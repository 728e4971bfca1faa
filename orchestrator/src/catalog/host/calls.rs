//! The calls that are under way in one process, and what is heard of them. Whatever a process sends is
//! held against what can come now; the rest is its end.

use std::{
    collections::BTreeMap,
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
};

use super::{
    confine::Mechanism,
    death::Death,
    frame::{Frame, Kind},
};

/// The first that is heard of a process.
#[derive(Debug)]
pub(super) enum Greeting {
    /// It is confined like this, and the step says this about itself.
    Ready(Vec<Mechanism>, String),
    /// The library cannot be used.
    Refused(String),
    /// There is no process any more.
    Over(Death),
}

/// What a call hears.
#[derive(Debug)]
pub(super) enum Heard {
    /// The step asks for something.
    Request(String),
    /// The call has ended well.
    Reply(String),
    /// The call has ended in an error.
    ReplyError(String),
    /// There is no process any more. Whether other calls were under way too, so that nobody can tell whose
    /// fault it is.
    Over(Death, bool),
}

/// Those of one process.
pub(super) struct Calls {
    state: Mutex<State>,
    socket: UnixStream,
}

struct State {
    greet: Sender<Greeting>,
    confined: Option<Vec<Mechanism>>,
    ready: bool,
    open: BTreeMap<u64, Open>,
    /// Why we end it.
    verdict: Option<Death>,
    over: bool,
}

struct Open {
    hear: Sender<Heard>,
    /// Whether a request of it is being answered.
    asks: bool,
}

impl Calls {
    /// Of a process at the other end of this socket.
    pub(super) fn new(socket: UnixStream) -> (Self, Receiver<Greeting>) {
        let (greet, greeted) = channel();
        let state = State {
            greet,
            confined: None,
            ready: false,
            open: BTreeMap::new(),
            verdict: None,
            over: false,
        };
        (Self { state: Mutex::new(state), socket }, greeted)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no call can begin any more.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        state.over || state.verdict.is_some()
    }

    /// Opens a call, unless the process is no more.
    pub(super) fn open(&self, call: u64) -> Option<Receiver<Heard>> {
        let (hear, heard) = channel();
        let mut state = self.lock();
        if state.over || state.verdict.is_some() {
            return None;
        }
        state.open.insert(call, Open { hear, asks: false });
        Some(heard)
    }

    /// The request of a call is answered from now on.
    pub(super) fn answered(&self, call: u64) {
        if let Some(open) = self.lock().open.get_mut(&call) {
            open.asks = false;
        }
    }

    /// Has the process ended for this reason, if there is none yet.
    pub(super) fn condemn(&self, why: Death) {
        self.lock().verdict.get_or_insert(why);
        // Its keeper hears that. That it is closed already is the only failure.
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Why the process was condemned, if it was.
    pub(super) fn verdict(&self) -> Option<Death> {
        self.lock().verdict.clone()
    }

    /// Passes a frame on to whom it is for.
    ///
    /// # Errors
    /// Why it cannot be: the process is to be ended.
    pub(super) fn hear(&self, frame: Frame) -> Result<(), Death> {
        let mut state = self.lock();
        let Frame { kind, call, document } = frame;
        let nonsense = |what: &str| Err(Death::Nonsense(what.to_owned()));
        let greeting = match (kind, state.confined.take()) {
            (Kind::Confined, None) if !state.ready => {
                let Ok(mechanisms) = serde_json::from_str(&document) else {
                    return nonsense("how it is confined cannot be read");
                };
                state.confined = Some(mechanisms);
                return Ok(());
            }
            (Kind::Ready, Some(confined)) => {
                state.ready = true;
                Greeting::Ready(confined, document)
            }
            (Kind::Refused, _) if !state.ready => Greeting::Refused(document),
            _ if state.ready => return state.pass(kind, call, document),
            _ => return nonsense("a frame that cannot come while a step is loaded"),
        };
        // Whoever waits for it may have lost patience.
        let _ = state.greet.send(greeting);
        Ok(())
    }

    /// The process is no more: everybody who waits is told.
    pub(super) fn end(&self, death: Death) {
        let mut state = self.lock();
        state.over = true;
        let company = state.open.len() > 1;
        for (_, open) in std::mem::take(&mut state.open) {
            // A call that does not wait any more needs no answer.
            let _ = open.hear.send(Heard::Over(death.clone(), company));
        }
        let _ = state.greet.send(Greeting::Over(death));
    }
}

impl State {
    fn pass(&mut self, kind: Kind, call: u64, document: String) -> Result<(), Death> {
        let nonsense = |what: &str| Err(Death::Nonsense(what.to_owned()));
        let Some(open) = self.open.get_mut(&call) else {
            return nonsense("a frame for a call that is not under way");
        };
        if open.asks {
            return nonsense("a frame for a call that waits for an answer");
        }
        let heard = match kind {
            Kind::Request => {
                open.asks = true;
                Heard::Request(document)
            }
            Kind::Reply => Heard::Reply(document),
            Kind::ReplyError => Heard::ReplyError(document),
            _ => return nonsense("a frame that only an orchestrator sends"),
        };
        let ended = !matches!(heard, Heard::Request(_));
        // A call waits until its end.
        let _ = open.hear.send(heard);
        if ended {
            self.open.remove(&call);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: Kind, call: u64, document: &str) -> Frame {
        Frame { kind, call, document: document.to_owned() }
    }

    fn started() -> (Calls, Receiver<Greeting>) {
        let (calls, greeted) = Calls::new(UnixStream::pair().unwrap().0);
        calls.hear(frame(Kind::Confined, 0, "[]")).unwrap();
        calls.hear(frame(Kind::Ready, 0, "{}")).unwrap();
        (calls, greeted)
    }

    #[test]
    fn a_process_greets_once_and_in_order() {
        let (calls, greeted) = started();
        assert!(matches!(greeted.try_recv().unwrap(), Greeting::Ready(_, meta) if meta == "{}"));
        for again in [Kind::Confined, Kind::Ready, Kind::Refused] {
            assert!(calls.hear(frame(again, 0, "[]")).is_err());
        }
        let fresh = || Calls::new(UnixStream::pair().unwrap().0).0;
        for early in [Kind::Ready, Kind::Request, Kind::Reply, Kind::Check] {
            assert!(fresh().hear(frame(early, 0, "{}")).is_err(), "{early:?}");
        }
        assert!(fresh().hear(frame(Kind::Confined, 0, "what?")).is_err());
    }

    #[test]
    fn only_what_can_come_now_is_passed_on() {
        let (calls, _greeted) = started();
        let heard = calls.open(7).unwrap();
        assert!(calls.hear(frame(Kind::Reply, 8, "")).is_err());
        assert!(calls.hear(frame(Kind::Check, 7, "")).is_err());
        calls.hear(frame(Kind::Request, 7, "a")).unwrap();
        assert!(calls.hear(frame(Kind::Request, 7, "b")).is_err());
        assert!(calls.hear(frame(Kind::Reply, 7, "b")).is_err());
        calls.answered(7);
        calls.hear(frame(Kind::Reply, 7, "c")).unwrap();
        assert!(calls.hear(frame(Kind::Reply, 7, "again")).is_err());
        assert!(matches!(heard.recv().unwrap(), Heard::Request(text) if text == "a"));
        assert!(matches!(heard.recv().unwrap(), Heard::Reply(text) if text == "c"));
        assert!(heard.recv().is_err());
    }

    #[test]
    fn everybody_hears_of_the_end_and_whether_they_were_alone() {
        for (others, company) in [(0, false), (1, true)] {
            let (calls, _greeted) = started();
            let heard = calls.open(1).unwrap();
            let _others: Vec<_> = (0..others).map(|call| calls.open(2 + call)).collect();
            calls.condemn(Death::Deaf);
            assert!(calls.open(9).is_none());
            assert_eq!(calls.verdict(), Some(Death::Deaf));
            calls.end(Death::Deaf);
            let Heard::Over(death, seen) = heard.recv().unwrap() else { panic!() };
            assert_eq!((death, seen), (Death::Deaf, company));
        }
    }
}
