//! May this file be loaded into a process of root?

use std::{
    fs::{self, File, Metadata},
    path::Path,
};

use crate::{
    error::{Error, ErrorKind, Result},
    trust::distrust,
};

/// Opens a library if nobody but root and the caller could have changed it: a regular file, and every
/// folder above it, owned by one of the two and not writable by others. The open file is what is loaded
/// afterwards, so that it cannot be exchanged in between.
///
/// # Errors
/// `PLUGIN-MISSING` or `PLUGIN-UNTRUSTED`, with the path that is to blame.
pub(super) fn open(path: &Path) -> Result<File> {
    let real = fs::canonicalize(path).map_err(|error| unreadable(path, &error))?;
    let file = File::open(&real).map_err(|error| unreadable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(refuse(path, format!("`{}` is not a regular file", real.display())));
    }
    belongs(path, &real, &metadata)?;
    for folder in real.ancestors().skip(1) {
        let metadata = fs::metadata(folder).map_err(|error| unreadable(folder, &error))?;
        belongs(path, folder, &metadata)?;
    }
    Ok(file)
}

fn belongs(library: &Path, path: &Path, metadata: &Metadata) -> Result<()> {
    distrust(path, metadata).map_or(Ok(()), |why| Err(refuse(library, why)))
}

fn refuse(library: &Path, why: String) -> Error {
    Error::new(
        ErrorKind::Plugin,
        "PLUGIN-UNTRUSTED",
        format!("`{}` could have been changed by somebody else", library.display()),
    )
    .cause(why)
    .hint("Make root (or yourself) its owner, and take the right to write from group and others.")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Plugin, "PLUGIN-MISSING", format!("cannot open `{}`", path.display()))
        .cause(error)
        .hint("Correct `library` or `plugin_dirs` in plugins.toml, or install the plugin.")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn whatever_others_could_have_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libx.so");
        fs::write(&path, "x").unwrap();
        assert!(super::open(&path).is_ok());
        for (what, mode) in [(&path, 0o664), (&folder.path().to_path_buf(), 0o777)] {
            let before = fs::metadata(what).unwrap().permissions();
            fs::set_permissions(what, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(super::open(&path).unwrap_err().code, "PLUGIN-UNTRUSTED", "{mode:o}");
            fs::set_permissions(what, before).unwrap();
        }
        assert_eq!(super::open(folder.path()).unwrap_err().code, "PLUGIN-UNTRUSTED");
        assert_eq!(super::open(&folder.path().join("no")).unwrap_err().code, "PLUGIN-MISSING");
    }
}
