//! A page in a file: whole or not at all, and for nobody but the operator.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use crate::{
    error::{Error, ErrorKind, Result},
    transport::printable,
};

/// Writes it with mode 0600 from the beginning, for differences of files may hold secrets. An earlier page is replaced; a
/// folder, a link, a device is not.
///
/// # Errors
/// `PAGE-UNWRITABLE`; what was there stays then.
pub(super) fn write(path: &Path, page: &str) -> Result<()> {
    let unwritable = |cause: String| {
        let message = format!("`{}` cannot be written", printable(&path.to_string_lossy()));
        Error::new(ErrorKind::Usage, "PAGE-UNWRITABLE", message)
            .cause(cause)
            .hint("Choose another file, or `--html -` for standard output.")
    };
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => {
            return Err(unwritable(format!("a {} is there", kind(there.file_type()))));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unwritable(error.to_string())),
    }
    replace(path, page).map_err(|error| unwritable(error.to_string()))
}

fn replace(path: &Path, page: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(page.as_bytes())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn kind(kind: fs::FileType) -> &'static str {
    match kind {
        _ if kind.is_dir() => "folder",
        _ if kind.is_symlink() => "symbolic link",
        _ => "device, pipe or socket",
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_page_is_for_the_operator_and_replaces_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.html");
        for page in ["one", "two"] {
            write(&path, page).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), page);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_else_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::create_dir(place("folder")).unwrap();
        symlink("/etc/passwd", place("link")).unwrap();
        for (name, cause) in [
            ("folder", "a folder is there"),
            ("link", "a symbolic link is there"),
            ("missing/page", "No such file or directory (os error 2)"),
        ] {
            let error = write(&place(name), "page").unwrap_err();
            assert_eq!((error.code.as_str(), error.kind.exit_code()), ("PAGE-UNWRITABLE", 2));
            assert!(error.causes[0].starts_with(cause), "{error}");
        }
        assert!(fs::symlink_metadata(place("link")).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
