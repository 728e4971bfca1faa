//! What a running Docker has said of itself, kept for as long as it runs: it starts two programs for each `/info`, which is most
//! of what a look at a converged container costs the host, and chooses its storage driver once, when it starts.
//!
//! Which Docker that is, systemd tells: it gives another name to each time for which a service runs (`InvocationID`). A container
//! that lies about it could lie about the driver as well.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::trust::Kept;

/// What cannot change while Docker runs.
const FIXED: [&str; 2] = ["Driver", "DriverStatus"];
/// The drivers with a status in which nothing is counted, in Docker's own JSON. That of zfs, for one, tells how much
/// space is left.
const STEADY: [&str; 2] = ["\"fuse-overlayfs\"", "\"overlay2\""];
/// What Docker says of its driver is a few hundred bytes; more of it is not kept.
const LONGEST: usize = 4096;
/// How many are kept, one for each container: more than a host has.
const MOST: usize = 16_384;

/// The Dockers of all containers.
#[derive(Debug)]
pub struct Dockers(Kept);

/// That of one container.
#[derive(Debug, Clone, Copy)]
pub struct KnownDocker<'a> {
    kept: &'a Kept,
    container: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Document {
    /// The time for which it was true.
    invocation: [u8; 16],
    /// Fields of `/info`, as Docker has written them.
    info: BTreeMap<String, Box<RawValue>>,
}

impl Dockers {
    /// Those that are kept in the folder of what phoenix-orch remembers.
    pub fn kept_in(state_dir: &Path) -> Self {
        Self(Kept::in_folder(state_dir, "dockers", MOST))
    }

    /// That of a container with this name.
    pub fn of<'a>(&'a self, container: &'a str) -> KnownDocker<'a> {
        KnownDocker { kept: &self.0, container }
    }
}

impl KnownDocker<'_> {
    /// What that Docker has said of these fields, as an answer of `/info` has them, if it has said something of each and runs still.
    pub(super) fn known(self, invocation: [u8; 16], fields: &[&str]) -> Option<Vec<u8>> {
        if !fields.iter().all(|field| FIXED.contains(field)) {
            return None;
        }
        let document: Document = self.kept.known(self.container.as_bytes())?;
        (document.invocation == invocation).then(|| serde_json::to_vec(&document.info).ok())?
    }

    /// Keeps what can be kept of an answer of `/info`. `invocation` was asked for before it: if it is another Docker that has answered, this
    /// is kept for one that will never run again.
    pub(super) fn keep(self, invocation: [u8; 16], answer: &[u8]) {
        let Ok(mut info) = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(answer) else {
            return;
        };
        let is_well = info.get("ServerErrors").is_none_or(|errors| errors.get() == "null");
        let is_steady = info.get("Driver").is_some_and(|driver| STEADY.contains(&driver.get()));
        info.retain(|field, _| FIXED.contains(&field.as_str()));
        let length: usize = info.values().map(|value| value.get().len()).sum();
        if is_well && is_steady && info.len() == FIXED.len() && length <= LONGEST {
            self.kept.keep(self.container.as_bytes(), &Document { invocation, info });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Dockers, LONGEST};

    const NOW: [u8; 16] = [7; 16];
    const LATER: [u8; 16] = [8; 16];

    #[test]
    fn what_a_docker_has_said_is_known_while_it_runs_and_byte_by_byte() {
        let folder = tempfile::tempdir().unwrap();
        let dockers = Dockers::kept_in(folder.path());
        let (web, mail) = (dockers.of("web"), dockers.of("mail"));
        assert_eq!(web.known(NOW, &["Driver"]), None);
        web.keep(
            NOW,
            br#"{"ID":"x","Driver":"fuse-overlayfs","DriverStatus":[["a","<b\u003e"]],"Images":3}"#,
        );
        let known = br#"{"Driver":"fuse-overlayfs","DriverStatus":[["a","<b\u003e"]]}"#.to_vec();
        assert_eq!(web.known(NOW, &["Driver"]), Some(known.clone()));
        assert_eq!(web.known(NOW, &["DriverStatus", "Driver"]), Some(known));
        assert_eq!(web.known(NOW, &["Driver", "Images"]), None);
        assert_eq!(web.known(LATER, &["Driver"]), None);
        assert_eq!(mail.known(NOW, &["Driver"]), None);
    }

    #[test]
    fn what_may_change_while_it_runs_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let dockers = Dockers::kept_in(folder.path());
        let long = format!(r#"{{"Driver":"overlay2","DriverStatus":"{}"}}"#, "x".repeat(LONGEST));
        for answer in [
            r#"{"Driver":"zfs","DriverStatus":[["Space Available","1"]]}"#,
            r#"{"Driver":"overlay2"}"#,
            r#"{"Driver":"overlay2","DriverStatus":null,"ServerErrors":["x"]}"#,
            r#"{"Driver":7,"DriverStatus":null}"#,
            "",
            "[]",
            &long,
        ] {
            dockers.of("web").keep(NOW, answer.as_bytes());
            assert_eq!(dockers.of("web").known(NOW, &["Driver"]), None, "{answer}");
        }
        let steady = br#"{"Driver":"overlay2","DriverStatus":null,"ServerErrors":null}"#;
        dockers.of("web").keep(NOW, steady);
        assert!(dockers.of("web").known(NOW, &["Driver"]).is_some());
    }
}
