//! Gives events their number and time, takes them to the sinks one at a time, and knows what they say.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use jiff::Timestamp;
use tracing::{Span, span::EnteredSpan};

use super::{
    Deed, Effect, Effects, Sink, State,
    event::{Body, Event, FORMAT},
    log,
};
use crate::{
    effect::Image,
    error::{Error, ErrorKind, Result},
    graph::Unit,
};

/// Gives events their number and time, and takes them to the sinks one at a time.
pub(super) struct Recorder<'a> {
    run: String,
    span: Span,
    seq: AtomicU64,
    effects: AtomicU64,
    heard: Mutex<Heard<'a>>,
    interrupted: &'a AtomicBool,
}

/// What all events together say, and whoever hears them.
struct Heard<'a> {
    state: State,
    effects: Effects,
    sinks: Vec<&'a mut dyn Sink>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(
        run: String,
        sinks: Vec<&'a mut dyn Sink>,
        interrupted: &'a AtomicBool,
    ) -> Self {
        let heard = Heard { state: State::default(), effects: Effects::default(), sinks };
        Self {
            span: log::run(&run),
            run,
            seq: AtomicU64::new(0),
            effects: AtomicU64::new(0),
            heard: Mutex::new(heard),
            interrupted,
        }
    }

    /// The run's name.
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// What a unit has done in this run.
    pub(super) fn effects_of(&self, unit: &Unit) -> Vec<Effect> {
        self.heard().effects.of(unit)
    }

    /// Where the run is.
    pub(super) fn state(&self) -> State {
        self.heard().state.clone()
    }

    fn heard(&self) -> MutexGuard<'_, Heard<'a>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever is logged until this is dropped is about the run as a whole.
    pub(super) fn logged(&self) -> EnteredSpan {
        self.span.clone().entered()
    }

    /// Whatever is logged until this is dropped is about this unit.
    pub(super) fn logged_of(&self, unit: &Unit) -> EnteredSpan {
        log::unit(&self.span, unit).entered()
    }

    pub(super) fn emit(&self, body: Body) -> Result<()> {
        let mut guard = self.heard();
        let Heard { state, effects, sinks } = &mut *guard;
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        let event =
            Event { format: FORMAT, run: self.run.clone(), seq, at: Timestamp::now(), body };
        state.fold(&event);
        effects.fold(&event);
        sinks.iter_mut().try_for_each(|sink| sink.hear(&event))?;
        log::event(&event.body);
        Ok(())
    }

    /// Says what is about to happen, and returns when every sink has it.
    pub(super) fn intend(
        &self,
        unit: &Unit,
        deed: Deed,
        before: &Image,
        expected: Option<Image>,
    ) -> Result<u64> {
        let effect = self.effects.fetch_add(1, Ordering::Relaxed) + 1;
        self.emit(Body::Intended {
            unit: unit.clone(),
            effect,
            deed: Box::new(deed),
            before: Box::new(before.clone()),
            expected: expected.map(Box::new),
        })?;
        Ok(effect)
    }

    /// Between effects, an interrupted run ends here.
    pub(super) fn checkpoint(&self) -> Result<()> {
        if !self.interrupted.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Interrupted, "INTERRUPTED", "interrupted by you")
            .hint("Run again: it goes on where it stopped."))
    }
}
