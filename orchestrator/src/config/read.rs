//! Reads plugins.toml, or another file that root acts on, and refuses whatever cannot be one without reading it
//! whole or waiting for it.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use super::codes;
use super::shown::shown;
use super::source::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::trust::{Stop, distrust, way};

/// The largest file that is read, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// A file that is named on the command line, in the words of an error message.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// What such a file is called.
    pub what: &'static str,
    /// How it is named.
    pub option: &'static str,
}

/// The catalogue.
pub(super) const CATALOGUE: Named = Named { what: super::FILE_NAME, option: "--config FILE" };

/// The file's text.
///
/// # Errors
/// `CONFIG-MISSING`, `CONFIG-UNREADABLE`, `CONFIG-NOT-A-FILE`, `CONFIG-UNTRUSTED`,
/// `CONFIG-TOO-LARGE`, `CONFIG-NOT-TEXT`.
pub fn read(path: &Path, named: Named) -> Result<Source> {
    // Opening some devices has effects, so it is looked at before it is opened, and once more after,
    // for it may have been replaced in between. Opening a pipe that nobody writes to would wait for
    // ever without NONBLOCK, which means nothing for regular files.
    acceptable(path, named, &path.metadata().map_err(|error| unreadable(path, named, &error))?)?;
    // What the file says is done by root, so nobody else may have had a say in which file this is.
    let absolute = std::path::absolute(path).map_err(|error| unreadable(path, named, &error))?;
    let real = way(&absolute).map_err(|stop| match stop {
        Stop::Untrusted(why) => untrusted(path, &why),
        Stop::Unreadable(_, error) => unreadable(path, named, &error),
    })?;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let file = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(&real)
        .map_err(|error| unreadable(path, named, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, named, &error))?;
    acceptable(path, named, &metadata)?;
    if let Some(why) = distrust(&real, &metadata) {
        return Err(untrusted(path, &why));
    }

    // The size may be a lie (files in /proc) or grow while it is read.
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, named, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(too_large(path, named, "more than 1 MiB"));
    }
    text(path, bytes)
}

fn untrusted(path: &Path, why: &str) -> Error {
    let name = shown(&path.to_string_lossy());
    let message = format!("`{name}` could have been written by somebody else");
    Error::new(ErrorKind::Config, codes::UNTRUSTED, message).cause(shown(why)).hint(
        "Make root (or yourself) its owner, and take the right to write from group and others.",
    )
}

/// Refuses by type and size, before any byte is read.
fn acceptable(path: &Path, named: Named, metadata: &Metadata) -> Result<()> {
    if !metadata.is_file() {
        let name = shown(&path.to_string_lossy());
        let what = kind(metadata.file_type());
        let message = format!("`{name}` is {what}, not a file");
        let error = Error::new(ErrorKind::Config, codes::NOT_A_FILE, message);
        let inside = path.join(named.what);
        return Err(if inside.is_file() {
            error.hint(format!("Did you mean `{}`?", shown(&inside.to_string_lossy())))
        } else {
            error.hint("Name a regular file.")
        });
    }
    if metadata.len() > LARGEST {
        return Err(too_large(path, named, &format!("{} bytes", metadata.len())));
    }
    Ok(())
}

fn kind(file_type: FileType) -> &'static str {
    if file_type.is_dir() {
        "a directory"
    } else if file_type.is_fifo() {
        "a pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<Source> {
    let name = shown(&path.to_string_lossy());
    // No text has a NUL byte; what has one is a program, an image, or text in UTF-16.
    if bytes.contains(&0) {
        let message = format!("`{name}` is a binary file");
        return Err(Error::new(ErrorKind::Config, codes::NOT_TEXT, message)
            .hint("Check that this is the right file, and that it is saved as UTF-8."));
    }
    String::from_utf8(bytes).map(|text| Source::new(path, text)).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        let source = Source::new(path, String::from_utf8_lossy(error.as_bytes()));
        source
            .error(
                at..at + 1,
                codes::NOT_TEXT,
                format!("`{name}` is not UTF-8"),
                &format!("the byte 0x{byte:02x} is not valid here"),
            )
            .hint("Save the file as UTF-8.")
    })
}

fn too_large(path: &Path, named: Named, size: &str) -> Error {
    let name = shown(&path.to_string_lossy());
    Error::new(ErrorKind::Config, codes::TOO_LARGE, format!("`{name}` is too large: {size}")).hint(
        format!(
            "The largest `{}` that is read has 1 MiB: check that this is the right file.",
            named.what
        ),
    )
}

fn unreadable(path: &Path, named: Named, error: &io::Error) -> Error {
    let name = shown(&path.to_string_lossy());
    if error.kind() != io::ErrorKind::NotFound {
        let message = format!("cannot read `{name}`");
        return Error::new(ErrorKind::Config, codes::UNREADABLE, message)
            .cause(error)
            .hint("Check the rights of the file and of the folders above it.");
    }
    let missing = Error::new(ErrorKind::Config, codes::MISSING, format!("`{name}` does not exist"));
    match path.read_link() {
        Ok(to) => missing.cause(format!(
            "it is a symbolic link to `{}`, and nothing is there",
            shown(&to.to_string_lossy())
        )),
        Err(_) => missing,
    }
    .hint(format!("Name the file with `{}`.", named.option))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn refused(bytes: &[u8]) -> Error {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugins.toml");
        std::fs::write(&path, bytes).unwrap();
        read(&path, CATALOGUE).unwrap_err()
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(refused(b"\x7fELF\x02\x01\x01\0\0").code, codes::NOT_TEXT);
        let error = refused(b"format = 1\nname = \"M\xfcller\"\n");
        assert_eq!(error.code, codes::NOT_TEXT);
        let excerpt = error.excerpt.unwrap();
        assert!(excerpt.contains(":2:10"), "{excerpt}");
        assert!(excerpt.contains("^ the byte 0xfc is not valid here"), "{excerpt}");
    }

    #[test]
    fn a_large_file_is_refused_by_its_size_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugins.toml");
        // Sparse: reading a terabyte would be noticed.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(read(&path, CATALOGUE).unwrap_err().code, codes::TOO_LARGE);

        std::fs::write(&path, vec![b'#'; LARGEST as usize]).unwrap();
        assert_eq!(read(&path, CATALOGUE).unwrap().text().len(), LARGEST as usize);
        std::fs::write(&path, vec![b'#'; LARGEST as usize + 1]).unwrap();
        assert_eq!(read(&path, CATALOGUE).unwrap_err().code, codes::TOO_LARGE);
    }

    #[test]
    fn what_somebody_else_could_have_put_there_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugins.toml");
        std::fs::write(&path, "").unwrap();
        for (what, mode) in [(path.as_path(), 0o666), (dir.path(), 0o777)] {
            let good = std::fs::metadata(what).unwrap().permissions();
            std::fs::set_permissions(what, PermissionsExt::from_mode(mode)).unwrap();
            let error = read(&path, CATALOGUE).unwrap_err();
            assert_eq!(error.code, codes::UNTRUSTED);
            assert!(error.causes[0].contains(&format!("has mode {mode:04o}")), "{error}");
            std::fs::set_permissions(what, good).unwrap();
        }
        read(&path, CATALOGUE).unwrap();
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let error = read(dir.path(), CATALOGUE).unwrap_err();
        assert_eq!(error.code, codes::NOT_A_FILE);
        assert!(error.message.contains("a directory"), "{error}");

        std::fs::write(dir.path().join("plugins.toml"), "").unwrap();
        assert!(read(dir.path(), CATALOGUE).unwrap_err().hints[0].contains("/plugins.toml"));

        let pipe = dir.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(read(&pipe, CATALOGUE).unwrap_err().message.contains("a pipe"));

        let error = read(Path::new("/dev/zero"), CATALOGUE).unwrap_err();
        assert!(error.message.contains("a device"), "{error}");
    }

    #[test]
    fn what_is_not_there_is_missing_and_names_are_shown_harmlessly() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        let error = read(&link, CATALOGUE).unwrap_err();
        assert_eq!(error.code, codes::MISSING);
        assert!(error.causes[0].contains("`nowhere`"), "{error}");

        let odd = dir.path().join(std::ffi::OsStr::from_bytes(b"\x1b[2J\xff"));
        assert!(!read(&odd, CATALOGUE).unwrap_err().to_string().contains('\u{1b}'));

        std::fs::write(dir.path().join("file"), "").unwrap();
        let error = read(&dir.path().join("file/plugins.toml"), CATALOGUE).unwrap_err();
        assert_eq!(error.code, codes::UNREADABLE);
        assert_eq!(error.causes.len(), 1);
    }
}
