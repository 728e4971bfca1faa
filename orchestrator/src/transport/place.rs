//! What is at an open place. A place is opened with [`LOOK`]: nothing happens to what is there, not even to a device or
//! a named pipe, and nobody can put something else under it afterwards.

use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd},
};

use phoenix_sdk::{Bytes, FileState, MAX_FILE, Permissions};
use rustix::fs::{
    CWD, FileType, Mode, OFlags, Stat, fstat, major, minor, open, openat, readlinkat,
};

/// How a place is opened that is to be looked at. A symbolic link is a place of its own.
pub(super) const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// A place on this machine, or nothing if nothing is there.
pub(super) fn at(path: &str, flags: OFlags) -> io::Result<Option<OwnedFd>> {
    found(openat(CWD, path, flags, Mode::empty()))
}

/// Nothing, if nothing is there for certain. A path below a file is absent too.
pub(super) fn found(opened: rustix::io::Result<OwnedFd>) -> io::Result<Option<OwnedFd>> {
    match opened {
        Ok(place) => Ok(Some(place)),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What is there. Contents and permissions are from one descriptor, so they belong together.
pub(super) fn state(place: BorrowedFd<'_>) -> io::Result<FileState> {
    let seen = fstat(place)?;
    let permissions = permissions(&seen);
    Ok(match FileType::from_raw_mode(seen.st_mode) {
        FileType::RegularFile => match content(place, MAX_FILE)? {
            Ok(content) => FileState::Regular { content: Bytes(content), permissions },
            Err(size) => FileState::TooLarge { size },
        },
        FileType::Directory => FileState::Folder { permissions },
        FileType::Symlink => {
            let target = readlinkat(place, "", Vec::new())?;
            FileState::Symlink { target: target.to_string_lossy().into_owned() }
        }
        kind @ (FileType::BlockDevice | FileType::CharacterDevice) => FileState::Device {
            block: kind == FileType::BlockDevice,
            major: major(seen.st_rdev),
            minor: minor(seen.st_rdev),
            permissions,
        },
        _ => FileState::Other,
    })
}

/// All of a regular file, or its size in bytes if it is larger than the limit.
///
/// # Errors
/// When it is none, or the kernel does not let it be read.
pub(super) fn content(place: BorrowedFd<'_>, limit: u64) -> io::Result<Result<Vec<u8>, u64>> {
    let seen = fstat(place)?;
    // Anything else must not even be opened.
    if FileType::from_raw_mode(seen.st_mode) != FileType::RegularFile {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let size = u64::try_from(seen.st_size).unwrap_or(u64::MAX);
    if size > limit {
        return Ok(Err(size));
    }
    let file: File = opened(place, OFlags::RDONLY)?.into();
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    // Files of the kernel say that they are empty, so the size alone does not tell.
    file.take(limit + 1).read_to_end(&mut content)?;
    let read = content.len() as u64;
    Ok(if read > limit { Err(read) } else { Ok(content) })
}

/// The names in a folder, sorted, without `.` and `..`.
pub(super) fn names(place: BorrowedFd<'_>) -> io::Result<Vec<String>> {
    let folder = opened(place, OFlags::RDONLY | OFlags::DIRECTORY)?;
    let mut names = rustix::fs::Dir::read_from(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !matches!(name.as_deref(), Ok("." | "..")))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// The very thing at a place, to be read.
fn opened(place: BorrowedFd<'_>, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(open(link(place), flags, Mode::empty())?)
}

/// A path that leads to a place whatever has become of its names.
pub(super) fn link(place: impl AsFd) -> String {
    format!("/proc/self/fd/{}", place.as_fd().as_raw_fd())
}

fn permissions(seen: &Stat) -> Permissions {
    Permissions { mode: seen.st_mode & 0o7777, uid: seen.st_uid, gid: seen.st_gid }
}
