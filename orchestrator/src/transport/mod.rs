//! Sessions with machines: the host itself, and containers through one `lxc-attach` each.
//!
//! A [`Reader`] cannot change anything: whoever plans gets no more than that. A [`Mutator`] can. What
//! this module does not do: it knows no container runtime, and does not decide what is allowed.

mod bus;
mod children;
mod codes;
mod container;
mod errors;
pub(crate) mod http;
pub(crate) mod http_head;
mod leftovers;
mod lines;
mod local;
mod mark;
mod outside;
mod peer;
mod place;
mod printable;
mod process;
mod session;

use std::time::Duration;

use phoenix_sdk::{FileState, Output};

use crate::error::Result;

pub(crate) use bus::{Bus, ServiceStart};
pub use children::kill_children;
pub use codes::CODES;
pub use container::ContainerMachine;
pub use leftovers::{end_leftovers, kill_own, strangers};
pub use local::LocalMachine;
pub use outside::View;
pub use printable::printable;

/// The environment of every command, here and in containers.
pub(crate) const ENVIRONMENT: [(&str, &str); 4] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("LC_ALL", "C.UTF-8"),
    ("HOME", "/root"),
    ("DEBIAN_FRONTEND", "noninteractive"),
];

/// What a temporary file is called until it takes its place. The dot keeps it out of the folders whose
/// files are all read, such as `/etc/apt/apt.conf.d` and `/etc/cron.d`.
pub(crate) const TEMPORARY: &str = ".phoenix-orch.";

/// Something to read. Several are read in one round trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// What is at a path, without following a symbolic link there.
    File {
        /// Absolute.
        path: String,
    },
    /// The names in a folder.
    Folder {
        /// Absolute.
        path: String,
    },
    /// A command that only looks.
    Exec {
        /// Program and arguments.
        argv: Vec<String>,
    },
}

/// What a [`Read`] gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Of [`Read::File`].
    File(FileState),
    /// Of [`Read::Folder`], sorted; nothing if there is no such folder.
    Folder(Option<Vec<String>>),
    /// Of [`Read::Exec`].
    Exec(Output),
}

/// A command to run. A program that is not there is the error `EXEC-NOT-FOUND`; one that cannot be
/// started ends with exit code 126, as in a shell. Its environment is cleared and set (`PATH`, `LC_ALL=C.UTF-8`, `HOME=/root`,
/// `DEBIAN_FRONTEND=noninteractive`, and in a container one variable more, which
/// says whose session it is), its folder is `/`, its standard input is `stdin` and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// Program and arguments, never seen by a shell.
    pub argv: Vec<String>,
    /// All of standard input.
    pub stdin: Vec<u8>,
    /// After this the command and all it started in the session are killed.
    pub time_limit: Duration,
    /// More than this on standard output or standard error, in bytes, ends the command.
    pub max_output: usize,
}

impl Exec {
    /// A command without input, with 30 seconds and 4 MiB of output.
    pub fn new<T: Into<String>>(argv: impl IntoIterator<Item = T>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            stdin: Vec::new(),
            time_limit: Duration::from_secs(30),
            max_output: 4 * 1024 * 1024,
        }
    }

    /// The same with another time limit.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// The same with this standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }
}

/// A file to put in place whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteFile {
    /// Absolute. Missing parent folders are made, mode 0755.
    pub path: String,
    /// All of it.
    pub content: Vec<u8>,
    /// The lower twelve bits.
    pub mode: u32,
    /// User and group by number, as the machine sees them.
    pub owner: (u32, u32),
    /// What must still be there: a regular file of these contents, or nothing.
    pub expected: Option<Vec<u8>>,
}

/// A machine to look at.
pub trait Reader: Send + Sync {
    /// Reads several things in one round trip. One that cannot be read is an error of its own.
    ///
    /// # Errors
    /// When the machine cannot be reached.
    fn read(&self, reads: &[Read]) -> Result<Vec<Result<Seen>>>;

    /// The machine as it can be seen without entering it, if it can.
    fn view(&self) -> Option<View> {
        None
    }

    /// Runs a command that somebody vouches for as only looking.
    ///
    /// # Errors
    /// When the machine cannot be reached, or the command breaks a limit.
    fn probe(&self, exec: &Exec) -> Result<Output>;
}

/// A machine to change.
pub trait Mutator: Reader {
    /// Ends the connection, if there is one: the machine was restarted. The next use makes a new one.
    fn reconnect(&self);

    /// Runs a command, and passes on each line of its output as it comes, blank lines left out and very
    /// long ones cut (raw: whoever shows it makes it harmless with [`printable`] first).
    ///
    /// # Errors
    /// When the machine cannot be reached, or the command breaks a limit. An exit code is no error.
    fn exec(&self, exec: &Exec, line: &mut dyn FnMut(&str)) -> Result<Output>;

    /// Replaces a file atomically: a temporary file in the same folder, synced, then renamed over. The
    /// old contents are whole until the new ones are.
    ///
    /// # Errors
    /// `FILE-CHANGED` when something else than expected is there, a symbolic link included;
    /// `FILE-WRITE` when the machine refuses (full disk, read-only file system).
    fn write_file(&self, write: &WriteFile) -> Result<()>;

    /// Removes a regular file, device node or symbolic link.
    ///
    /// # Errors
    /// `FILE-WRITE` when the machine refuses. That nothing is there is no error.
    fn remove_file(&self, path: &str) -> Result<()>;

    /// Sets mode and owner of what is at a path; a symbolic link is not followed.
    ///
    /// # Errors
    /// `FILE-WRITE` when the machine refuses.
    fn set_permissions(
        &self,
        path: &str,
        mode: Option<u32>,
        owner: Option<(u32, u32)>,
    ) -> Result<()>;
}
