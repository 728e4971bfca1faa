//! What goes over the socket between the orchestrator and a step's process: frames of a length, a kind, the
//! number of a call, and a document. Pure: bytes in, frames out.
//!
//! Both ends are the same program file, so the format needs no version; the documents inside have theirs.

/// The largest document that is taken from a step, in bytes: a file of the largest size that can be wanted,
/// as base64, and as much again.
pub const LARGEST_FROM_STEP: usize = 16 << 20;
/// The largest document that is given to a step, in bytes. It is held there several times while it is read.
pub const LARGEST_TO_STEP: usize = 32 << 20;

/// How much memory a decoder keeps for the next frame, in bytes.
const KEPT: usize = 64 << 10;

/// Kind and number of the call, behind the length that counts them too.
const HEADER: usize = 1 + 8;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// To the step: call `check`.
    Check = 1,
    /// To the step: call `apply`.
    Apply = 2,
    /// To the step: call `verify`.
    Verify = 3,
    /// To the step: what it asked for.
    Answer = 4,
    /// To the step: why it does not get what it asked for.
    AnswerError = 5,
    /// From the process, before it loads the library: how it is confined.
    Confined = 15,
    /// From the process: the step's metadata; calls may come.
    Ready = 16,
    /// From the process: why the library cannot be used.
    Refused = 17,
    /// From the step, within a call.
    Request = 18,
    /// The end of a call.
    Reply = 19,
    /// The end of a call that failed.
    ReplyError = 20,
    /// From the process: there is no thread for a call, which has not begun.
    Full = 21,
}

impl Kind {
    fn read(byte: u8) -> Option<Self> {
        [
            Self::Check,
            Self::Apply,
            Self::Verify,
            Self::Answer,
            Self::AnswerError,
            Self::Confined,
            Self::Ready,
            Self::Refused,
            Self::Request,
            Self::Reply,
            Self::ReplyError,
            Self::Full,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: Kind,
    /// To which call it belongs; 0 where it belongs to none.
    pub call: u64,
    /// JSON, not read yet.
    pub document: String,
}

impl Frame {
    /// The bytes of a frame. Whoever writes keeps to the limits; a reader refuses what does not.
    pub fn encode(kind: Kind, call: u64, document: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + HEADER + document.len());
        bytes.extend(Self::head(kind, call, document));
        bytes.extend(document.as_bytes());
        bytes
    }

    /// What stands before the document.
    pub(super) fn head(kind: Kind, call: u64, document: &str) -> [u8; 4 + HEADER] {
        let length = u32::try_from(HEADER + document.len()).unwrap_or(u32::MAX);
        let mut bytes = [0; 4 + HEADER];
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        bytes[4] = kind as u8;
        bytes[5..].copy_from_slice(&call.to_le_bytes());
        bytes
    }
}

/// Why bytes are no frames. Nothing that follows can be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Garbage {
    /// A frame that would be larger than the limit, in bytes.
    TooLarge {
        /// What it announced.
        announced: usize,
        /// What is accepted.
        limit: usize,
    },
    /// A frame that is too short to be one.
    TooShort(usize),
    /// A kind of frame that there is not.
    Kind(u8),
    /// A document that is not UTF-8.
    NotText,
}

impl std::fmt::Display for Garbage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge { announced, limit } => {
                write!(f, "a frame of {announced} bytes, and {limit} are accepted")
            }
            Self::TooShort(length) => write!(f, "a frame of {length} bytes"),
            Self::Kind(kind) => write!(f, "a frame of the unknown kind {kind}"),
            Self::NotText => f.write_str("a document that is not UTF-8"),
        }
    }
}

/// Puts frames together from the pieces in which they arrive. Never holds more than one frame of the
/// largest size and one piece.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    buffer: Vec<u8>,
}

impl Decoder {
    /// For documents of at most this size.
    pub fn new(limit: usize) -> Self {
        Self { limit, buffer: Vec::new() }
    }

    /// Whether all that came has been taken.
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole frame, if there is one.
    ///
    /// # Errors
    /// Why what came is no frame.
    pub fn take(&mut self) -> Result<Option<Frame>, Garbage> {
        let Some((length, rest)) = self.buffer.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        // Refused by what it announces, before its body is waited for.
        if length > HEADER + self.limit {
            return Err(Garbage::TooLarge { announced: length, limit: self.limit });
        }
        let Some(([kind, call @ ..], _)) = rest.split_first_chunk::<HEADER>() else {
            return if length < HEADER { Err(Garbage::TooShort(length)) } else { Ok(None) };
        };
        if length < HEADER {
            return Err(Garbage::TooShort(length));
        }
        let kind = Kind::read(*kind).ok_or(Garbage::Kind(*kind))?;
        let call = u64::from_le_bytes(*call);
        let Some(document) = rest.get(HEADER..length) else { return Ok(None) };
        let document = std::str::from_utf8(document).map_err(|_| Garbage::NotText)?.to_owned();
        self.buffer.drain(..4 + length);
        // A large frame is rare, and there are many decoders.
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        }
        Ok(Some(Frame { kind, call, document }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Decoder, Frame, Garbage, HEADER, Kind};

    fn kind() -> impl Strategy<Value = Kind> {
        (0..=u8::MAX).prop_filter_map("no kind", Kind::read)
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_in_whatever_pieces_it_comes(
            frames in proptest::collection::vec((kind(), any::<u64>(), ".{0,40}"), 0..8),
            piece in 1_usize..50,
        ) {
            let bytes: Vec<u8> = frames
                .iter()
                .flat_map(|(kind, call, document)| Frame::encode(*kind, *call, document))
                .collect();
            let mut decoder = Decoder::new(200);
            let mut decoded = Vec::new();
            for piece in bytes.chunks(piece) {
                decoder.push(piece);
                while let Some(frame) = decoder.take().unwrap() {
                    decoded.push((frame.kind, frame.call, frame.document));
                }
            }
            prop_assert_eq!(decoded, frames);
            prop_assert!(decoder.buffer.is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic_or_hoard(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut decoder = Decoder::new(64);
            for piece in bytes.chunks(7) {
                decoder.push(piece);
                loop {
                    match decoder.take() {
                        Ok(Some(frame)) => prop_assert!(frame.document.len() <= 64),
                        Ok(None) => break,
                        Err(_) => return Ok(()),
                    }
                }
                prop_assert!(decoder.buffer.len() <= 4 + HEADER + 64 + 7);
            }
        }
    }

    #[test]
    fn what_is_no_frame_is_named() {
        let refused = |bytes: &[u8]| {
            let mut decoder = Decoder::new(100);
            decoder.push(bytes);
            decoder.take().unwrap_err()
        };
        assert_eq!(
            refused(&u32::MAX.to_le_bytes()),
            Garbage::TooLarge { announced: u32::MAX as usize, limit: 100 }
        );
        assert_eq!(refused(&[3, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]), Garbage::TooShort(3));
        assert_eq!(refused(&[9, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0]), Garbage::Kind(99));
        let mut not_text = Frame::encode(Kind::Reply, 1, "x");
        *not_text.last_mut().unwrap() = 0xff;
        assert_eq!(refused(&not_text), Garbage::NotText);
    }
}
