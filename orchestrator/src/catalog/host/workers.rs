//! The threads of a step's process: one for each lane that calls have come through.

use std::{
    fs::File,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use abi_stable::{
    sabi_trait::TD_Opaque,
    sabi_types::RRef,
    std_types::{RErr, ROk, RResult},
};
use phoenix_sdk::{
    StepError,
    boundary::{Doc, Host, Host_TO, StepBox},
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};

use super::{
    frame::{Frame, Kind, LARGEST_FROM_STEP, LARGEST_TO_STEP},
    lane::{self, Lane},
    process::end,
    too_large,
};

/// How long a call waits where no thread can be had for it, until that is tried again.
const AGAIN: Duration = Duration::from_millis(20);
/// How often that is tried: the machine may be short of threads for a moment, a step that has used up its own stays so.
const TRIES: usize = 50;

type Answer = RResult<Doc, Doc>;

/// Serves the calls that come through these lanes until the orchestrator is gone, or says something on its socket, which
/// it never does.
pub(super) fn serve(socket: &File, mut unused: Vec<File>, step: StepBox) -> ! {
    let step = Arc::new(step);
    loop {
        let mut ready: Vec<PollFd<'_>> = [socket]
            .into_iter()
            .chain(&unused)
            .map(|file| PollFd::new(file, PollFlags::IN))
            .collect();
        match poll(&mut ready, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => end(),
        }
        let ready: Vec<bool> = ready.iter().map(|fd| !fd.revents().is_empty()).collect();
        if ready[0] {
            end();
        }
        let lanes = std::mem::take(&mut unused);
        for (lane, ready) in lanes.into_iter().zip(&ready[1..]) {
            match ready {
                true => begin(&step, lane),
                false => unused.push(lane),
            }
        }
    }
}

/// Gives a lane a thread of its own; or says there that none is to be had.
fn begin(step: &Arc<StepBox>, lane: File) {
    let place = Arc::new(Mutex::new(Some(lane)));
    let lock =
        |place: &Mutex<Option<File>>| place.lock().unwrap_or_else(PoisonError::into_inner).take();
    for _ in 0..TRIES {
        let (step, taken) = (Arc::clone(step), Arc::clone(&place));
        let work = move || {
            if let Some(lane) = lock(&taken) {
                work(&step, Lane::new(lane, LARGEST_TO_STEP));
            }
        };
        if thread::Builder::new().spawn(work).is_ok() {
            return;
        }
        thread::sleep(AGAIN);
    }
    if let Some(mut file) = lock(&place)
        && lane::send(&mut file, Kind::Full, 0, "").is_err()
    {
        end();
    }
}

/// One call after another.
fn work(step: &StepBox, mut lane: Lane<File>) {
    loop {
        // Ours is the only program that writes here, and it writes frames.
        let Ok(frame) = lane.hear() else { end() };
        let number = frame.call;
        let (kind, document) = match call(step, &mut lane, frame) {
            ROk(document) => (Kind::Reply, document),
            RErr(document) => (Kind::ReplyError, document),
        };
        let sent = match document.as_str().len() {
            size if size > LARGEST_FROM_STEP => {
                lane.send(Kind::ReplyError, number, too_large("an answer", size).as_str())
            }
            _ => lane.send(kind, number, document.as_str()),
        };
        // Without an orchestrator there is nothing left to do.
        if sent.is_err() {
            end();
        }
    }
}

fn call(step: &StepBox, lane: &mut Lane<File>, frame: Frame) -> Answer {
    let link = Link { call: frame.call, lane: Mutex::new(lane) };
    let host = Host_TO::from_ptr(RRef::new(&link), TD_Opaque);
    let input = Doc::from(frame.document);
    match frame.kind {
        Kind::Check => step.check(host, input),
        Kind::Apply => step.apply(host, input),
        _ => step.verify(host, input),
    }
}

/// The orchestrator as one call sees it.
struct Link<'a> {
    call: u64,
    lane: Mutex<&'a mut Lane<File>>,
}

impl Host for Link<'_> {
    fn call(&self, request: Doc) -> Answer {
        let size = request.as_str().len();
        if size > LARGEST_FROM_STEP {
            return RErr(too_large("a request", size));
        }
        // Held until the answer is there: a step may ask from several threads, one after the other.
        let mut lane = self.lane.lock().unwrap_or_else(PoisonError::into_inner);
        if lane.send(Kind::Request, self.call, request.as_str()).is_err() {
            end();
        }
        match lane.hear() {
            Ok(Frame { kind: Kind::Answer, document, .. }) => ROk(document.into()),
            Ok(Frame { kind: Kind::AnswerError, document, .. }) => RErr(document.into()),
            // Something in this process has read or written here past us.
            Ok(_) | Err(_) => {
                RErr(Doc::write(&StepError::new("SDK-DOCUMENT", "the answer did not arrive")))
            }
        }
    }
}
