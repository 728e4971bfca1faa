//! A guest's configuration in the file system of the cluster.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use super::failure::Failure;
use super::voice::Voice;
use crate::conf::{Conf, parse, write};

const CLUSTER: &str = "/etc/pve";

/// One guest, whether it exists or not.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) id: u32,
    pub(super) voice: Voice,
    /// What was parsed last: the same text is not complained about again.
    seen: Option<String>,
}

impl Guest {
    pub(super) fn new(id: u32, voice: Voice) -> Self {
        Self { id, voice, seen: None }
    }

    /// The path of its file below `/etc/pve`, as messages have it.
    fn relative(&self) -> String {
        format!("nodes/{}/lxc/{}.conf", node_name(), self.id)
    }

    /// The text of its file.
    pub(super) fn text(&self) -> Result<String, Failure> {
        let path = PathBuf::from(CLUSTER).join(self.relative());
        match fs::read(&path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                ensure_cluster()?;
                let missing = format!("Configuration file '{}' does not exist", self.relative());
                Err(Failure::new(missing, 2))
            }
            Err(_) => Err(no_cluster()),
        }
    }

    /// What its file says. Complaints are made each time that the file is another one.
    pub(super) fn load(&mut self) -> Result<Conf, Failure> {
        let text = self.text()?;
        let parsed = parse(self.id, &text);
        if self.seen.as_ref() != Some(&text) {
            for warning in &parsed.warnings {
                self.voice.remark(warning);
            }
            self.seen = Some(text);
        }
        Ok(parsed.conf)
    }

    /// Replaces its file.
    pub(super) fn store(&self, conf: &Conf) -> Result<(), Failure> {
        let path = PathBuf::from(CLUSTER).join(self.relative());
        let new = path.with_extension(format!("conf.tmp.{}", std::process::id()));
        let failed =
            |error| Failure::system(&format!("unable to open file '{}'", new.display()), &error);
        let mut file = File::create(&new).map_err(failed)?;
        file.write_all(write(conf).as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|error| {
                // Only the file that is in the way of nobody is left behind when this fails too.
                let _ = fs::remove_file(&new);
                Failure::system(&format!("unable to write '{}'", path.display()), &error)
            })
    }
}

/// The refusal for a guest that is locked by a backup or the like.
pub(super) fn check_lock(conf: &Conf) -> Result<(), Failure> {
    match conf.main.get("lock") {
        Some(lock) => Err(Failure::new(format!("CT is locked ({lock})"), 255)),
        None => Ok(()),
    }
}

/// All guests of this node by their numbers.
pub(super) fn all() -> Result<BTreeMap<u32, Guest>, Failure> {
    let folder = format!("{CLUSTER}/nodes/{}/lxc", node_name());
    let entries = fs::read_dir(folder).map_err(|_| no_cluster())?;
    let number = |entry: fs::DirEntry| {
        entry.file_name().to_str()?.strip_suffix(".conf")?.parse::<u32>().ok()
    };
    let numbers = entries.filter_map(Result::ok).filter_map(number);
    Ok(numbers.map(|id| (id, Guest::new(id, Voice::Plain))).collect())
}

/// Without pmxcfs nothing is there at all.
pub(super) fn ensure_cluster() -> Result<(), Failure> {
    let members = PathBuf::from(CLUSTER).join(".members");
    if members.exists() { Ok(()) } else { Err(no_cluster()) }
}

fn no_cluster() -> Failure {
    let call = |number| format!("ipcc_send_rec[{number}] failed: Connection refused");
    let lines = [1, 2, 3].map(call).join("\n");
    let text = format!("{lines}\nUnable to load access control list: Connection refused");
    Failure::new(text, 111)
}

/// The name of this node: the host's, without the domain.
pub(super) fn node_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}
