//! One way between the orchestrator and a step's process, for one call at a time. Whoever waits for an answer reads it
//! itself: a request and its answer wake one thread on either side, and no third one.

use std::io::{self, ErrorKind, IoSlice, Read, Write};

use super::frame::{Decoder, Frame, Garbage, Kind};

/// How much is read at once, in bytes.
const PIECE: usize = 32 << 10;

/// One end of a lane.
pub(super) struct Lane<S> {
    stream: S,
    decoder: Decoder,
    /// Made when something is read for the first time.
    piece: Vec<u8>,
}

/// Why nothing was heard.
#[derive(Debug)]
pub(super) enum Silence {
    /// The other end is closed.
    Closed,
    /// It is open, and said nothing for as long as the stream waits.
    Waiting,
    /// What came is no frame.
    Garbage(Garbage),
}

impl<S: Read + Write> Lane<S> {
    /// This end of it, for documents of at most this size from the other one.
    pub(super) fn new(stream: S, limit: usize) -> Self {
        Self { stream, decoder: Decoder::new(limit), piece: Vec::new() }
    }

    pub(super) fn stream(&self) -> &S {
        &self.stream
    }

    /// Whether something came that nobody has heard.
    pub(super) fn has_rest(&self) -> bool {
        !self.decoder.is_empty()
    }

    /// Sends a frame whole, without copying its document.
    ///
    /// # Errors
    /// Those of the stream. The lane cannot be used any more then.
    pub(super) fn send(&mut self, kind: Kind, call: u64, document: &str) -> io::Result<()> {
        send(&mut self.stream, kind, call, document)
    }

    /// Hears the next frame.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn hear(&mut self) -> Result<Frame, Silence> {
        if self.piece.is_empty() {
            self.piece = vec![0; PIECE];
        }
        loop {
            match self.decoder.take() {
                Ok(Some(frame)) => return Ok(frame),
                Ok(None) => {}
                Err(garbage) => return Err(Silence::Garbage(garbage)),
            }
            match self.stream.read(&mut self.piece) {
                Ok(0) => return Err(Silence::Closed),
                Ok(count) => self.decoder.push(&self.piece[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Err(Silence::Waiting);
                }
                Err(_) => return Err(Silence::Closed),
            }
        }
    }
}

/// Sends a frame in as few writes as the stream takes.
///
/// # Errors
/// Those of the stream.
pub(super) fn send(
    stream: &mut impl Write,
    kind: Kind,
    call: u64,
    document: &str,
) -> io::Result<()> {
    let head = Frame::head(kind, call, document);
    let mut rest = [IoSlice::new(&head), IoSlice::new(document.as_bytes())];
    let mut rest = &mut rest[..];
    // Empty ones at the front would make a write of nothing look like a closed stream.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match stream.write_vectored(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixStream, thread, time::Duration};

    use super::*;

    fn pair() -> (Lane<UnixStream>, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        (Lane::new(ours, 1 << 20), theirs)
    }

    #[test]
    fn a_frame_arrives_whole_however_large() {
        let (mut lane, mut theirs) = pair();
        // More than any socket takes at once.
        let document = "x".repeat(1 << 20);
        let sent = document.clone();
        let sender = thread::spawn(move || {
            send(&mut theirs, Kind::Request, 7, "").unwrap();
            send(&mut theirs, Kind::Reply, 8, &sent).unwrap();
            theirs
        });
        let mut hear = || loop {
            match lane.hear() {
                Err(Silence::Waiting) => {}
                heard => break heard.unwrap(),
            }
        };
        assert_eq!(hear(), Frame { kind: Kind::Request, call: 7, document: String::new() });
        assert_eq!(hear(), Frame { kind: Kind::Reply, call: 8, document });
        let theirs = sender.join().unwrap();
        assert!(matches!(lane.hear(), Err(Silence::Waiting)) && !lane.has_rest());
        drop(theirs);
        assert!(matches!(lane.hear(), Err(Silence::Closed)));
    }

    #[test]
    fn what_is_no_frame_is_garbage_and_half_a_frame_a_rest() {
        let (mut lane, mut theirs) = pair();
        theirs.write_all(&[9, 0, 0]).unwrap();
        assert!(matches!(lane.hear(), Err(Silence::Waiting)) && lane.has_rest());
        theirs.write_all(&[0xff; 9]).unwrap();
        assert!(matches!(lane.hear(), Err(Silence::Garbage(_))));
    }
}
