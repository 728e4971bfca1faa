//! A result in a file: whole or not at all, with its mode from the beginning.

use std::{
    fs::{self, Permissions},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

/// Writes it in the place of an earlier one. A folder, a link, a device is not replaced; what was there stays then.
///
/// # Errors
/// Why it cannot be written, as a fragment.
pub(super) fn write(path: &Path, mode: u32, text: &str) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => {
            return Err(format!("a {} is there", kind(there.file_type())));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.to_string()),
    }
    replace(path, mode, text).map_err(|error| error.to_string())
}

fn replace(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    // Nobody else can read it until here, and whatever the umask says, it becomes what was asked for.
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
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
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn an_earlier_one_is_replaced_and_the_mode_is_what_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.html");
        for (text, mode) in [("one", 0o600), ("two", 0o644), ("three", 0o600)] {
            write(&path, mode, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode);
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
            let why = write(&place(name), 0o600, "page").unwrap_err();
            assert!(why.starts_with(cause), "{why}");
        }
        assert!(fs::symlink_metadata(place("link")).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
