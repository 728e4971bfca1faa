//! The mark on every process that a session starts in a container: whose session it is. It is in the
//! environment, which children inherit and the host can read; what systemd starts does not have it.
//! Commands on the host get none: a container that one of them starts would carry it for ever.

use std::{ffi::OsString, fmt, fs};

/// The variable.
pub(super) const NAME: &str = "PHOENIX_ORCH_SESSION";

/// Whose session it is. Written as `PID.START.TARGET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// The orchestrator's process.
    pub(super) pid: u32,
    /// When that process began, as the kernel counts it: its number alone may belong to another one later.
    pub(super) start: u64,
    /// The container.
    pub(super) target: String,
}

impl Mark {
    /// Of this process's sessions with a container.
    pub(super) fn own(target: &str) -> Self {
        let pid = std::process::id();
        // Without an answer nobody could tell a former process of that number from this one. There always
        // is one: every process can read its own line.
        let start = start(pid).unwrap_or_default();
        Self { pid, start, target: target.to_owned() }
    }

    /// As a variable of an environment.
    pub(super) fn variable(&self) -> (&'static str, OsString) {
        (NAME, self.to_string().into())
    }

    /// The mark in an environment as the kernel shows it.
    pub(super) fn find(environment: &[u8]) -> Option<Self> {
        let value = environment
            .split(|byte| *byte == 0)
            .find_map(|variable| variable.strip_prefix(NAME.as_bytes())?.strip_prefix(b"="))?;
        let mut parts = str::from_utf8(value).ok()?.splitn(3, '.');
        let mut next = || parts.next();
        Some(Self {
            pid: next()?.parse().ok()?,
            start: next()?.parse().ok()?,
            target: next()?.to_owned(),
        })
    }

    /// Whether the orchestrator that made it still lives.
    pub(super) fn is_owned(&self) -> bool {
        start(self.pid) == Some(self.start)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.pid, self.start, self.target)
    }
}

/// When a process began, if it lives.
fn start(pid: u32) -> Option<u64> {
    start_in(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The 22nd field. One that has ended and was not collected yet lives no more.
fn start_in(stat: &str) -> Option<u64> {
    // The program's name may hold spaces and brackets, so the last bracket counts.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.nth(18)?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Mark, start, start_in};

    #[test]
    fn a_mark_is_found_as_it_was_written() {
        let mark = Mark { pid: 7, start: 99, target: "a.b c".into() };
        let environment = format!("PATH=/bin\0{}={mark}\0HOME=/\0", super::NAME);
        assert_eq!(Mark::find(environment.as_bytes()), Some(mark));
        for other in
            ["", "=7.9.web", "PHOENIX_ORCH_SESSIONS=7.9.web", "XPHOENIX_ORCH_SESSION=7.9.web"]
        {
            assert_eq!(Mark::find(other.as_bytes()), None, "{other}");
        }
        for value in ["", "7", "7.9", "x.9.web", "7.-1.web", "99999999999.1.web"] {
            assert_eq!(
                Mark::find(format!("{}={value}\0", super::NAME).as_bytes()),
                None,
                "{value}"
            );
        }
        assert_eq!(Mark::find(b"PHOENIX_ORCH_SESSION=7.9.\xff\0"), None);
    }

    #[test]
    fn a_process_is_known_by_its_number_and_its_beginning() {
        let own = Mark::own("web");
        assert!(own.is_owned() && own.start > 0);
        assert!(!Mark { start: own.start + 1, ..own.clone() }.is_owned());
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        // Ended and not collected: nobody works there any more.
        rustix::process::waitid(
            rustix::process::WaitId::Pid(rustix::process::Pid::from_child(&child)),
            rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT,
        )
        .unwrap();
        assert_eq!(start(pid), None);
        child.wait().unwrap();
        assert_eq!(start(pid), None);
    }

    #[test]
    fn names_of_programs_do_not_mislead() {
        let stat = "7 (a) S 1) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20\n";
        assert_eq!(start_in(stat), Some(4242));
        assert_eq!(start_in(&stat.replace(") R", ") Z")), None);
        assert_eq!(start_in("7 (a) R 1 2"), None);
    }
}
