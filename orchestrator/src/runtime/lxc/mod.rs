//! Plain LXC, 5 and newer. What this module does not do: it knows no Proxmox, and never edits a
//! configuration but by the text that it is given.

mod config;
mod proc;
mod restart;

pub(super) use config::SYNTAX;

use std::{fs, io, path::Path};

use phoenix_sdk::{ContainerState, FileState, Manager};

use super::{Config, Edit, Runtime, failed, flock, lines};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, LocalMachine, Mutator, Read, Reader, Seen, TEMPORARY, WriteFile, printable},
};

/// Where LXC keeps its containers unless `/etc/lxc/lxc.conf` says otherwise.
const DEFAULT_PATH: &str = "/var/lib/lxc";
const SETTINGS: &str = "/etc/lxc/lxc.conf";
/// Includes in includes are followed so far.
const MAX_DEPTH: usize = 8;
/// How often an edit begins anew because somebody else has written in between.
const EDITS: usize = 100;

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
        // The number of init costs a process, so it is asked for only where there are labels.
        if !proc::has_labels() {
            return Ok(None);
        }
        let pid = self.tool("lxc-info", container, &["-p", "-H"])?;
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

    /// The values of a key in an included file or folder. One that cannot be read sets nothing here: LXC
    /// itself refuses to start such a container.
    pub(super) fn included(&self, path: &str, key: &str) -> Vec<String> {
        self.included_below(path, key, MAX_DEPTH)
    }

    fn included_below(&self, path: &str, key: &str, depth: usize) -> Vec<String> {
        if depth == 0 {
            return Vec::new();
        }
        let files =
            match self.host.read(&[Read::Folder { path: path.to_owned() }]).map(|mut s| s.pop()) {
                Ok(Some(Ok(Seen::Folder(Some(names))))) => names
                    .iter()
                    .filter(|name| Path::new(name).extension().is_some_and(|end| end == "conf"))
                    .map(|name| format!("{path}/{name}"))
                    .collect(),
                _ => vec![path.to_owned()],
            };
        let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
        texts.flat_map(|text| self.effective(&text, key, depth - 1)).collect()
    }

    fn effective(&self, text: &str, key: &str, depth: usize) -> Vec<String> {
        let mut values = lines::values(SYNTAX, text, key);
        for include in lines::includes_below(SYNTAX, text, key) {
            values.extend(self.included_below(&include, key, depth));
        }
        values
    }
}

impl Lxc {
    fn store(&self, container: &str, before: &Config, after: &Config) -> Result<()> {
        let state = self.state_of_config(container)?;
        let Some(permissions) = state.permissions() else { return Err(self.unknown(container)) };
        self.host.write_file(&WriteFile {
            path: self.config_path(container),
            content: after.text.clone().into_bytes(),
            mode: permissions.mode,
            owner: (permissions.uid, permissions.gid),
            expected: Some(before.text.clone().into_bytes()),
        })
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
        let unprivileged = !self.effective(&config.text, "lxc.idmap", MAX_DEPTH).is_empty();
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
        self.effective(&config.text, key, MAX_DEPTH)
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
        // Another phoenix-orch waits here. Plain LXC has no rule for others: what somebody wrote in between is
        // seen, and edited anew.
        self.config(container)?;
        let _flock = flock::of_folder(&Path::new(&self.path).join(container))?;
        let mut tries = EDITS;
        loop {
            let before = self.config(container)?;
            let after = make(&before)?;
            if after.text == before.text {
                return Ok(());
            }
            tries -= 1;
            match self.store(container, &before, &after) {
                Err(error) if error.code == "FILE-CHANGED" && tries > 0 => {}
                outcome => return outcome,
            }
        }
    }

    fn clean(&self, container: &str) -> Result<()> {
        let path = self.config_path(container);
        let folder = Path::new(&path).parent().unwrap_or(Path::new("/"));
        let clean = || -> io::Result<()> {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                // Only files of this form, which nobody else makes.
                if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                    fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        };
        clean().map_err(|error| {
            failed(format!("`{}` could not be tidied up", folder.display())).cause(error)
        })
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
        tracing::debug!(container = %printable(container), "restarting");
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
}

/// The error for a line with which LXC would not start the container.
fn not_of_lxc(key: &str) -> Error {
    let message = format!("plain LXC has no option `{}`", printable(key));
    Error::new(ErrorKind::Step, "OPTION-NOT-OF-LXC", message)
        .cause("with such a line the container would not start")
        .hint("A step asks `Context::manager` before it sets options of Proxmox; report it to its author.")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::MetadataExt};

    use phoenix_sdk::Others;

    use super::{Edit, Lxc, Runtime};

    fn host(containers: &[(&str, &str)]) -> (tempfile::TempDir, Lxc) {
        let folder = tempfile::tempdir().unwrap();
        for (name, config) in containers {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("config"), config).unwrap();
        }
        fs::create_dir(folder.path().join("no-container")).unwrap();
        let lxc = Lxc::new(folder.path().to_str().unwrap());
        (folder, lxc)
    }

    #[test]
    fn containers_are_folders_with_a_configuration() {
        let (_folder, lxc) = host(&[("web", "lxc.idmap = u 0 100000 65536\n"), ("db", "")]);
        assert_eq!(lxc.list().unwrap(), ["db", "web"]);
        let state = lxc.state("web").unwrap();
        assert!(state.unprivileged && !state.running && state.label.is_none());
        assert!(!lxc.state("db").unwrap().unprivileged);
        assert!(Lxc::new("/no/such/folder").list().unwrap().is_empty());
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let (_folder, lxc) = host(&[("web", ""), ("database", "")]);
        for (name, hint) in [
            ("wed", "Did you mean `web`?"),
            ("no-container", "Take one of these: `database`, `web`."),
            ("../web", "Take one of these: `database`, `web`."),
            ("", "Take one of these: `database`, `web`."),
        ] {
            let error = lxc.state(name).unwrap_err();
            assert_eq!((error.code.as_str(), error.kind.exit_code()), ("TARGET-UNKNOWN", 6));
            assert!(name == "../web" || error.hints == [hint], "{name}: {error:?}");
        }
    }

    #[test]
    fn an_include_below_overrides_and_one_above_does_not() {
        let (folder, lxc) = host(&[]);
        let include = folder.path().join("nesting.conf");
        fs::write(&include, "lxc.apparmor.profile = theirs\nlxc.idmap = u 0 1 2\n").unwrap();
        let text = format!("lxc.apparmor.profile = ours\nlxc.include = {}\n", include.display());
        fs::create_dir(folder.path().join("c")).unwrap();
        fs::write(folder.path().join("c/config"), text).unwrap();
        let before = lxc.config("c").unwrap();
        assert_eq!(lxc.values(&before, "lxc.apparmor.profile"), ["ours", "theirs"]);
        let (key, value, others) = ("lxc.apparmor.profile", "ours", Others::Replaced);
        let after = lxc.edited(&before, Edit::Set { key, value, others }).unwrap();
        assert_eq!(lxc.values(&after, "lxc.apparmor.profile"), ["ours"]);
        assert!(lxc.state("c").unwrap().unprivileged);
    }

    #[test]
    fn a_configuration_is_stored_as_it_was_owned() {
        let (folder, lxc) = host(&[("web", "a = 1\n")]);
        let before = lxc.config("web").unwrap();
        let seen = fs::metadata(&before.path).unwrap();
        let set = Edit::Set { key: "lxc.k", value: "v", others: Others::Kept };
        lxc.edit("web", &mut |now| lxc.edited(now, set)).unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("web/config")).unwrap(),
            "a = 1\nlxc.k = v\n"
        );
        assert_eq!(fs::metadata(&before.path).unwrap().mode(), seen.mode());
        let foreign = Edit::Set { key: "features", value: "fuse=1", others: Others::Merged };
        assert_eq!(lxc.edited(&before, foreign).unwrap_err().code, "OPTION-NOT-OF-LXC");
        // Somebody else writes in between, and nothing of it is lost.
        let mut first = true;
        lxc.edit("web", &mut |now| {
            if std::mem::take(&mut first) {
                fs::write(&now.path, "b = 2\n").unwrap();
            }
            lxc.edited(now, Edit::Set { key: "lxc.k", value: "w", others: Others::Replaced })
        })
        .unwrap();
        assert_eq!(fs::read_to_string(&before.path).unwrap(), "b = 2\nlxc.k = w\n");
        fs::write(&before.path, b"\xff").unwrap();
        assert_eq!(lxc.config("web").unwrap_err().code, "RUNTIME-FAILED");
    }
}
