//! A host that gives recorded answers, and nothing else.

use std::sync::Mutex;

use super::{Exchange, difference};
use crate::{
    HostCalls, Result, StepError,
    testing::lock,
    wire::{Answer, Request},
};

/// Answers from a transcript, strictly in its order.
pub(super) struct Replay<'a> {
    exchanges: &'a [Exchange],
    at: Mutex<At>,
}

/// How far it has got.
#[derive(Default)]
struct At {
    next: usize,
    /// After the first difference there is nothing more to answer.
    differs: Option<StepError>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(exchanges: &'a [Exchange]) -> Self {
        Self { exchanges, at: Mutex::default() }
    }

    /// Whether the step asked for exactly what was recorded. One that stopped with an error of its own
    /// may have asked for less.
    pub(super) fn end(self, succeeded: bool) -> Result<()> {
        let At { next, differs } =
            self.at.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        match (differs, self.exchanges.get(next)) {
            (Some(error), _) => Err(error),
            (None, Some(left)) if succeeded => Err(differs_at(next, "the step asked for no more")
                .cause(format!("recorded: {}", left.request))
                .hint(HINT)),
            _ => Ok(()),
        }
    }
}

const HINT: &str =
    "If the step is meant to ask for something else now, record the transcript anew.";

impl HostCalls for Replay<'_> {
    fn call(&self, request: Request) -> Result<Answer> {
        let mut at = lock(&self.at);
        if let Some(error) = &at.differs {
            return Err(error.clone());
        }
        let error = match self.exchanges.get(at.next) {
            Some(recorded) if recorded.request == request => {
                at.next += 1;
                return recorded.answer.clone();
            }
            Some(recorded) => {
                let error = differs_at(at.next, "the step asked for something else")
                    .cause(format!("asked: {request}"))
                    .cause(format!("recorded: {}", recorded.request));
                match difference::first(&request, &recorded.request) {
                    Some(difference) => error.cause(difference),
                    None => error,
                }
            }
            None => differs_at(at.next, "the step asked for more than was recorded")
                .cause(format!("asked: {request}")),
        };
        Err(at.differs.insert(error.hint(HINT)).clone())
    }
}

fn differs_at(index: usize, what: &str) -> StepError {
    StepError::new("TRANSCRIPT-DIFFERS", format!("{what} at request {}", index + 1))
}
