//! What systemd in a container says about units, over the container's system bus.
//!
//! It says what `systemctl show` says, for it asks the same objects. Whatever is unexpected is an
//! [`Unanswered`], never a guess. What this module does not do: it does not know how one gets at the socket of
//! a container, takes no signals and no file descriptors, and changes nothing but that systemd loads the units
//! that it is asked about, as for systemctl.

mod message;
mod name;

use std::{collections::BTreeMap, os::unix::net::UnixStream, time::Instant};

use serde::de::DeserializeOwned;
use zbus::{OwnedObjectPath, Type};

use self::message::{Kind, Message, Method, Property};
use super::peer::{Peer, Unanswered};

/// We are the root of the container, whose number is 0 there, in hexadecimal digits of its decimal digits. What
/// is meant for the bus may come right behind, before it has answered: it reads 16 KiB at once, and a question about a unit is a tenth of that.
const GREETING: &[u8] = b"\0AUTH EXTERNAL 30\r\nBEGIN\r\n";

/// The longest line that the bus may greet with, in bytes.
const LONGEST_LINE: usize = 512;

/// Messages that nobody asked for, such as the signal that we have a name now; more of them are a flood.
const OTHERS: usize = 32;

const SYSTEMD: &str = "org.freedesktop.systemd1";

/// The state of a unit, in systemd's words, as `systemctl show` prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// `LoadState`.
    pub(crate) load: String,
    /// `UnitFileState`; empty if there is no file.
    pub(crate) file: String,
    /// `ActiveState`.
    pub(crate) active: String,
    /// `SubState`.
    pub(crate) sub: String,
}

/// How a service is started, as systemd has read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceStart {
    /// Each `ExecStart`.
    pub(crate) commands: Vec<Started>,
    /// Each word of `Environment`, such as `A=1`.
    pub(crate) environment: Vec<String>,
}

/// A command of a service, and how it fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Started {
    /// The program's path.
    pub(crate) path: String,
    /// All of its words, with variables still in them.
    pub(crate) words: Vec<String>,
    /// Whether the service goes on without it.
    pub(crate) failure_is_ignored: bool,
    /// When it was started, in microseconds of 1970; 0 for never.
    pub(crate) started_us: u64,
    /// When it ended, in microseconds of 1970; 0 for not yet.
    pub(crate) ended_us: u64,
    /// Its process in the container, or 0.
    pub(crate) pid: u32,
    /// How it ended, as `waitid(2)` has it; 0 for not yet.
    pub(crate) code: i32,
    /// With which exit code or by which signal.
    pub(crate) status: i32,
}

/// One of systemd's `ExecStart`: path, words, whether failures are ignored, four times, process, code, status.
type Command = (String, Vec<String>, bool, u64, u64, u64, u64, u32, i32, i32);

/// One of systemd's units: name, description, load state, active state, sub state, unit that is followed, object,
/// job, its kind, its object.
type Listed =
    (String, String, String, String, String, String, OwnedObjectPath, u32, String, OwnedObjectPath);

impl From<Command> for Started {
    fn from(command: Command) -> Self {
        let (path, words, failure_is_ignored, started_us, _, ended_us, _, pid, code, status) =
            command;
        Self { path, words, failure_is_ignored, started_us, ended_us, pid, code, status }
    }
}

/// A connection with a system bus.
#[derive(Debug)]
pub(crate) struct Bus {
    peer: Peer,
    /// What has come and was not looked at yet.
    received: Vec<u8>,
    /// What is to be sent with the next question.
    queued: Vec<u8>,
    greeted: bool,
    serial: u32,
    /// The serial number of the call that gives us a name.
    hello: u32,
    others: usize,
}

impl Bus {
    /// Over a socket that was connected to as the container's root. Nothing is sent before the first question, so
    /// that the greeting and it are one round trip.
    ///
    /// # Errors
    /// None that anybody has seen: the first message is a constant.
    pub(crate) fn over(stream: UnixStream, deadline: Instant) -> Result<Self, Unanswered> {
        let mut bus = Self {
            peer: Peer::new(stream, deadline),
            received: Vec::new(),
            queued: Vec::new(),
            greeted: false,
            serial: 0,
            hello: 0,
            others: 0,
        };
        let method = Method {
            destination: "org.freedesktop.DBus",
            object: "/org/freedesktop/DBus",
            interface: "org.freedesktop.DBus",
            name: "Hello",
        };
        bus.hello = bus.queue(&method, None::<&()>)?;
        Ok(bus)
    }

    /// The state of one unit. All that changes by itself comes of one call, so that it is the truth of one moment.
    ///
    /// # Errors
    /// When it is not the full name of one unit, or there is no proper answer before the deadline.
    pub(crate) fn unit(&mut self, name: &str) -> Result<Unit, Unanswered> {
        name::validate(name)?;
        let method = Method {
            destination: SYSTEMD,
            object: "/org/freedesktop/systemd1",
            interface: "org.freedesktop.systemd1.Manager",
            name: "ListUnitsByNames",
        };
        let list = self.queue(&method, Some(&[name].as_slice()))?;
        let file = self.queue_property(name, "Unit", "UnitFileState")?;
        let answers = self.ask(&[list, file])?;
        let listed: Vec<Listed> = answer(&answers, list)?.value()?;
        let count = listed.len();
        let [(_, _, load, active, sub, ..)] = <[Listed; 1]>::try_from(listed)
            .map_err(|_| Unanswered(format!("systemd tells of {count} units instead of one")))?;
        Ok(Unit { load, file: property(&answers, file)?, active, sub })
    }

    /// How a service is started.
    ///
    /// # Errors
    /// As [`Self::unit`], and when it is another kind of unit.
    pub(crate) fn service_start(&mut self, name: &str) -> Result<ServiceStart, Unanswered> {
        name::validate(name)?;
        let mut queue = |key: &str| self.queue_property(name, "Service", key);
        let serials = [queue("ExecStart")?, queue("Environment")?];
        let answers = self.ask(&serials)?;
        let commands: Vec<Command> = property(&answers, serials[0])?;
        Ok(ServiceStart {
            commands: commands.into_iter().map(Started::from).collect(),
            environment: property(&answers, serials[1])?,
        })
    }

    /// The name of the time for which a service runs now (`InvocationID`): systemd gives a new one to each start, and none twice.
    /// Nothing if it does not run.
    ///
    /// # Errors
    /// As [`Self::unit`].
    pub(crate) fn invocation(&mut self, name: &str) -> Result<Option<[u8; 16]>, Unanswered> {
        name::validate(name)?;
        let mut queue = |key: &str| self.queue_property(name, "Unit", key);
        let serials = [queue("InvocationID")?, queue("SubState")?];
        let answers = self.ask(&serials)?;
        let invocation: Vec<u8> = property(&answers, serials[0])?;
        let state: String = property(&answers, serials[1])?;
        Ok(invocation.try_into().ok().filter(|_| state == "running"))
    }

    fn queue_property(&mut self, unit: &str, kind: &str, key: &str) -> Result<u32, Unanswered> {
        let method = Method {
            destination: SYSTEMD,
            object: &name::object(unit),
            interface: "org.freedesktop.DBus.Properties",
            name: "Get",
        };
        self.queue(&method, Some(&(format!("{SYSTEMD}.{kind}"), key)))
    }

    fn queue<A>(&mut self, method: &Method<'_>, arguments: Option<&A>) -> Result<u32, Unanswered>
    where
        A: serde::Serialize + Type,
    {
        self.serial += 1;
        self.queued.extend(message::call(self.serial, method, arguments)?);
        Ok(self.serial)
    }

    /// Sends what is queued, and waits for the answers to these calls.
    fn ask(&mut self, serials: &[u32]) -> Result<BTreeMap<u32, Message>, Unanswered> {
        let queued = std::mem::take(&mut self.queued);
        if self.greeted {
            self.peer.send(&queued)?;
        } else {
            self.peer.send(&[GREETING, &queued].concat())?;
            self.greeting()?;
            let answers = self.answers(&[self.hello])?;
            answer(&answers, self.hello)?;
            self.greeted = true;
        }
        self.answers(serials)
    }

    /// The bus has to accept us with its first line.
    fn greeting(&mut self) -> Result<(), Unanswered> {
        let end = loop {
            match self.received.windows(2).position(|two| two == b"\r\n") {
                Some(end) => break end,
                None if self.received.len() > LONGEST_LINE => {
                    return Err(Unanswered("this is no bus".to_owned()));
                }
                None => self.more()?,
            }
        };
        let line: Vec<u8> = self.received.drain(..end + 2).collect();
        if line.starts_with(b"OK ") {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line[..end.min(LONGEST_LINE)]).into_owned();
        Err(Unanswered::because("the bus does not let us in", line))
    }

    /// Answers may come in any order, but never before their call was sent.
    fn answers(&mut self, serials: &[u32]) -> Result<BTreeMap<u32, Message>, Unanswered> {
        let mut answers = BTreeMap::new();
        while answers.len() < serials.len() {
            let message = self.next()?;
            match message.kind {
                Kind::Return(serial) | Kind::Error(serial, _)
                    if serials.contains(&serial) && !answers.contains_key(&serial) =>
                {
                    answers.insert(serial, message);
                }
                _ => {
                    self.others += 1;
                    if self.others > OTHERS {
                        return Err(Unanswered("the bus sends what nobody asked for".to_owned()));
                    }
                }
            }
        }
        Ok(answers)
    }

    fn next(&mut self) -> Result<Message, Unanswered> {
        loop {
            match message::length(&self.received)? {
                Some(length) if length <= self.received.len() => {
                    let rest = self.received.split_off(length);
                    let bytes = std::mem::replace(&mut self.received, rest);
                    return Message::parse(&bytes);
                }
                _ => self.more()?,
            }
        }
    }

    fn more(&mut self) -> Result<(), Unanswered> {
        match self.peer.receive(&mut self.received)? {
            0 => Err(Unanswered("the bus ends the connection".to_owned())),
            _ => Ok(()),
        }
    }
}

fn answer(answers: &BTreeMap<u32, Message>, serial: u32) -> Result<&Message, Unanswered> {
    match answers.get(&serial) {
        Some(Message { kind: Kind::Error(_, name), .. }) => {
            Err(Unanswered::because("the bus answers with an error", name))
        }
        Some(message) => Ok(message),
        None => Err(Unanswered("the bus does not answer".to_owned())),
    }
}

fn property<T>(answers: &BTreeMap<u32, Message>, serial: u32) -> Result<T, Unanswered>
where
    T: DeserializeOwned + Type + 'static,
{
    let Property(value) = answer(answers, serial)?.value()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
