//! All files of a new step, or none.

use std::{fs, io, path::Path};

use super::template::File;
use crate::error::{Error, ErrorKind, Result};

/// Makes a folder with these files. It is made beside its place and moved there when it is whole: what a
/// rename puts a folder upon is an empty folder or an error, so nothing is ever overwritten.
///
/// # Errors
/// `NEW-UNWRITABLE`; then nothing is left.
pub(super) fn folder(folder: &Path, files: &[File]) -> Result<()> {
    write(folder, files).map_err(|error| {
        let message = format!("`{}` cannot be written", folder.display());
        Error::new(ErrorKind::Internal, "NEW-UNWRITABLE", message).cause(error).hint(
            "Nothing was left behind. Look at the cause, or choose another folder with `--path`.",
        )
    })
}

fn write(folder: &Path, files: &[File]) -> io::Result<()> {
    let beside = tempfile::Builder::new()
        .prefix(".phoenix-orch-new-")
        .tempdir_in(folder.parent().unwrap_or(folder))?;
    // Not the temporary folder itself, which is for nobody but us to read.
    let whole = beside.path().join("step");
    for File { path, text } in files {
        let path = whole.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&whole))?;
        fs::write(path, text)?;
    }
    fs::rename(&whole, folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: [&'static str; 2]) -> Vec<File> {
        paths.map(|path| File { path, text: format!("{path}\n") }).into()
    }

    #[test]
    fn it_is_there_with_the_usual_rights() {
        use std::os::unix::fs::MetadataExt as _;
        let parent = tempfile::tempdir().unwrap();
        let usual = parent.path().join("usual");
        fs::create_dir(&usual).unwrap();
        let made = parent.path().join("made");
        folder(&made, &files(["Cargo.toml", "src/lib.rs"])).unwrap();
        assert_eq!(fs::read_to_string(made.join("src/lib.rs")).unwrap(), "src/lib.rs\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().mode();
        assert_eq!(mode(&made), mode(&usual));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_failure_leaves_nothing_and_overwrites_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let there = parent.path().join("there");
        fs::create_dir(&there).unwrap();
        fs::write(there.join("mine"), "mine").unwrap();
        // A file where another one needs a folder; and a folder that somebody made meanwhile.
        for (place, paths) in [("new", ["a", "a/b"]), ("there", ["a", "b"])] {
            let error = folder(&parent.path().join(place), &files(paths)).unwrap_err();
            assert_eq!(error.code, "NEW-UNWRITABLE");
            let left: Vec<_> = fs::read_dir(parent.path()).unwrap().collect();
            assert_eq!(left.len(), 1, "{left:?}");
        }
        assert_eq!(fs::read_dir(&there).unwrap().count(), 1);
    }
}
