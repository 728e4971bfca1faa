//! Who holds a lock, in the words of its file. Pure but for one look at the process.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the file's form. A holder who writes another form is one who cannot be named.
const FORMAT: u32 = 1;

/// Who holds a lock, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    format: u32,
    /// The process.
    pub pid: u32,
    /// The name of its run.
    pub run: String,
    /// When it took the lock, by the host's clock.
    pub since: Timestamp,
}

impl Holder {
    /// This process, from now on.
    pub(super) fn me(run: &str) -> Self {
        let since = Timestamp::now();
        Self { format: FORMAT, pid: std::process::id(), run: run.to_owned(), since }
    }

    /// What the file says, if it says anything: the holder may be about to write it.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().filter(|holder: &Self| holder.format == FORMAT)
    }

    /// Whether there is such a process. One that was killed leaves its words in the file, and the next
    /// holder needs a moment to replace them.
    pub(super) fn lives(&self) -> bool {
        Path::new("/proc").join(self.pid.to_string()).exists()
    }

    /// The holder in words, also when nobody knows it.
    pub(super) fn describe(holder: Option<&Self>) -> String {
        match holder {
            Some(Self { pid, run, since, .. }) => {
                format!("run `{run}` (process {pid}) since {since:.0}")
            }
            None => "another run, which has not said its name".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;

    #[test]
    fn a_holder_is_named_with_run_process_and_time() {
        let text = r#"{"format":1,"pid":7,"run":"a-7","since":"2026-11-24T17:00:00.5Z","new":1}"#;
        let holder = Holder::read(text.as_bytes());
        let words = Holder::describe(holder.as_ref());
        assert_eq!(words, "run `a-7` (process 7) since 2026-11-24T17:00:00Z");
    }

    #[test]
    fn any_other_contents_are_nobody() {
        let mine = serde_json::to_vec(&Holder::me("r")).unwrap();
        assert!(Holder::read(&mine).is_some_and(|holder| holder.lives()));
        for text in [&mine[..mine.len() - 1], b"", b"\xff\0", b"{}", b"[1]"] {
            assert_eq!(Holder::read(text), None);
        }
        let other = String::from_utf8(mine).unwrap().replace("\"format\":1", "\"format\":2");
        assert_eq!(Holder::read(other.as_bytes()), None);
        assert_eq!(Holder::describe(None), "another run, which has not said its name");
    }
}
