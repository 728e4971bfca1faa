//! What is at a path of the host.

use std::{io, os::fd::AsFd as _};

use phoenix_sdk::FileState;
use rustix::fs::OFlags;

use super::NAME;
use crate::{
    error::Result,
    transport::{
        errors,
        place::{self, LOOK},
    },
};

/// What is at a path. Only regular files are opened: a named pipe would wait for a writer for ever, and
/// opening a device can do things.
pub(super) fn file(path: &str) -> Result<FileState> {
    errors::validate_path("FILE-READ", path)?;
    state(path).map_err(|error| errors::unreadable(path, NAME, error))
}

pub(super) fn state(path: &str) -> io::Result<FileState> {
    match place::at(path, LOOK)? {
        Some(place) => place::state(place.as_fd()),
        None => Ok(FileState::Absent),
    }
}

/// The names in a folder, or nothing if there is none. That a file is no folder is another answer than that
/// nothing is there.
pub(super) fn folder(path: &str) -> Result<Option<Vec<String>>> {
    errors::validate_path("FILE-READ", path)?;
    place::at(path, LOOK.difference(OFlags::NOFOLLOW))
        .and_then(|place| place.map(|place| place::names(place.as_fd())).transpose())
        .map_err(|error| errors::unreadable(path, NAME, error))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use phoenix_sdk::{FileState, MAX_FILE};
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::{file, folder};

    #[test]
    fn everything_that_can_be_at_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("{}/{name}", folder.path().display());
        fs::write(at("file"), b"\xff\0x").unwrap();
        fs::File::create(at("large")).unwrap().set_len(MAX_FILE + 1).unwrap();
        symlink("/no where", at("link")).unwrap();
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();

        let state = file(&at("file")).unwrap();
        assert_eq!(state.content().unwrap().0, b"\xff\0x");
        assert_eq!(file(&at("large")).unwrap(), FileState::TooLarge { size: MAX_FILE + 1 });
        assert_eq!(file(&at("link")).unwrap(), FileState::Symlink { target: "/no where".into() });
        assert_eq!(file(&at("pipe")).unwrap(), FileState::Other);
        assert_eq!(file(&at("absent")).unwrap(), FileState::Absent);
        assert_eq!(file(&at("file/below")).unwrap(), FileState::Absent);
        assert_eq!(file(&at("")).unwrap().kind(), "a folder");
        assert!(matches!(
            file("/dev/null").unwrap(),
            FileState::Device { block: false, major: 1, minor: 3, .. }
        ));
        assert!(!file("/proc/self/status").unwrap().content().unwrap().0.is_empty());
        assert_eq!(file("relative").unwrap_err().code, "FILE-READ");
    }

    #[test]
    fn names_are_sorted_and_a_file_is_no_folder() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().to_str().unwrap();
        for name in ["b", ".a", "line\nend"] {
            fs::write(place.path().join(name), "").unwrap();
        }
        assert_eq!(folder(path).unwrap().unwrap(), [".a", "b", "line\nend"]);
        assert_eq!(folder(&format!("{path}/absent")).unwrap(), None);
        assert_eq!(folder(&format!("{path}/b")).unwrap_err().code, "FILE-READ");
    }
}
