//! Plain LXC, 5 and newer. What this module does not do: it knows no Proxmox, and never edits a
//! configuration but by the text that it is given.

mod config;
mod included;
mod proc;
mod restart;
mod store;

pub(super) use config::SYNTAX;

use std::{fs, io, path::Path};

use phoenix_sdk::{ContainerState, FileState, Manager};

use super::{Config, Edit, Runtime, failed, lines};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{ContainerMachine, Exec, LocalMachine, Mutator, Read, Reader, Seen, printable},
};

/// Where LXC keeps its containers unless `/etc/lxc/lxc.conf` says otherwise.
const DEFAULT_PATH: &str = "/var/lib/lxc";
const SETTINGS: &str = "/etc/lxc/lxc.conf";

/// The containers in one folder of plain LXC.
#[derive(Debug, Clone)]
pub struct Lxc {
    path: String,
    host: LocalMachine,
}

impl Lxc {
    /// The containers in this folder.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), host: LocalMachine }
    }

    /// The containers where LXC keeps them on this host. The file that `lxc-config` would read is read
    /// here, which spares a process.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn of_this_host() -> Result<Self> {
        let text = match fs::read_to_string(SETTINGS) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(failed(format!("`{SETTINGS}` could not be read")).cause(error));
            }
        };
        let path = lines::values(SYNTAX, &text, "lxc.lxcpath").pop();
        let path = path.unwrap_or_else(|| DEFAULT_PATH.to_owned());
        Ok(Self::new(path.trim_end_matches('/')))
    }

    /// Whether a container runs now. Cheap enough to be asked again and again.
    ///
    /// # Errors
    /// When the host cannot say.
    pub fn is_running(&self, container: &str) -> Result<bool> {
        if !proc::is_named(&self.path, container) {
            let state = self.tool("lxc-info", container, &["-s", "-H"])?;
            return Ok(state == "RUNNING");
        }
        Ok(self.monitor(container)?.is_some())
    }

    /// What tells a container's monitor from the one before it, if there is one: each start has its own.
    ///
    /// # Errors
    /// When the host cannot say.
    pub(super) fn monitor(&self, container: &str) -> Result<Option<String>> {
        let sockets = fs::read("/proc/net/unix")
            .map_err(|error| failed("`/proc/net/unix` could not be read").cause(error))?;
        let sockets = String::from_utf8_lossy(&sockets);
        Ok(proc::command_socket(&sockets, &self.path, container).map(str::to_owned))
    }

    /// The AppArmor label of a running container's init, if the kernel has labels.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn label(&self, container: &str) -> Result<Option<String>> {
        if !proc::has_labels() {
            return Ok(None);
        }
        let pid = match proc::init(&self.path, container) {
            Some(init) => init.to_string(),
            None => self.tool("lxc-info", container, &["-p", "-H"])?,
        };
        let label = proc::label(&pid).map_err(|error| {
            let container = printable(container);
            failed(format!("the AppArmor label of `{container}` could not be read")).cause(error)
        })?;
        Ok(Some(label))
    }

    fn config_path(&self, container: &str) -> String {
        format!("{}/{container}/config", self.path)
    }

    /// A tool of LXC about one container, and its one line of output.
    fn tool(&self, program: &str, container: &str, arguments: &[&str]) -> Result<String> {
        let argv = [program, "-P", &self.path, "-n", container]
            .into_iter()
            .chain(arguments.iter().copied());
        let output = self.host.probe(&Exec::new(argv))?;
        if output.success() {
            return Ok(output.line());
        }
        Err(failed(format!("`{program}` failed for `{}`", printable(container)))
            .cause(printable(&output.complaint())))
    }

    fn state_of_config(&self, container: &str) -> Result<FileState> {
        // A name is one folder's name, never a way to another place.
        let is_name = !matches!(container, "" | "." | "..") && !container.contains(['/', '\0']);
        let mut state = FileState::Absent;
        if is_name {
            let read = Read::File { path: self.config_path(container) };
            if let Some(Seen::File(seen)) = self.host.read(&[read])?.pop().transpose()? {
                state = seen;
            }
        }
        match state {
            FileState::Regular { .. } => Ok(state),
            FileState::Absent => Err(self.unknown(container)),
            other => Err(failed(format!(
                "`{}` is {}",
                printable(&self.config_path(container)),
                other.kind()
            ))),
        }
    }

    fn unknown(&self, container: &str) -> Error {
        super::unknown(container, &self.list().unwrap_or_default(), &self.path)
    }
}

impl Runtime for Lxc {
    fn list(&self) -> Result<Vec<String>> {
        let read = Read::Folder { path: self.path.clone() };
        let names = match self.host.read(&[read])?.pop().transpose() {
            Ok(Some(Seen::Folder(names))) => names.unwrap_or_default(),
            Ok(_) => Vec::new(),
            Err(error) => {
                let error = error
                    .causes
                    .into_iter()
                    .fold(failed(format!("`{}` could not be listed", self.path)), Error::cause);
                return Err(error);
            }
        };
        Ok(names.into_iter().filter(|name| Path::new(&self.config_path(name)).is_file()).collect())
    }

    fn state(&self, container: &str) -> Result<ContainerState> {
        let config = self.config(container)?;
        let running = self.is_running(container)?;
        let label = if running { self.label(container)? } else { None };
        let unprivileged = !self.values(&config, "lxc.idmap").is_empty();
        Ok(ContainerState { running, unprivileged, label })
    }

    fn config(&self, container: &str) -> Result<Config> {
        let state = self.state_of_config(container)?;
        let path = self.config_path(container);
        let content = state.content().map(|content| content.0.clone()).unwrap_or_default();
        // Replacing what is no text would lose it at the next store.
        let text = String::from_utf8(content)
            .map_err(|_| failed(format!("`{}` is not UTF-8 text", printable(&path))))?;
        Ok(Config { path, text })
    }

    fn values(&self, config: &Config, key: &str) -> Vec<String> {
        self.effective(&config.text, key)
    }

    fn edited(&self, config: &Config, edit: Edit<'_>) -> Result<Config> {
        let text = match edit {
            Edit::Set { key, .. } if !key.starts_with("lxc.") => return Err(not_of_lxc(key)),
            Edit::Set { key, value, others } => {
                lines::with_value(SYNTAX, &config.text, key, value, others)
            }
            Edit::Remove { key, value } => lines::without(SYNTAX, &config.text, key, value),
        };
        Ok(Config { path: config.path.clone(), text })
    }

    fn edit(&self, container: &str, make: &mut dyn FnMut(&Config) -> Result<Config>) -> Result<()> {
        store::edit(self, container, make)
    }

    fn clean(&self, container: &str) -> Result<()> {
        store::clean(self, container)
    }

    fn lock(&self, _container: &str) -> Result<Option<String>> {
        Ok(None)
    }

    fn editable(&self, _container: &str) -> Result<()> {
        Ok(())
    }

    fn pending(&self, _container: &str) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn manager(&self) -> Manager {
        Manager::Lxc
    }

    fn restart(&self, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
        tracing::info!(container = %printable(container), "restarting");
        restart::restart(self, container, line)
    }

    fn finish_restart(&self, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
        restart::finish(self, container, line)
    }

    fn attach(&self, container: &str) -> Vec<String> {
        ["lxc-attach", "-P", &self.path, "-n", container, "--clear-env", "--"]
            .map(str::to_owned)
            .to_vec()
    }

    fn machine(&self, container: &str) -> Box<dyn Mutator> {
        let (lxc, name) = (self.clone(), container.to_owned());
        let machine = ContainerMachine::new(container, self.attach(container));
        Box::new(machine.seen_from_outside(move || lxc.init(&name)))
    }

    fn init(&self, container: &str) -> Option<u32> {
        proc::init(&self.path, container)
    }
}

/// The error for a line with which LXC would not start the container.
fn not_of_lxc(key: &str) -> Error {
    let message = format!("plain LXC has no option `{}`", printable(key));
    Error::new(ErrorKind::Step, "OPTION-NOT-OF-LXC", message)
        .cause("with such a line the container would not start")
        .hint("A step asks `Context::manager` before it sets options of Proxmox; report it to its author.")
}

#[cfg(test)]
mod tests;
