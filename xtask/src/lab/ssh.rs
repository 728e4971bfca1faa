//! The way into the lab.

use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process;

/// How to reach a lab that runs.
#[derive(Debug, Clone)]
pub(super) struct Ssh {
    state: std::path::PathBuf,
    port: u16,
}

impl Ssh {
    pub(super) fn new(state: &Path, port: u16) -> Self {
        Self { state: state.to_owned(), port }
    }

    /// `ssh` with everything but the command to run. The user's own configuration plays no part. It runs
    /// in the state folder, because the path of a socket must be short.
    fn base(&self) -> Command {
        let mut command = Command::new("ssh");
        command.current_dir(&self.state);
        command.args(["-F", "none", "-q", "-i", "key", "-p", &self.port.to_string()]);
        for option in [
            "IdentitiesOnly=yes",
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "UserKnownHostsFile=known_hosts",
            "GlobalKnownHostsFile=none",
            "ConnectTimeout=20",
            "ServerAliveInterval=30",
            "ServerAliveCountMax=10",
            // The default key exchange is slow on an emulated processor.
            "KexAlgorithms=curve25519-sha256",
            "ControlPath=control",
        ] {
            command.args(["-o", option]);
        }
        command
    }

    /// The connection that all others share; it goes to the background and ends with the lab.
    pub(super) fn master(&self) -> Command {
        let mut command = self.base();
        command.args(["-M", "-N", "-f", "root@127.0.0.1"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// A command of one's own, each word reaching the other side as it is.
    pub(super) fn command<T: AsRef<str>>(&self, words: &[T]) -> Command {
        let mut command = self.base();
        command.args(["-T", "root@127.0.0.1", "--"]).arg(line(words));
        command
    }

    /// The same with a terminal on the other side when there is one on this. Without words, a shell.
    pub(super) fn live<T: AsRef<str>>(&self, words: &[T]) -> Command {
        let mut command = self.base();
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        command.arg(if terminal { "-t" } else { "-T" }).arg("root@127.0.0.1");
        if !words.is_empty() {
            command.arg("--").arg(line(words));
        }
        command
    }
}

/// The other side gives one line to a shell.
fn line<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(|word| process::shell_quoted(word.as_ref())).collect::<Vec<_>>().join(" ")
}
