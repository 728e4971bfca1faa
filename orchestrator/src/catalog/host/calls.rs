//! The calls that are under way in one process: each has a lane of its own, and all hear of the process's end. What a
//! process says beside the lanes is held against what can come now; the rest is its end.

use std::{
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    confine::Mechanism,
    death::Death,
    frame::{Frame, Kind},
    lane::Lane,
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

/// Those of one process.
pub(super) struct Calls {
    state: Mutex<State>,
    /// A lane is free, or all is over.
    changed: Condvar,
    socket: UnixStream,
}

struct State {
    greet: Sender<Greeting>,
    confined: Option<Vec<Mechanism>>,
    ready: bool,
    /// The one that was used last comes first: the process has a thread for it already.
    free: Vec<Lane<UnixStream>>,
    /// How many calls are under way.
    open: usize,
    /// Why we end it.
    verdict: Option<Death>,
    /// How it ended, and whether several calls were under way, so that nobody can tell whose fault it is.
    over: Option<(Death, bool)>,
}

impl Calls {
    /// Of a process at the other end of this socket.
    pub(super) fn new(socket: UnixStream) -> (Self, Receiver<Greeting>) {
        let (greet, greeted) = channel();
        let state = State {
            greet,
            confined: None,
            ready: false,
            free: Vec::new(),
            open: 0,
            verdict: None,
            over: None,
        };
        (Self { state: Mutex::new(state), changed: Condvar::new(), socket }, greeted)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process has these lanes.
    pub(super) fn furnish(&self, lanes: Vec<Lane<UnixStream>>) {
        self.lock().free.extend(lanes.into_iter().rev());
        self.changed.notify_all();
    }

    /// Whether no call can begin any more.
    pub(super) fn is_over(&self) -> bool {
        self.lock().is_over()
    }

    /// Opens a call as soon as there is a lane, unless the process is no more.
    pub(super) fn open(&self) -> Option<Lane<UnixStream>> {
        let mut state = self.lock();
        let lane = loop {
            if state.is_over() {
                return None;
            }
            match state.free.pop() {
                Some(lane) => break lane,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        };
        if is_quiet(&lane) {
            state.open += 1;
            return Some(lane);
        }
        drop(state);
        self.condemn(Death::Nonsense("a frame for a call that is not under way".to_owned()));
        None
    }

    /// A call has ended by itself, and its lane can have the next one.
    pub(super) fn close(&self, lane: Lane<UnixStream>) {
        let mut state = self.lock();
        state.open -= 1;
        state.free.push(lane);
        drop(state);
        self.changed.notify_one();
    }

    /// Has the process ended for this reason, if there is none yet.
    pub(super) fn condemn(&self, why: Death) {
        self.lock().verdict.get_or_insert(why);
        self.hang_up();
    }

    /// Has it ended, unless it has ended already: its keeper tells which, and why.
    pub(super) fn hang_up(&self) {
        // That it is closed already is the only failure.
        let _ = self.socket.shutdown(Shutdown::Both);
        self.changed.notify_all();
    }

    /// Why the process was condemned, if it was.
    pub(super) fn verdict(&self) -> Option<Death> {
        self.lock().verdict.clone()
    }

    /// Takes a frame that came beside the lanes: only the greeting does.
    ///
    /// # Errors
    /// Why it cannot be: the process is to be ended.
    pub(super) fn hear(&self, frame: Frame) -> Result<(), Death> {
        let mut state = self.lock();
        let Frame { kind, document, .. } = frame;
        let nonsense = |what: &str| Err(Death::Nonsense(what.to_owned()));
        let greeting = match (kind, state.confined.take()) {
            _ if state.ready => return nonsense("a frame for a call that is not under way"),
            (Kind::Confined, None) => {
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
            (Kind::Refused, _) => Greeting::Refused(document),
            _ => return nonsense("a frame that cannot come while a step is loaded"),
        };
        // Whoever waits for it may have lost patience.
        let _ = state.greet.send(greeting);
        Ok(())
    }

    /// The process is no more: everybody who waits is told.
    pub(super) fn end(&self, death: Death) {
        let mut state = self.lock();
        let company = state.open > 1;
        state.over = Some((death.clone(), company));
        state.free.clear();
        let _ = state.greet.send(Greeting::Over(death));
        drop(state);
        self.changed.notify_all();
    }

    /// Waits for the end, which is near: for a call whose lane is closed, or that has condemned the process.
    pub(super) fn await_end(&self) -> (Death, bool) {
        let mut state = self.lock();
        loop {
            if let Some(over) = &state.over {
                return over.clone();
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl State {
    fn is_over(&self) -> bool {
        self.over.is_some() || self.verdict.is_some()
    }
}

/// Whether nothing lies in a lane that no call is to answer for. That its other end is closed is for the call to find out.
fn is_quiet(lane: &Lane<UnixStream>) -> bool {
    let mut ready = [PollFd::new(lane.stream(), PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let is_ready = poll(&mut ready, Some(&at_once)).is_ok_and(|count| count > 0);
    !lane.has_rest() && (!is_ready || ready[0].revents().contains(PollFlags::HUP))
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, sync::Arc, thread};

    use super::*;

    fn frame(kind: Kind, document: &str) -> Frame {
        Frame { kind, call: 0, document: document.to_owned() }
    }

    fn lane() -> (Lane<UnixStream>, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Lane::new(ours, 100), theirs)
    }

    fn started() -> (Calls, Receiver<Greeting>) {
        let (calls, greeted) = Calls::new(UnixStream::pair().unwrap().0);
        calls.hear(frame(Kind::Confined, "[]")).unwrap();
        calls.hear(frame(Kind::Ready, "{}")).unwrap();
        (calls, greeted)
    }

    #[test]
    fn a_process_greets_once_and_in_order_and_says_nothing_else_beside_the_lanes() {
        let (calls, greeted) = started();
        assert!(matches!(greeted.try_recv().unwrap(), Greeting::Ready(_, meta) if meta == "{}"));
        for again in [Kind::Confined, Kind::Ready, Kind::Refused, Kind::Request, Kind::Reply] {
            assert!(calls.hear(frame(again, "[]")).is_err());
        }
        let fresh = || Calls::new(UnixStream::pair().unwrap().0).0;
        for early in [Kind::Ready, Kind::Request, Kind::Reply, Kind::Check] {
            assert!(fresh().hear(frame(early, "{}")).is_err(), "{early:?}");
        }
        assert!(fresh().hear(frame(Kind::Confined, "what?")).is_err());
    }

    #[test]
    fn a_call_waits_for_a_lane_and_the_last_one_is_used_again() {
        let (calls, _greeted) = started();
        let calls = Arc::new(calls);
        let ((one, _a), (other, _b)) = (lane(), lane());
        calls.furnish(vec![one, other]);
        let (first, second) = (calls.open().unwrap(), calls.open().unwrap());
        let waits = thread::spawn({
            let calls = Arc::clone(&calls);
            move || calls.open().is_some()
        });
        calls.close(second);
        assert!(waits.join().unwrap());
        calls.close(first);
    }

    #[test]
    fn what_lies_in_a_lane_before_its_call_ends_the_process_and_blames_nobody() {
        let (calls, _greeted) = started();
        let (ours, mut theirs) = lane();
        calls.furnish(vec![ours]);
        theirs.write_all(&[1]).unwrap();
        assert!(calls.open().is_none());
        assert!(matches!(calls.verdict(), Some(Death::Nonsense(_))));
    }

    #[test]
    fn everybody_hears_of_the_end_and_whether_they_were_alone() {
        for (others, company) in [(0, false), (1, true)] {
            let (calls, _greeted) = started();
            let (lanes, _theirs): (Vec<_>, Vec<_>) = (0..3).map(|_| lane()).unzip();
            calls.furnish(lanes);
            let _open: Vec<_> = (0..=others).map(|_| calls.open().unwrap()).collect();
            calls.condemn(Death::Deaf);
            assert!(calls.open().is_none() && calls.is_over());
            calls.end(Death::Deaf);
            assert_eq!(calls.await_end(), (Death::Deaf, company));
        }
    }
}
