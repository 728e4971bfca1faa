//! Cuts a stream at the marks that end each answer. What comes is hostile: sizes are bounded, and what
//! is no frame is a fault. Pure.

/// A mark's line is never longer.
const LONGEST_MARK: usize = 48;

/// What an item left on one stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) content: Vec<u8>,
    /// What the mark says behind the number.
    pub(super) status: String,
}

/// Something that is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Garbled(pub(super) String);

/// A stream in pieces.
#[derive(Debug)]
pub(super) struct Frames {
    needle: Vec<u8>,
    buffer: Vec<u8>,
    /// No mark begins before this.
    scanned: usize,
}

impl Frames {
    pub(super) fn new(nonce: &str) -> Self {
        let needle = format!("\n{nonce} ").into_bytes();
        Self { needle, buffer: Vec::new(), scanned: 0 }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What has come behind the last mark.
    pub(super) fn pending(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether the answer that is coming is larger than it may be.
    pub(super) fn exceeds(&self, limit: usize) -> bool {
        self.buffer.len() > limit.saturating_add(LONGEST_MARK + self.needle.len())
    }

    /// The next whole frame, if it has come.
    pub(super) fn next(&mut self, number: u64) -> Result<Option<Frame>, Garbled> {
        let Some(start) = self.find() else { return Ok(None) };
        self.scanned = start;
        let text = &self.buffer[start + self.needle.len()..];
        let Some(length) = text.iter().take(LONGEST_MARK).position(|byte| *byte == b'\n') else {
            return if text.len() < LONGEST_MARK {
                Ok(None)
            } else {
                Err(Garbled("a mark has no end".to_owned()))
            };
        };
        let mark = String::from_utf8_lossy(&text[..length]).into_owned();
        let (found, status) = mark.split_once(' ').unwrap_or((&mark, ""));
        if found != number.to_string() {
            return Err(Garbled(format!("mark `{mark}` came instead of `{number}`")));
        }
        let rest = self.buffer.split_off(start + self.needle.len() + length + 1);
        let mut content = std::mem::replace(&mut self.buffer, rest);
        content.truncate(start);
        self.scanned = 0;
        Ok(Some(Frame { content, status: status.to_owned() }))
    }

    fn find(&mut self) -> Option<usize> {
        let mut from = self.scanned;
        while let Some(offset) = self.buffer[from..].iter().position(|byte| *byte == b'\n') {
            let start = from + offset;
            let tail = &self.buffer[start..];
            if tail.starts_with(&self.needle) {
                return Some(start);
            }
            if self.needle.starts_with(tail) {
                // The beginning of a mark, perhaps: look again when more has come.
                self.scanned = start;
                return None;
            }
            from = start + 1;
        }
        self.scanned = self.buffer.len();
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Frame, Frames};

    fn frame(content: &[u8], status: &str) -> Frame {
        Frame { content: content.to_vec(), status: status.to_owned() }
    }

    #[test]
    fn what_is_no_mark_is_a_fault() {
        for stream in
            ["\nN 2 0\n", "\nN x\n", "\nN \n", "\nN 1", &format!("\nN {}", "9".repeat(99))]
        {
            let mut frames = Frames::new("N");
            frames.push(stream.as_bytes());
            let next = frames.next(1);
            assert!(next.is_err() || (stream == "\nN 1" && next == Ok(None)), "{stream:?}");
        }
    }

    #[test]
    fn the_size_is_bounded() {
        let mut frames = Frames::new("N");
        frames.push(&[b'x'; 100]);
        assert!(frames.exceeds(10) && !frames.exceeds(100));
    }

    proptest! {
        #[test]
        fn any_content_in_any_pieces(
            contents in prop::collection::vec("[\nN 1x\u{0}]{0,12}", 1..5),
            cut in 1..9_usize,
        ) {
            let nonce = "4a11";
            let stream: Vec<u8> = contents
                .iter()
                .enumerate()
                .flat_map(|(n, content)| format!("{content}\n{nonce} {n} s{n}\n").into_bytes())
                .collect();
            let (mut frames, mut seen) = (Frames::new(nonce), Vec::new());
            for piece in stream.chunks(cut) {
                frames.push(piece);
                while let Some(frame) = frames.next(seen.len() as u64).unwrap() {
                    seen.push(frame);
                }
            }
            let wanted: Vec<_> = contents
                .iter()
                .enumerate()
                .map(|(n, content)| frame(content.as_bytes(), &format!("s{n}")))
                .collect();
            prop_assert_eq!(seen, wanted);
            prop_assert!(frames.pending().is_empty());
        }

        #[test]
        fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut frames = Frames::new("\u{1}");
            frames.push(&noise);
            while let Ok(Some(_)) = frames.next(1) {}
        }
    }
}
