//! A host that writes down what it is asked.

use std::sync::Mutex;

use super::{Exchange, Transcript};
use crate::{
    HostCalls, Result,
    testing::lock,
    wire::{Answer, Input, Request},
};

/// Passes requests on to another host and keeps them with their answers. [`Transcript::record`] is the
/// short way; this is for whoever must hold the host while the step works.
pub struct Recorder<'a> {
    host: &'a dyn HostCalls,
    exchanges: Mutex<Vec<Exchange>>,
}

impl<'a> Recorder<'a> {
    /// Records what this host is asked.
    pub fn new(host: &'a dyn HostCalls) -> Self {
        Self { host, exchanges: Mutex::default() }
    }

    /// What was recorded, as that of a call with this input.
    pub fn into_transcript(self, input: Input) -> Transcript {
        let exchanges =
            self.exchanges.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Transcript::new(input, exchanges)
    }
}

impl HostCalls for Recorder<'_> {
    fn call(&self, request: Request) -> Result<Answer> {
        let answer = self.host.call(request.clone());
        lock(&self.exchanges).push(Exchange { request, answer: answer.clone() });
        answer
    }
}
