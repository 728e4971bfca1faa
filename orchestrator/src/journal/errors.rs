//! What can be wrong with a journal, in words that say what to do.

use std::{io, path::Path};

use rusqlite::ErrorCode;

use crate::error::{Error, ErrorKind};

/// The file belongs to something else.
pub(super) fn foreign(path: &Path) -> Error {
    broken(path).cause("it is an SQLite database, and no journal of phoenix-orch")
}

/// A newer version has been here.
pub(super) fn newer(path: &Path, version: i64, newest: i64) -> Error {
    let message = format!("`{}` was written by a newer phoenix-orch", path.display());
    Error::new(ErrorKind::Internal, "JOURNAL-NEWER", message)
        .cause(format!("it has schema {version}, and this version knows none above {newest}"))
        .hint("Use the newer version, or name another folder with `--state-dir`; nothing was touched.")
}

pub(super) fn state_dir(folder: &Path, cause: &io::Error) -> Error {
    // `File exists` says the same, and nobody understands it.
    let cause = match cause.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "there is something that is no folder".to_owned()
        }
        _ => cause.to_string(),
    };
    Error::new(ErrorKind::Internal, "STATE-DIR", format!("`{}` cannot be used", folder.display()))
        .cause(cause)
        .hint("It must belong to root and be writable; `--state-dir` names another.")
}

pub(super) fn migration(path: &Path, error: &rusqlite_migration::Error) -> Error {
    match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => of(path, err),
        other => broken(path).cause(other),
    }
}

/// A content that should be there is not, or is another.
pub(super) fn lost(path: &Path, digest: &str) -> Error {
    let message = format!("`{}` does not have what a rollback needs any more", path.display());
    Error::new(ErrorKind::Internal, "JOURNAL-CONTENT-LOST", message)
        .cause(format!("the contents with SHA-256 {digest} are gone or damaged"))
        .hint("Bring the file back by hand; `runs show` says which it was.")
}

pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Error {
    use ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase,
        PermissionDenied, ReadOnly, SystemIoFailure,
    };
    let refused = |hint: &str| {
        let message = format!("`{}` cannot be written", path.display());
        Error::new(ErrorKind::Internal, "JOURNAL-UNWRITABLE", message).cause(error).hint(hint)
    };
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => broken(path).cause(error),
        Some(DiskFull) => refused("Make room on the disk of the state folder, then run again."),
        Some(SystemIoFailure | ReadOnly | CannotOpen | PermissionDenied) => {
            refused("See that its folder is on a healthy, writable disk, then run again.")
        }
        Some(DatabaseBusy | DatabaseLocked) => {
            refused("Something holds it open for long; end that (`fuser`), then run again.")
        }
        _ => broken(path).cause(error),
    }
}

fn broken(path: &Path) -> Error {
    let message = format!("`{}` cannot be understood", path.display());
    Error::new(ErrorKind::Internal, "JOURNAL-BROKEN", message).hint(format!(
        "Move it away with its `-wal` and `-shm` files (`mv {0} {0}.broken`), and run again; runs in it can \
         then not be rolled back.",
        path.display()
    ))
}

/// An event that cannot be read.
pub(super) fn unreadable(path: &Path, run: &str, error: &dyn std::fmt::Display) -> Error {
    broken(path).cause(format!("run {run}: {error}"))
}
