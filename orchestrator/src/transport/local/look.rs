use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
};

use phoenix_sdk::{Bytes, FileState, MAX_FILE, Permissions};
use rustix::fs::{OFlags, major, minor};

use super::NAME;
use crate::{error::Result, transport::errors};

/// What is at a path. Only regular files are opened: a named pipe would wait for a writer for ever, and
/// opening a device can do things.
pub(super) fn file(path: &str) -> Result<FileState> {
    errors::validate_path("FILE-READ", path)?;
    state(path).map_err(|error| errors::unreadable(path, NAME, error))
}

pub(super) fn state(path: &str) -> io::Result<FileState> {
    let seen = match fs::symlink_metadata(path) {
        Ok(seen) => seen,
        Err(error) if is_absent(&error) => return Ok(FileState::Absent),
        Err(error) => return Err(error),
    };
    let (kind, permissions) = (seen.file_type(), permissions(&seen));
    if kind.is_file() {
        return regular(path);
    }
    Ok(if kind.is_dir() {
        FileState::Folder { permissions }
    } else if kind.is_symlink() {
        FileState::Symlink { target: fs::read_link(path)?.to_string_lossy().into_owned() }
    } else if kind.is_block_device() || kind.is_char_device() {
        let number = seen.rdev();
        FileState::Device {
            block: kind.is_block_device(),
            major: major(number),
            minor: minor(number),
            permissions,
        }
    } else {
        FileState::Other
    })
}

/// Contents and permissions from one descriptor, so they belong together.
fn regular(path: &str) -> io::Result<FileState> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file: File = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    let seen = file.metadata()?;
    if !seen.is_file() {
        return Err(io::Error::other("it was replaced while it was read"));
    }
    let mut content = Vec::new();
    // Files of the kernel say that they are empty, so the size alone does not tell.
    if seen.len() <= MAX_FILE {
        file.take(MAX_FILE + 1).read_to_end(&mut content)?;
    }
    let size = seen.len().max(content.len() as u64);
    Ok(if size > MAX_FILE {
        FileState::TooLarge { size }
    } else {
        FileState::Regular { content: Bytes(content), permissions: permissions(&seen) }
    })
}

/// The names in a folder, or nothing if there is none.
pub(super) fn folder(path: &str) -> Result<Option<Vec<String>>> {
    errors::validate_path("FILE-READ", path)?;
    let names = || -> io::Result<Option<Vec<String>>> {
        // That a file is no folder is another answer than that nothing is there.
        match fs::metadata(path) {
            Err(error) if is_absent(&error) => return Ok(None),
            other => other?,
        };
        let mut names = fs::read_dir(path)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(Some(names))
    };
    names().map_err(|error| errors::unreadable(path, NAME, error))
}

fn permissions(seen: &fs::Metadata) -> Permissions {
    Permissions { mode: seen.mode() & 0o7777, uid: seen.uid(), gid: seen.gid() }
}

/// Nothing is there, for certain. A path below a file is absent too.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
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
