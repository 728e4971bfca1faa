//! `plan --transcript`: one document for each unit, for a step's author.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use phoenix_sdk::testing::Transcript;

use crate::{
    engine::Transcripts,
    error::{Error, ErrorKind, Result},
    graph::Unit,
};

/// A folder with a file `TARGET.STEP.json` for each unit. Those of an earlier plan are replaced.
pub(super) struct Folder(pub(super) PathBuf);

impl Transcripts for Folder {
    fn keep(&self, unit: &Unit, transcript: &Transcript) -> Result<()> {
        let path = self.0.join(format!("{}.{}.json", unit.target, unit.step));
        write(&self.0, &path, transcript).map_err(|error| {
            let message = format!("the transcript `{}` cannot be written", path.display());
            Error::new(ErrorKind::Internal, "TRANSCRIPT-UNWRITABLE", message)
                .cause(error)
                .hint("Choose another folder with `--transcript`.")
        })
    }
}

/// What was read from a target is for nobody but the operator: the file has mode 0600 from the beginning.
fn write(folder: &Path, path: &Path, transcript: &Transcript) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(transcript.to_json().as_bytes())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use phoenix_sdk::{Meta, Scope, World, testing::FakeHost};

    use super::*;

    fn transcript() -> Transcript {
        let meta = Meta::new("step", "0.1.0", Scope::Container, "a step");
        let host = FakeHost::new(World::container("any"), meta);
        Transcript::record(&host, &host.input().unwrap(), |cx| cx.progress("x")).1
    }

    #[test]
    fn each_unit_has_a_file_that_only_the_operator_reads() {
        let parent = tempfile::tempdir().unwrap();
        let unit = Unit { step: "step".to_owned(), target: "a.b".to_owned() };
        let folder = Folder(parent.path().join("seen"));
        for _ in 0..2 {
            folder.keep(&unit, &transcript()).unwrap();
            let path = folder.0.join("a.b.step.json");
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(Transcript::from_json(&text).unwrap(), transcript());
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let unit = Unit { step: "step".to_owned(), target: "a".to_owned() };
        let error = Folder(file.path().join("seen")).keep(&unit, &transcript()).unwrap_err();
        assert_eq!((&*error.code, error.hints.len()), ("TRANSCRIPT-UNWRITABLE", 1));
    }
}
