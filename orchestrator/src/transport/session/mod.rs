//! A shell that answers requests over its pipes, for as long as a run needs it.
//!
//! A request is shell text on the shell's standard input. Each item in it runs with a standard input of
//! its own, for the shell reads ahead. Its answer is raw on both streams, ended by a mark with a nonce
//! that cannot be guessed and the item's number: binary-safe, and without temporary files. What this
//! module does not do: it does not know what the items mean, nor that there are containers.

mod frames;
mod quote;
mod script;

use std::{
    io,
    time::{Duration, Instant},
};

use phoenix_sdk::MAX_FILE;
use rustix::rand::{GetRandomFlags, getrandom};

use super::{
    lines::Lines,
    mark::Mark,
    process::{Process, Stream, Turn},
};
use frames::{Frame, Frames};
pub(super) use quote::quote;
pub(super) use script::Item;

/// What may be said before the first answer: the attach command's own warnings.
const MAX_GREETING: usize = 64 * 1024;
/// What all answers to one request may hold together, unless one alone may hold more.
pub(super) const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// For the shell to end by itself.
const CLOSING: Duration = Duration::from_millis(500);

/// What an item left.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: Status,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// How an item ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// With this exit code.
    Exit(i32),
    /// There is no such program.
    NotFound,
}

/// Why a session is of no use any more.
#[derive(Debug)]
pub(super) enum Fault {
    /// The shell has ended, and said this.
    Lost(String),
    /// It answered with something that is no answer.
    Garbled(String),
    /// An item took too long.
    TimedOut,
    /// An item wrote too much.
    Flooded,
    /// All items together wrote too much.
    Overfull,
    /// The container has no `base64`, which standard input needs. The session is as good as before.
    NoBase64,
    /// The host's own trouble.
    Io(io::Error),
}

/// A fault, the item that it struck, and what the items before it left.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) fault: Fault,
    pub(super) item: usize,
    pub(super) answers: Vec<Answer>,
}

/// The frames of both streams, as far as they have come.
type Both = [Vec<Frame>; 2];

/// An open session. Dropped, it ends its shell, and kills what the shell leaves.
pub(super) struct Session {
    process: Process,
    streams: [Frames; 2],
    number: u64,
    has_base64: bool,
}

impl Session {
    /// Starts a shell with the words that lead to it in front. It and all that it starts have the mark.
    pub(super) fn open(attach: &[String], mark: &Mark, patience: Duration) -> Result<Self, Fault> {
        let argv: Vec<_> = attach.iter().cloned().chain(script::shell(mark)).collect();
        let nonce = nonce().map_err(Fault::Io)?;
        let process =
            Process::spawn(&argv, true, &[mark.variable()]).map_err(|error| {
                match error.kind() {
                    io::ErrorKind::NotFound => {
                        Fault::Lost(format!("there is no program `{}`", argv[0]))
                    }
                    _ => Fault::Io(error),
                }
            })?;
        let streams = [Frames::new(&nonce), Frames::new(&nonce)];
        let mut session = Self { process, streams, number: 0, has_base64: false };
        let greeting = Item {
            text: String::new(),
            program: None,
            max_output: MAX_GREETING,
            time_limit: patience,
            has_stdin: false,
        };
        let text = script::prologue(&nonce, MAX_FILE);
        let [out, _] = session.converse(&text, &[greeting], &mut |_| {}).map_err(|b| b.0)?;
        session.has_base64 = out.first().is_some_and(|frame| frame.status == "b");
        session.number = 1;
        Ok(session)
    }

    /// Whether the shell lives and nothing has come that nobody asked for.
    pub(super) fn is_usable(&self) -> bool {
        self.streams.iter().all(|stream| stream.pending().is_empty()) && self.process.is_quiet()
    }

    /// Does all items in one round trip. After a fault other than [`Fault::NoBase64`] the session must be
    /// dropped.
    pub(super) fn run(
        &mut self,
        items: &[Item],
        line: &mut dyn FnMut(&str),
    ) -> Result<Vec<Answer>, Broken> {
        if let Some(item) = items.iter().position(|item| item.has_stdin && !self.has_base64) {
            return Err(Broken { fault: Fault::NoBase64, item, answers: Vec::new() });
        }
        let text: String =
            (self.number..).zip(items).map(|(number, item)| item.render(number)).collect();
        match self.converse(&text, items, line) {
            Ok(frames) => {
                self.number += items.len() as u64;
                answers(frames).map_err(|fault| Broken { fault, item: 0, answers: Vec::new() })
            }
            Err((fault, item, frames)) => match answers(frames) {
                Ok(answers) => Err(Broken { fault, item, answers }),
                Err(fault) => Err(Broken { fault, item: 0, answers: Vec::new() }),
            },
        }
    }

    fn converse(
        &mut self,
        text: &str,
        items: &[Item],
        line: &mut dyn FnMut(&str),
    ) -> Result<Both, (Fault, usize, Both)> {
        let mut input = text.as_bytes();
        let mut lines = Lines::new(line);
        let mut done = [Vec::new(), Vec::new()];
        let largest = items.iter().map(|item| item.max_output).max().unwrap_or(0);
        let (mut total, most) = (0, MAX_ANSWER.max(largest.saturating_mul(2)));
        let (mut current, mut started) = (0, Instant::now());
        let fault = loop {
            let finished = done[0].len().min(done[1].len());
            if finished == items.len() {
                return Ok(done);
            }
            if finished > current {
                (current, started) = (finished, Instant::now());
            }
            let deadline = started + items[current].time_limit;
            let mut trouble = None;
            let (streams, first) = (&mut self.streams, self.number);
            let turn = self.process.step(&mut input, deadline, &mut |stream, bytes| {
                total += bytes.len();
                let index = stream as usize;
                let frames = &mut streams[index];
                if let Err(fault) =
                    sort(frames, &mut done[index], first, items, bytes, stream, &mut lines)
                {
                    trouble.get_or_insert(fault);
                }
            });
            match (trouble, turn) {
                (Some(fault), _) => break fault,
                (None, Err(error)) => break (Fault::Io(error), current),
                (None, Ok(Turn::TimedOut)) => break (Fault::TimedOut, current),
                (None, Ok(Turn::Exited)) => break (Fault::Lost(self.last_words()), current),
                (None, Ok(Turn::Moved)) if total > most => break (Fault::Overfull, current),
                (None, Ok(Turn::Moved)) => {}
            }
        };
        Err((fault.0, fault.1, done))
    }

    fn last_words(&self) -> String {
        let text = String::from_utf8_lossy(self.streams[Stream::Err as usize].pending());
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A shell that still works on something would not notice that its input has ended.
        let patience = if self.is_usable() { CLOSING } else { Duration::ZERO };
        self.process.end(patience);
    }
}

/// Sorts a piece of a stream into the frames of its items, and passes on the lines.
fn sort(
    frames: &mut Frames,
    done: &mut Vec<Frame>,
    first: u64,
    items: &[Item],
    bytes: &[u8],
    stream: Stream,
    lines: &mut Lines<'_>,
) -> Result<(), (Fault, usize)> {
    // How much of the coming frame was passed on before this piece.
    let mut passed = frames.pending().len();
    frames.push(bytes);
    while let Some(item) = items.get(done.len()) {
        let frame = frames
            .next(first + done.len() as u64)
            .map_err(|garbled| (Fault::Garbled(garbled.0), done.len()))?;
        let Some(frame) = frame else {
            lines.feed(stream, &frames.pending()[passed..]);
            return if frames.exceeds(item.max_output) {
                Err((Fault::Flooded, done.len()))
            } else {
                Ok(())
            };
        };
        if frame.content.len() > item.max_output {
            return Err((Fault::Flooded, done.len()));
        }
        match frame.content.get(passed..) {
            Some(rest) => {
                lines.feed(stream, rest);
                lines.end(stream);
            }
            // A part of the mark was taken for a line that has not ended yet.
            None => lines.forget(stream),
        }
        passed = 0;
        done.push(frame);
    }
    Ok(())
}

fn answers([out, err]: Both) -> Result<Vec<Answer>, Fault> {
    let answer = |(out, err): (Frame, Frame)| {
        let status = match out.status.as_str() {
            "n" => Status::NotFound,
            code => match code.parse::<u8>() {
                Ok(code) => Status::Exit(code.into()),
                Err(_) => return Err(Fault::Garbled(format!("`{code}` is no exit code"))),
            },
        };
        Ok(Answer { status, stdout: out.content, stderr: err.content })
    };
    out.into_iter().zip(err).map(answer).collect()
}

/// Words that no command in the container can guess.
fn nonce() -> io::Result<String> {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        filled += getrandom(&mut bytes[filled..], GetRandomFlags::empty())?;
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
