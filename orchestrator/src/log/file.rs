//! `--log-file`: a JSON document a line, appended.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
    sync::Arc,
};

use rustix::fs::OFlags;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use super::line;
use crate::error::{Error, ErrorKind, Result};

/// Read or written by the group is a matter of the administrator's; by all others it is none.
const OTHERS: u32 = 0o007;
/// Whoever can write could tell lies about what was done.
const WRITTEN_BY_GROUP: u32 = 0o020;

/// The file, appended to in whole lines.
#[derive(Debug, Clone)]
pub(super) struct LogFile(Arc<File>);

/// Opens it, or makes it with mode 0600. It is never waited for, and no symbolic link is followed at its end.
pub(super) fn open(path: &Path) -> Result<LogFile> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    // `O_` flags fit: they are the kernel's own, of an `int`.
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file =
        OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path);
    let file = file.map_err(|error| refused(path, "cannot be opened").cause(error))?;
    let metadata =
        file.metadata().map_err(|error| refused(path, "cannot be looked at").cause(error))?;
    let caller = rustix::process::geteuid().as_raw();
    if !metadata.is_file() {
        return Err(refused(path, "is no regular file"));
    }
    if metadata.uid() != 0 && metadata.uid() != caller {
        return Err(refused(path, &format!("belongs to the user {}", metadata.uid())));
    }
    if metadata.mode() & (OTHERS | WRITTEN_BY_GROUP) != 0 {
        let mode = metadata.mode() & 0o7777;
        return Err(refused(
            path,
            &format!("could be read or written by others (mode {mode:04o})"),
        ));
    }
    Ok(LogFile(Arc::new(file)))
}

fn refused(path: &Path, why: &str) -> Error {
    let message = format!("the log file `{}` {why}", path.display());
    Error::new(ErrorKind::Usage, "LOG-FILE", message)
        .hint("Name a file in a folder that is yours alone; a new file is made with mode 0600.")
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for LogFile {
    /// An event comes whole, in one piece, and goes to the file in one.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if let Some(record) = line::of(event) {
            (&*self.0).write_all(format!("{}\n", Value::Object(record)).as_bytes())?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::*;

    #[test]
    fn it_is_private_from_the_beginning_and_what_is_not_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);

        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        open(&path).unwrap();
        for mode in [0o644, 0o660, 0o602] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = open(&path).unwrap_err();
            assert_eq!(error.code, "LOG-FILE");
            assert!(error.message.contains(&format!("{mode:04o}")), "{error}");
        }
        symlink(&path, folder.path().join("link")).unwrap();
        for other in ["link", "", "no/where"] {
            assert_eq!(open(&folder.path().join(other)).unwrap_err().code, "LOG-FILE", "{other}");
        }
        assert!(open(Path::new("/dev/null")).unwrap_err().message.contains("no regular file"));
    }
}
