//! Lines of a stream that comes in pieces.

use super::process::Stream;

/// More of a line than this is cut: it is for people to read.
const LONGEST: usize = 8 * 1024;

/// Passes on whole lines. Blank ones are left out, so the last line's end need not be told from the
/// mark that follows it in a session.
pub(super) struct Lines<'a> {
    pending: [Vec<u8>; 2],
    sink: &'a mut dyn FnMut(&str),
}

impl<'a> Lines<'a> {
    pub(super) fn new(sink: &'a mut dyn FnMut(&str)) -> Self {
        Self { pending: [Vec::new(), Vec::new()], sink }
    }

    /// The next piece of a stream.
    pub(super) fn feed(&mut self, stream: Stream, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let pending = &mut self.pending[stream as usize];
            let room = LONGEST.saturating_sub(pending.len());
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            pending.extend_from_slice(&text[..text.len().min(room)]);
            if piece.ends_with(b"\n") {
                self.end(stream);
            }
        }
    }

    /// The stream has ended: what is pending is a line too.
    pub(super) fn end(&mut self, stream: Stream) {
        let line = std::mem::take(&mut self.pending[stream as usize]);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if !text.is_empty() {
            (self.sink)(text);
        }
    }

    /// Forgets what is pending.
    pub(super) fn forget(&mut self, stream: Stream) {
        self.pending[stream as usize].clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Lines};
    use crate::transport::process::Stream;

    #[test]
    fn lines_are_put_together_across_pieces() {
        let mut seen = Vec::new();
        let mut sink = |line: &str| seen.push(line.to_owned());
        let mut lines = Lines::new(&mut sink);
        for piece in [b"fir".as_slice(), b"st\r\n\nsec", b"ond\nno end \xff", &[b'x'; LONGEST]] {
            lines.feed(Stream::Out, piece);
            lines.feed(Stream::Err, b".");
        }
        lines.end(Stream::Out);
        lines.end(Stream::Err);
        assert_eq!(seen.len(), 4);
        assert_eq!(seen[..2], ["first", "second"]);
        assert!(seen[2].starts_with("no end \u{fffd}xxx") && seen[2].len() < LONGEST + 8);
        assert_eq!(seen[3], "....");
    }
}
