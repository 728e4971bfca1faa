//! What a container's own tools would tell, told from outside, without a process in the container: packages by dpkg's
//! database, units by systemd over the system bus, Docker by its own socket.
//!
//! Each fact has the tool's own source and the tool's own answer; a test holds the two against each other on a real
//! container. Whatever is unusual is no fact, and whoever asked runs the tool.

mod docker_info;
mod dockers;
pub mod dpkg;
mod systemctl;

pub use dockers::{Dockers, KnownDocker};

use std::{
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use phoenix_sdk::{Bytes, FileState, Observed, Output, ServiceState, Subject};

use crate::transport::{Bus, Exec, Reader, View, http};

/// For all that is asked over one socket. Systemd and Docker answer in milliseconds; one that does not is asked in the
/// container again, where there is more time.
const PATIENCE: Duration = Duration::from_secs(5);

const BUS: &str = "/run/dbus/system_bus_socket";
const STATUS: &str = "/var/lib/dpkg/status";
const UPDATES: &str = "/var/lib/dpkg/updates";
/// The largest database of packages that is read, in bytes: ten times that of a full desktop.
const LARGEST_STATUS: u64 = 64 << 20;

/// A container as it is now. Not to be kept: see [`View`].
pub(super) struct Facts<'a> {
    view: View,
    docker: Option<KnownDocker<'a>>,
    /// Nothing before the first question, and within it if there is no bus that answers.
    bus: Option<Option<Bus>>,
}

impl<'a> Facts<'a> {
    /// Of a machine that can be seen from outside.
    pub(super) fn of(machine: &dyn Reader) -> Option<Self> {
        Some(Self { view: machine.view()?, docker: None, bus: None })
    }

    /// The same, and what its Docker has said in an earlier run is not asked again.
    fn knowing(self, docker: Option<KnownDocker<'a>>) -> Self {
        Self { docker, ..self }
    }

    /// What is seen of a subject, if it can be told.
    pub(super) fn look(&mut self, subject: &Subject) -> Option<Observed> {
        match subject {
            Subject::Packages { names } => self.packages(names),
            Subject::Service { name } => self.service(name),
            _ => None,
        }
    }

    /// What a command that only looks would print, if it can be told.
    pub(super) fn answer(&mut self, argv: &[String]) -> Option<Output> {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let text = match words[..] {
            ["systemctl", "show", unit, systemctl::PROPERTIES] => {
                let start = self.bus(|bus| bus.service_start(unit).ok())?;
                systemctl::shown(&start, &self.time_zone()?)
            }
            ["docker", "info", "--format", template] => {
                docker_info::shown(template, |fields| self.docker_info(fields))
            }
            _ => None,
        }?;
        Some(Output { exit: 0, stdout: Bytes(text.into_bytes()), stderr: Bytes::default() })
    }

    fn packages(&self, names: &[String]) -> Option<Observed> {
        // What lies there stands above the database, until dpkg runs again.
        if !self.view.folder(UPDATES)??.is_empty() {
            return None;
        }
        let status = self.view.content(STATUS, LARGEST_STATUS)?;
        dpkg::installed(&status, names).map(|installed| Observed::Packages { installed })
    }

    fn service(&mut self, name: &str) -> Option<Observed> {
        let unit = self.bus(|bus| bus.unit(name).ok())?;
        Some(Observed::Service(ServiceState {
            load: unit.load,
            enabled: unit.file,
            active: unit.active,
            sub: unit.sub,
        }))
    }

    /// Asks the bus. One that has failed once is not asked again.
    fn bus<T>(&mut self, ask: impl FnOnce(&mut Bus) -> Option<T>) -> Option<T> {
        let view = &self.view;
        let connect = || Bus::over(connected(view, BUS)?, Instant::now() + PATIENCE).ok();
        let bus = self.bus.get_or_insert_with(connect);
        let answer = bus.as_mut().and_then(ask);
        if answer.is_none() {
            *bus = None;
        }
        answer
    }

    fn docker_info(&mut self, fields: &[&str]) -> Option<Vec<u8>> {
        // The command line may have been told to speak to another Docker.
        let settings = self.view.file(docker_info::SETTINGS)?;
        let program = self.view.file(docker_info::PROGRAM)?;
        if settings != FileState::Absent || program == FileState::Absent {
            return None;
        }
        let known = self.docker.and_then(|docker| {
            let invocation = self.bus(|bus| bus.invocation(docker_info::SERVICE).ok())??;
            Some((docker, invocation))
        });
        if let Some((docker, invocation)) = known
            && let Some(info) = docker.known(invocation, fields)
            // It runs; that it answers as well is part of what was asked.
            && self.docker_says("/_ping")? == b"OK"
        {
            return Some(info);
        }
        let info = self.docker_says("/info")?;
        if let Some((docker, invocation)) = known {
            docker.keep(invocation, &info);
        }
        Some(info)
    }

    fn docker_says(&self, path: &str) -> Option<Vec<u8>> {
        let stream = connected(&self.view, docker_info::SOCKET)?;
        let answer = http::get(stream, path, Instant::now() + PATIENCE).ok()?;
        (answer.status == 200).then_some(answer.body)
    }

    /// By which systemd writes times for people.
    fn time_zone(&self) -> Option<jiff::tz::TimeZone> {
        match self.view.followed("/etc/localtime", 1 << 20)? {
            Some(zone) => jiff::tz::TimeZone::tzif("", &zone).ok(),
            None => Some(jiff::tz::TimeZone::UTC),
        }
    }
}

fn connected(view: &View, socket: &str) -> Option<UnixStream> {
    view.connect(socket, PATIENCE)
}

/// Runs a command that only looks, or tells what it would print. What the machine's Docker has said in an earlier run and
/// still holds is not asked again.
///
/// # Errors
/// As [`Reader::probe`].
pub fn probe(
    machine: &dyn Reader,
    exec: &Exec,
    docker: Option<KnownDocker<'_>>,
) -> crate::error::Result<Output> {
    match Facts::of(machine).and_then(|facts| facts.knowing(docker).answer(&exec.argv)) {
        Some(output) => Ok(output),
        None => machine.probe(exec),
    }
}
