//! What must be so of whatever bytes cross between a step's process and the orchestrator: nobody panics,
//! nobody hoards, and what is understood is understood in one way only.
//!
//! The fuzz targets and `orchestrator/tests/decoders.rs` share this file.

use std::fmt::Debug;

use phoenix_orch::catalog::host::{
    Mechanism,
    frame::{Decoder, Frame, Garbage},
};
use phoenix_sdk::{
    CheckReport, StepError, VerifyReport,
    boundary::Doc,
    wire::{Answer, Input, MetaDoc, Request},
};
use serde::{Serialize, de::DeserializeOwned};

/// Small, so that a few bytes reach it.
const LIMIT: usize = 300;

/// Frames come out the same in whatever pieces they come in, and go back into the bytes that they were.
///
/// # Panics
/// When it is not so.
pub fn frames(bytes: &[u8]) {
    let whole = decoded(bytes, bytes.len().max(1));
    for piece in [1, 7, 64] {
        assert_eq!(whole, decoded(bytes, piece), "in pieces of {piece}");
    }
    let again: Vec<u8> =
        whole.0.iter().flat_map(|it| Frame::encode(it.kind, it.call, &it.document)).collect();
    assert!(bytes.starts_with(&again), "other bytes");
    assert!(whole.0.iter().all(|it| it.document.len() <= LIMIT), "a larger document");
}

fn decoded(bytes: &[u8], piece: usize) -> (Vec<Frame>, Option<Garbage>) {
    let (mut decoder, mut frames) = (Decoder::new(LIMIT), Vec::new());
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        loop {
            match decoder.take() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(garbage) => return (frames, Some(garbage)),
            }
        }
    }
    (frames, None)
}

/// The documents that the orchestrator reads.
///
/// # Panics
/// When one is understood in two ways.
pub fn from_step(bytes: &[u8]) {
    document::<Request>(bytes);
    document::<CheckReport>(bytes);
    document::<VerifyReport>(bytes);
    document::<StepError>(bytes);
    document::<MetaDoc>(bytes);
    document::<Vec<Mechanism>>(bytes);
}

/// The documents that a step reads.
///
/// # Panics
/// As [`from_step`].
pub fn to_step(bytes: &[u8]) {
    document::<Answer>(bytes);
    document::<StepError>(bytes);
    document::<Input>(bytes);
}

/// What can be read says the same after it was written and read again.
fn document<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(first) = Doc::from(text.to_owned()).read::<T>() else { return };
    let again = Doc::write(&first).read::<T>().map(|again| format!("{again:?}"));
    assert_eq!(again.ok(), Some(format!("{first:?}")), "of {text}");
}
