//! One connection from a container: requests one after another, until one is refused or the other side has gone.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    os::unix::fs::FileExt as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::{Duration, Instant},
};

use super::{
    address::{Address, Kind},
    answer,
    fetch::PIECE,
    flight::{Answer, Passenger},
    flights::{Flights, Found},
    request::{Refusal, Request},
    tally::{Tally, Way},
};
use crate::transport::printable;

/// For the whole head of a request, and between two requests.
const PATIENCE: Duration = Duration::from_secs(60);
/// Who takes nothing for so long has gone away.
const STALL: Duration = Duration::from_secs(60);
/// For what still comes when all is said, and how much of it is taken, in bytes.
const PARTING: Duration = Duration::from_millis(200);
const LEFT_OVER: u64 = 256 * 1024;
/// The largest file that is passed through, in bytes.
const LARGEST: u64 = 512 * 1024 * 1024;

/// A connection, and what it is about.
pub(super) struct Conversation<'a> {
    pub(super) stream: TcpStream,
    pub(super) flights: &'a Arc<Flights>,
    pub(super) tally: &'a Mutex<Tally>,
    pub(super) ended: &'a AtomicBool,
}

/// Whether another request may come.
type Goes = Result<bool, Gone>;

/// The other side has gone, or is sent away in the middle of an answer.
struct Gone;

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl Conversation<'_> {
    /// Answers until it is over.
    pub(super) fn hold(mut self) {
        let mut received = Vec::new();
        while let Ok(true) = self.turn(&mut received) {}
        self.part();
    }

    /// What is still coming is taken, up to a bound: closing before that would take back the last answer.
    fn part(mut self) {
        let ready = self.stream.shutdown(Shutdown::Write);
        if ready.and_then(|()| self.stream.set_read_timeout(Some(PARTING))).is_ok() {
            io::copy(&mut (&mut self.stream).take(LEFT_OVER), &mut io::sink()).ok();
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        // Counts are whole at any time.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&mut self, received: &mut Vec<u8>) -> Goes {
        self.stream.set_write_timeout(Some(STALL))?;
        let request = match self.hear(received)? {
            Ok(request) => request,
            Err(refusal) => return self.refuse(refusal),
        };
        received.drain(..request.end);
        match Address::parse(&request.address, self.flights.upstreams.allowed()) {
            Err(why) => self.refuse(Refusal(403, why)),
            Ok(address) if address.kind == Kind::Changing => self.pass(&address, &request),
            Ok(address) => self.serve(&address, &request),
        }
    }

    /// The next request.
    fn hear(&mut self, received: &mut Vec<u8>) -> Result<Result<Request, Refusal>, Gone> {
        let deadline = Instant::now() + PATIENCE;
        let mut piece = [0; 4096];
        loop {
            match Request::parse(received) {
                Ok(None) => {}
                Ok(Some(request)) => return Ok(Ok(request)),
                Err(refusal) => return Ok(Err(refusal)),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Gone);
            }
            self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            match self.stream.read(&mut piece)? {
                0 => return Err(Gone),
                count => received.extend_from_slice(&piece[..count]),
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) -> Goes {
        self.tally().failed(format!("a request was refused: {}", refusal.1));
        self.say(&answer::refusal(refusal))?;
        Ok(false)
    }

    fn unanswered(&mut self, why: String) -> Goes {
        self.tally().failed(printable(&why));
        self.say(&answer::unanswered())?;
        Ok(false)
    }

    fn say(&mut self, text: &str) -> Result<(), Gone> {
        Ok(self.stream.write_all(text.as_bytes())?)
    }

    /// What may change goes through as it is.
    fn pass(&mut self, address: &Address, request: &Request) -> Goes {
        let mut download = match self.flights.upstreams.get(address, &request.passed_on) {
            Ok(download) => download,
            Err(why) => return self.unanswered(why),
        };
        let (status, length) = (download.head.status, download.left());
        if length.is_some_and(|length| length > LARGEST) {
            return self.unanswered(format!("`{}` is too large", address.text()));
        }
        self.note(address, status);
        let keeps = request.keeps && length.is_some();
        self.say(&answer::head(status, length, Some(&download.head), keeps))?;
        let (mut sent, mut piece) = (0, vec![0; PIECE]);
        loop {
            let count = download.read(&mut piece).map_err(|why| self.broken(why))?;
            sent += count as u64;
            if sent > LARGEST {
                return Err(self.broken(format!("`{}` is too large", address.text())));
            }
            if count == 0 {
                break;
            }
            self.stream.write_all(&piece[..count])?;
        }
        self.tally().add(Way::Passed, sent);
        Ok(keeps)
    }

    /// What a mirror in order does not answer may be the fault of the host's way to it.
    fn note(&self, address: &Address, status: u16) {
        let is_usual = matches!(status, 200 | 301 | 302 | 303 | 304 | 307 | 308 | 404 | 410);
        if !is_usual {
            self.tally().failed(format!("`{}` answered {status}", address.upstream.authority()));
        }
    }

    /// What never changes is kept.
    fn serve(&mut self, address: &Address, request: &Request) -> Goes {
        let name = address.text();
        let (passenger, way) = match self.flights.find(address) {
            Ok(Found::Kept(file, length)) => {
                self.tally().addresses.insert(name);
                self.say(&answer::head(200, Some(length), None, request.keeps))?;
                self.send(&file, length, None)?;
                self.tally().add(Way::Kept, length);
                return Ok(request.keeps);
            }
            Ok(Found::Shared(passenger)) => (passenger, Way::Kept),
            Ok(Found::Fetched(passenger)) => (passenger, Way::Fetched),
            Err(why) => return self.unanswered(why),
        };
        match passenger.answer(self.ended) {
            Ok(Answer::File(file, length)) => {
                self.tally().addresses.insert(name);
                self.say(&answer::head(200, Some(length), None, request.keeps))?;
                self.send(&file, length, Some(&passenger))?;
                self.tally().add(way, length);
                Ok(request.keeps)
            }
            Ok(Answer::Other(head)) => {
                self.note(address, head.status);
                self.say(&answer::head(head.status, Some(0), Some(&head), request.keeps))?;
                self.tally().add(Way::Passed, 0);
                Ok(request.keeps)
            }
            Err(why) => self.unanswered(why),
        }
    }

    /// All of a file, as it comes. The last piece goes out when it is known that the file is as it should be.
    fn send(
        &mut self,
        file: &File,
        length: u64,
        passenger: Option<&Passenger>,
    ) -> Result<(), Gone> {
        let (mut sent, mut piece) = (0, vec![0; PIECE]);
        while sent < length {
            let count = match passenger {
                Some(passenger) => passenger.read(file, sent, &mut piece, self.ended),
                None => file.read_at(&mut piece, sent).map_err(|error| error.to_string()),
            };
            let count = match count {
                Ok(0) => return Err(self.broken("what is kept is too short".to_owned())),
                Ok(count) => count,
                Err(why) => return Err(self.broken(why)),
            };
            let most = usize::try_from(length - sent).unwrap_or(count).min(count);
            sent += most as u64;
            if sent == length
                && let Some(passenger) = passenger
            {
                passenger.landed(self.ended).map_err(|why| self.broken(why))?;
            }
            self.stream.write_all(&piece[..most])?;
        }
        Ok(())
    }

    /// An answer that cannot go on: all that is left is to hang up.
    fn broken(&self, why: String) -> Gone {
        self.tally().failed(printable(&why));
        Gone
    }
}
