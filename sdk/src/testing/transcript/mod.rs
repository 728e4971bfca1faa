//! What a step asked of a real machine, and what it was answered: written down once, replayed for ever.

mod difference;
mod display;
mod recorder;
mod replay;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use recorder::Recorder;

use self::replay::Replay;
use crate::{
    CheckReport, Context, HostCalls, Result, Step, StepError, VerifyReport,
    wire::{Answer, Input, Request},
};

/// The version of the document that is written. Older ones are read, newer ones are refused.
const FORMAT: u32 = 1;

/// One call of a step: its input, and every request with its answer, in their order.
///
/// The laws try a step on machines that its author thought of. A transcript is a machine that nobody
/// thought of: record the call that went wrong, keep the JSON beside the step's tests, and replay it.
/// A replay is strict. A step that asks for something else than was recorded gets the error
/// `TRANSCRIPT-DIFFERS`, which names the first difference, for nobody knows what the machine would have
/// answered to that.
///
/// The document holds what the machine answered, whole files among it. Read it before you give it away.
///
/// ```
/// use phoenix_sdk::{testing::{FakeHost, Transcript}, *};
///
/// # #[derive(Default)]
/// # struct Banner;
/// # impl Step for Banner {
/// #     type Params = ();
/// #     const META: Meta = Meta::new("banner", "0.1.0", Scope::Host, "a banner");
/// #     fn check(&self, cx: &Context<'_>, _: &()) -> Result<CheckReport> {
/// #         Wanted::on(cx.machine()).file("/etc/issue", "Ours.\n").into_report()
/// #     }
/// #     fn verify(&self, _: &Context<'_>, _: &()) -> Result<VerifyReport> { unreachable!() }
/// # }
/// // Any host will do: this one is in memory.
/// let host = FakeHost::new(World::host("fresh"), Banner::META);
/// let (report, transcript) =
///     Transcript::record(&host, &host.input()?, |cx| Banner.check(cx, &()));
/// assert_eq!(transcript.to_string(), "host: look at file `/etc/issue`\n");
///
/// // Later, from the JSON, and with no host at all:
/// let transcript = Transcript::from_json(&transcript.to_json())?;
/// assert_eq!(transcript.check(&Banner)?, report?);
/// # Ok::<(), StepError>(())
/// ```
///
/// `to_string` gives what was asked, a line each, fit for an inline snapshot; `docs/writing-a-step.md`
/// shows where transcripts come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    format: u32,
    /// What went into the call.
    pub input: Input,
    /// What was asked and answered.
    pub exchanges: Vec<Exchange>,
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// What the step asked for.
    pub request: Request,
    /// What it was given, or why not.
    pub answer: Result<Answer>,
}

impl Transcript {
    /// Of a call with this input in which these requests were answered.
    pub fn new(input: Input, exchanges: Vec<Exchange>) -> Self {
        Self { format: FORMAT, input, exchanges }
    }

    /// Lets a step work on a host, and writes down what it asked. The transcript is there whether the
    /// work succeeded or not.
    pub fn record<T>(
        host: &dyn HostCalls,
        input: &Input,
        work: impl FnOnce(&Context<'_>) -> Result<T>,
    ) -> (Result<T>, Self) {
        let recorder = Recorder::new(host);
        let outcome = work(&Context::new(&recorder, input));
        (outcome, recorder.into_transcript(input.clone()))
    }

    /// Lets a step work on the answers in this transcript.
    ///
    /// # Errors
    /// - `TRANSCRIPT-DIFFERS` when it asks for something else than was recorded, for more, or for less. What
    ///   the step makes of it does not count.
    /// - Those of the work.
    pub fn replay<T>(&self, work: impl FnOnce(&Context<'_>) -> Result<T>) -> Result<T> {
        let replay = Replay::new(&self.exchanges);
        let outcome = work(&Context::new(&replay, &self.input));
        replay.end(outcome.is_ok())?;
        outcome
    }

    /// Replays a `check`, with the parameters that were recorded.
    ///
    /// # Errors
    /// As [`Self::replay`]; `PARAMS-INVALID` when the step does not know the parameters any more.
    pub fn check<S: Step>(&self, step: &S) -> Result<CheckReport> {
        let params = crate::export::params::<S>(&self.input)?;
        self.replay(|cx| step.check(cx, &params))
    }

    /// Replays a `verify`, with the parameters that were recorded.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn verify<S: Step>(&self, step: &S) -> Result<VerifyReport> {
        let params = crate::export::params::<S>(&self.input)?;
        self.replay(|cx| step.verify(cx, &params))
    }

    /// The document, indented for people, with a line's end behind it.
    pub fn to_json(&self) -> String {
        // Strings, numbers, lists and maps with strings as keys: there is nothing in it that could fail.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        text + "\n"
    }

    /// Reads a document.
    ///
    /// # Errors
    /// `TRANSCRIPT-UNREADABLE` when it is no transcript, or one of a newer format.
    pub fn from_json(text: &str) -> Result<Self> {
        let unreadable = |message: String| StepError::new("TRANSCRIPT-UNREADABLE", message);
        /// The only field that every format has.
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let read = |error: serde_json::Error| {
            unreadable("the document is no transcript".to_owned())
                .cause(error.to_string())
                .hint("Record it anew, or bring back the file as it was recorded.")
        };
        let head: Head = serde_json::from_str(text).map_err(read)?;
        if head.format > FORMAT {
            let format = head.format;
            return Err(unreadable(format!("the transcript has the format {format}"))
                .cause(format!("this SDK reads formats up to {FORMAT}"))
                .hint("Update `phoenix-sdk`, or record it anew with this version."));
        }
        serde_json::from_str(text).map_err(read)
    }
}
