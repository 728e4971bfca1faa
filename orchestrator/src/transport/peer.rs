//! A stream to something hostile, until a deadline.

use std::{
    fmt::Display,
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

/// Why there is no answer over a socket. Whoever asked enters the container and asks there: it is never taken
/// for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unanswered(pub(crate) String);

impl Unanswered {
    pub(super) fn because(what: &str, cause: impl Display) -> Self {
        Self(format!("{what}: {cause}"))
    }
}

impl Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::printable(&self.0))
    }
}

impl std::error::Error for Unanswered {}

impl From<io::Error> for Unanswered {
    fn from(error: io::Error) -> Self {
        Self::because("the socket does not answer", error)
    }
}

/// Reads and writes that end at a deadline. File descriptors that come along are dropped by the kernel, since
/// no read has room for them.
#[derive(Debug)]
pub(super) struct Peer {
    stream: UnixStream,
    deadline: Instant,
}

impl Peer {
    pub(super) fn new(stream: UnixStream, deadline: Instant) -> Self {
        Self { stream, deadline }
    }

    fn left(&self) -> Result<Option<Duration>, Unanswered> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unanswered("the socket did not answer in time".to_owned()));
        }
        // The kernel counts in microseconds, and takes none for "for ever".
        Ok(Some(left.max(Duration::from_millis(1))))
    }

    /// Writes all of it.
    pub(super) fn send(&mut self, mut bytes: &[u8]) -> Result<(), Unanswered> {
        while !bytes.is_empty() {
            self.stream.set_write_timeout(self.left()?)?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(Unanswered("the socket takes nothing".to_owned())),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Appends what comes next, and says how much it was; 0 at the end.
    pub(super) fn receive(&mut self, to: &mut Vec<u8>) -> Result<usize, Unanswered> {
        let mut bytes = [0; 16 * 1024];
        loop {
            self.stream.set_read_timeout(self.left()?)?;
            match self.stream.read(&mut bytes) {
                Ok(read) => {
                    to.extend_from_slice(&bytes[..read]);
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
