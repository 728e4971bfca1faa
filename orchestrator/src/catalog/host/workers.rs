//! The threads of a step's process: one for each call that is under way, kept for the next.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use abi_stable::{
    sabi_trait::TD_Opaque,
    sabi_types::RRef,
    std_types::{RErr, ROk, RResult},
};
use phoenix_sdk::boundary::{Doc, Host, Host_TO, StepBox};

use super::{
    frame::{Frame, Kind, LARGEST_FROM_STEP},
    process::Orchestrator,
    too_large,
};

/// How many calls run at once; further ones wait. Below the process's limit of threads.
const MOST: usize = 64;

type Answer = RResult<Doc, Doc>;

/// The calls that wait for answers.
type Waiting = Arc<Mutex<BTreeMap<u64, Sender<Answer>>>>;

/// Who works, and what waits.
pub(super) struct Workers {
    common: Arc<Common>,
    give: Sender<Frame>,
    threads: usize,
}

struct Common {
    step: Arc<StepBox>,
    orchestrator: Arc<Orchestrator>,
    waiting: Waiting,
    take: Mutex<Receiver<Frame>>,
    idle: AtomicUsize,
}

impl Workers {
    pub(super) fn new(step: Arc<StepBox>, orchestrator: Arc<Orchestrator>) -> Self {
        let (give, take) = channel();
        let (waiting, idle) = (Waiting::default(), AtomicUsize::new(0));
        let common = Common { step, orchestrator, waiting, take: Mutex::new(take), idle };
        Self { common: Arc::new(common), give, threads: 0 }
    }

    /// Begins a call, or gives a call that waits its answer.
    pub(super) fn hear(&mut self, frame: Frame) {
        let answer = match frame.kind {
            Kind::Answer => ROk(frame.document.into()),
            Kind::AnswerError => RErr(frame.document.into()),
            _ => return self.begin(frame),
        };
        let waiting = self.common.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = waiting.get(&frame.call) {
            // A step that does not wait any more has no use for it.
            let _ = call.send(answer);
        }
    }

    fn begin(&mut self, frame: Frame) {
        let idle = &self.common.idle;
        let taken =
            idle.fetch_update(Ordering::AcqRel, Ordering::Acquire, |idle| idle.checked_sub(1));
        if taken.is_err() && self.threads < MOST {
            let common = Arc::clone(&self.common);
            // Where no further thread can be had, the call waits for one of those that there are.
            let spawned = thread::Builder::new().spawn(move || common.work());
            self.threads += usize::from(spawned.is_ok());
        }
        // The workers end with the process.
        let _ = self.give.send(frame);
    }
}

impl Common {
    fn work(&self) {
        loop {
            let next = self.take.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(frame) = next else { return };
            let call = frame.call;
            let (kind, document) = match self.call(frame) {
                ROk(document) => (Kind::Reply, document),
                RErr(document) => (Kind::ReplyError, document),
            };
            self.idle.fetch_add(1, Ordering::AcqRel);
            if document.as_str().len() <= LARGEST_FROM_STEP {
                self.orchestrator.send(kind, call, document.as_str());
            } else {
                let error = too_large("an answer", document.as_str().len());
                self.orchestrator.send(Kind::ReplyError, call, error.as_str());
            }
        }
    }

    fn call(&self, frame: Frame) -> Answer {
        let (send, answers) = channel();
        let lock = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        lock().insert(frame.call, send);
        let link = Link {
            call: frame.call,
            orchestrator: &self.orchestrator,
            answers: Mutex::new(answers),
        };
        let host = || Host_TO::from_ptr(RRef::new(&link), TD_Opaque);
        let input = Doc::from(frame.document);
        let answer = match frame.kind {
            Kind::Check => self.step.check(host(), input),
            Kind::Apply => self.step.apply(host(), input),
            _ => self.step.verify(host(), input),
        };
        lock().remove(&frame.call);
        answer
    }
}

/// The orchestrator as one call sees it.
struct Link<'a> {
    call: u64,
    orchestrator: &'a Orchestrator,
    answers: Mutex<Receiver<Answer>>,
}

impl Host for Link<'_> {
    fn call(&self, request: Doc) -> Answer {
        if request.as_str().len() > LARGEST_FROM_STEP {
            return RErr(too_large("a request", request.as_str().len()));
        }
        // Held until the answer is there: a step may ask from several threads, one after the other.
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        self.orchestrator.send(Kind::Request, self.call, request.as_str());
        match answers.recv() {
            Ok(answer) => answer,
            Err(error) => RErr(Doc::write(&error.to_string())),
        }
    }
}
