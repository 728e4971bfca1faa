//! Proxmox VE: containers are files in `/etc/pve/lxc`, and what runs is what LXC runs.
//!
//! What is looked at costs no `pct`, each of which starts Perl for more than half a second: files are read, the
//! state comes from `/proc/net/unix`, and a session is `lxc-attach`, as `pct exec` becomes one in the end. Only a restart
//! is asked of `pct`.

mod cluster;
mod conf;
mod restart;
mod store;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use phoenix_sdk::{ContainerState, Manager};

use super::{
    Config, Edit, Lxc, Runtime, failed,
    flock::{self, Flock},
    locked, missing, unknown,
};
use crate::{
    error::Result,
    transport::{Mutator, printable},
};

/// Where Proxmox keeps everything that its nodes share.
const CLUSTER: &str = "/etc/pve";
/// Where `pct` has its locks.
const LOCKS: &str = "/run/lock/lxc";
/// Where Proxmox keeps what it makes for LXC.
const LXC_PATH: &str = "/var/lib/lxc";

/// The containers of one node.
#[derive(Debug, Clone)]
pub struct Pve {
    cluster: PathBuf,
    lxc: Lxc,
}

impl Pve {
    /// The containers of a node whose cluster has its files in this folder, and LXC its own in that one.
    pub fn new(cluster: impl Into<PathBuf>, lxc: impl Into<String>) -> Self {
        Self { cluster: cluster.into(), lxc: Lxc::new(lxc) }
    }

    /// The containers of this host, which is a node.
    ///
    /// # Errors
    /// `RUNTIME-MISSING` when the cluster's file system is not mounted.
    pub fn of_this_host() -> Result<Self> {
        let pve = Self::new(CLUSTER, LXC_PATH);
        match pve.folder().is_dir() {
            true => Ok(pve),
            false => Err(missing("the file system of the Proxmox cluster is not there")
                .cause(format!("there is no `{}`", pve.folder().display()))
                .hint("See `systemctl status pve-cluster`; run again when it is mounted.")),
        }
    }

    /// Whether a container runs now. Cheap enough to be asked again and again.
    ///
    /// # Errors
    /// When the host cannot say.
    pub fn is_running(&self, container: &str) -> Result<bool> {
        self.lxc.is_running(container)
    }

    fn folder(&self) -> PathBuf {
        self.cluster.join("lxc")
    }

    fn conf_path(&self, container: &str) -> PathBuf {
        self.folder().join(format!("{container}.conf"))
    }

    /// The lock that `pct` holds while it works on a container. Whoever has it must not call `pct`, which would
    /// wait for it.
    fn flock(&self, container: &str) -> Result<Flock> {
        flock::of_file(&Path::new(LOCKS).join(format!("pve-config-{container}.lock")))
    }

    /// Refuses a container that others look after at the moment: a task of Proxmox, or the cluster.
    fn require_own(&self, container: &str, config: &Config) -> Result<()> {
        if let Some(lock) = conf::lock(&config.text) {
            return Err(locked(container, &lock));
        }
        cluster::require_not_managed(&self.cluster, container)
    }

    /// What the next start will have of a key, its includes followed.
    fn effective(&self, text: &str, key: &str) -> Vec<String> {
        let mut values = conf::values(text, key);
        if key.starts_with("lxc.") {
            for include in conf::includes_below(text, key) {
                values.extend(self.lxc.included(&include, key));
            }
        }
        values
    }
}

impl Runtime for Pve {
    fn list(&self) -> Result<Vec<String>> {
        let folder = self.folder();
        let entries = fs::read_dir(&folder).map_err(|error| {
            failed(format!("`{}` could not be listed", folder.display())).cause(error)
        })?;
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry
                .map_err(|error| failed("the containers could not be listed").cause(error))?
                .file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".conf"));
            // Proxmox looks at no other files here.
            if let Some(number) = number.and_then(|name| name.parse::<u32>().ok()) {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers.iter().map(u32::to_string).collect())
    }

    fn state(&self, container: &str) -> Result<ContainerState> {
        let config = self.config(container)?;
        let running = self.is_running(container)?;
        let label = if running { self.lxc.label(container)? } else { None };
        let unprivileged = self.values(&config, "unprivileged").iter().any(|value| value == "1")
            || !self.values(&config, "lxc.idmap").is_empty();
        Ok(ContainerState { running, unprivileged, label })
    }

    fn config(&self, container: &str) -> Result<Config> {
        // A number is one file's name, never a way to another place.
        let missing = || unknown(container, &self.list().unwrap_or_default(), "this node");
        if container.is_empty() || !container.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(missing());
        }
        let path = self.conf_path(container);
        match fs::read(&path) {
            Ok(text) => Ok(Config {
                path: path.to_string_lossy().into_owned(),
                // Replacing what is no text would lose it at the next edit.
                text: String::from_utf8(text)
                    .map_err(|_| failed(format!("`{}` is not UTF-8 text", path.display())))?,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing()),
            Err(error) => {
                Err(failed(format!("`{}` could not be read", path.display())).cause(error))
            }
        }
    }

    fn values(&self, config: &Config, key: &str) -> Vec<String> {
        self.effective(&config.text, key)
    }

    fn edited(&self, config: &Config, edit: Edit<'_>) -> Result<Config> {
        let number = Path::new(&config.path).file_stem().unwrap_or_default().to_string_lossy();
        let text = conf::edited(&number, &config.text, edit)?;
        Ok(Config { path: config.path.clone(), text })
    }

    fn edit(&self, container: &str, make: &mut dyn FnMut(&Config) -> Result<Config>) -> Result<()> {
        let _flock = self.flock(container)?;
        let before = self.config(container)?;
        let after = make(&before)?;
        if after.text == before.text {
            return Ok(());
        }
        self.require_own(container, &before)?;
        store::replace(Path::new(&before.path), after.text.as_bytes())
    }

    fn clean(&self, container: &str) -> Result<()> {
        let _flock = self.flock(container)?;
        store::clean(&self.conf_path(container))
    }

    fn lock(&self, container: &str) -> Result<Option<String>> {
        Ok(conf::lock(&self.config(container)?.text))
    }

    fn editable(&self, container: &str) -> Result<()> {
        cluster::require_not_managed(&self.cluster, container)?;
        store::require_writable(&self.conf_path(container))
    }

    fn pending(&self, container: &str) -> Result<Vec<String>> {
        Ok(conf::pending_keys(&self.config(container)?.text))
    }

    fn manager(&self) -> Manager {
        Manager::Pve
    }

    fn restart(&self, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
        self.require_own(container, &self.config(container)?)?;
        tracing::info!(container = %printable(container), "restarting");
        restart::restart(self, container, line)
    }

    fn finish_restart(&self, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
        self.require_own(container, &self.config(container)?)?;
        restart::finish(self, container, line)
    }

    fn attach(&self, container: &str) -> Vec<String> {
        self.lxc.attach(container)
    }

    fn machine(&self, container: &str) -> Box<dyn Mutator> {
        self.lxc.machine(container)
    }

    fn init(&self, container: &str) -> Option<u32> {
        self.lxc.init(container)
    }
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::Others;

    use super::*;

    fn node(conf: &[(&str, &str)]) -> (tempfile::TempDir, Pve) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("lxc")).unwrap();
        for (name, text) in conf {
            fs::write(folder.path().join("lxc").join(name), text).unwrap();
        }
        let pve = Pve::new(folder.path(), folder.path().join("containers").to_string_lossy());
        (folder, pve)
    }

    #[test]
    fn containers_are_the_numbered_files() {
        let (_folder, pve) = node(&[
            ("1000.conf", "unprivileged: 1\n"),
            ("101.conf", "hostname: a\n"),
            ("102.conf.tmp.77", ""),
            ("x.conf", ""),
        ]);
        assert_eq!(pve.list().unwrap(), ["101", "1000"]);
        assert!(pve.state("1000").unwrap().unprivileged && !pve.state("101").unwrap().unprivileged);
        let missing = pve.state("100").unwrap_err();
        assert_eq!(
            (&*missing.code, &*missing.hints[0]),
            ("TARGET-UNKNOWN", "Did you mean `1000`?")
        );
        for name in ["", "../x", "x", "101.conf"] {
            assert_eq!(pve.config(name).unwrap_err().code, "TARGET-UNKNOWN", "{name}");
        }
    }

    #[test]
    fn an_include_below_overrides_the_profile() {
        let (folder, pve) = node(&[]);
        let include = folder.path().join("nesting.conf");
        fs::write(&include, "lxc.apparmor.profile = theirs\n").unwrap();
        let text = format!(
            "arch: amd64\nlxc.apparmor.profile: ours\nlxc.include: {}\n\n[s1]\nlxc.apparmor.profile: old\n",
            include.display()
        );
        let before = Config { path: String::new(), text };
        assert_eq!(pve.values(&before, "lxc.apparmor.profile"), ["ours", "theirs"]);
        let (key, value, others) = ("lxc.apparmor.profile", "ours", Others::Replaced);
        let after = pve.edited(&before, Edit::Set { key, value, others }).unwrap();
        assert_eq!(pve.values(&after, "lxc.apparmor.profile"), ["ours"]);
        assert!(after.text.ends_with("\n\n[s1]\nlxc.apparmor.profile: old\n"), "{}", after.text);
    }

    #[test]
    fn whoever_else_looks_after_a_container_keeps_it() {
        let (folder, pve) = node(&[("101.conf", "lock: backup\n"), ("102.conf", "arch: amd64\n")]);
        fs::create_dir(folder.path().join("ha")).unwrap();
        fs::write(folder.path().join("ha/resources.cfg"), "ct: 102\n\tstate started\n").unwrap();
        let refused = |id: &str| pve.require_own(id, &pve.config(id).unwrap()).unwrap_err().code;
        assert_eq!(pve.lock("101").unwrap().as_deref(), Some("backup"));
        assert_eq!(refused("101"), "CONTAINER-LOCKED");
        assert_eq!(refused("102"), "CONTAINER-HA-MANAGED");
    }
}
