//! Which distribution a machine runs.

use crate::{FileState, Result, StepError};

/// The part of `os-release(5)` that steps decide by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OsRelease {
    /// `debian`, `ubuntu`, ...
    pub id: String,
    /// `12`, `24.04`, ...; empty for rolling distributions.
    pub version: String,
    /// `bookworm`, `noble`, ...; empty if the distribution has none.
    pub codename: String,
    /// `PRETTY_NAME`, for messages.
    pub pretty: String,
}

impl OsRelease {
    /// Where it is; the first is a link to the second on most systems, and links are not followed.
    pub(crate) const PATHS: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

    /// Reads the first of [`Self::PATHS`] that is a regular file.
    pub(crate) fn first(seen: Vec<Result<FileState>>) -> Result<Self> {
        let mut found = FileState::Absent;
        for state in seen {
            match state? {
                state @ FileState::Regular { .. } => return Self::parse(&state),
                FileState::Absent => {}
                state => found = state,
            }
        }
        Self::parse(&found)
    }

    /// Reads the file's contents.
    ///
    /// # Errors
    /// `OS-UNKNOWN` when there is no such file or it has no `ID`.
    pub fn parse(file: &FileState) -> Result<Self> {
        let text = file.content().map(crate::Bytes::to_text).unwrap_or_default();
        let value = |wanted: &str| {
            text.lines()
                .filter_map(|line| line.split_once('='))
                .find(|(key, _)| key.trim() == wanted)
                .map(|(_, value)| value.trim().trim_matches(['"', '\'']).to_owned())
                .unwrap_or_default()
        };
        let id = value("ID");
        if id.is_empty() {
            return Err(StepError::new("OS-UNKNOWN", "`/etc/os-release` names no distribution")
                .cause(format!("found {}", file.kind()))
                .hint("Supported are Debian 12 and 13 and Ubuntu 22.04 and 24.04."));
        }
        let pretty = value("PRETTY_NAME");
        Ok(Self {
            pretty: if pretty.is_empty() { id.clone() } else { pretty },
            version: value("VERSION_ID"),
            codename: value("VERSION_CODENAME"),
            id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{FileState, OsRelease};
    use crate::Permissions;

    fn file(text: &str) -> FileState {
        FileState::Regular {
            content: text.into(),
            permissions: Permissions { mode: 0o644, uid: 0, gid: 0 },
        }
    }

    #[test]
    fn quotes_and_missing_lines() {
        let os =
            OsRelease::parse(&file("ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"));
        let os = os.unwrap();
        assert_eq!(
            (&*os.id, &*os.version, &*os.codename, &*os.pretty),
            ("debian", "12", "bookworm", "debian")
        );
        assert_eq!(OsRelease::parse(&file("")).unwrap_err().code, "OS-UNKNOWN");
        assert_eq!(OsRelease::parse(&FileState::Absent).unwrap_err().code, "OS-UNKNOWN");
    }
}
