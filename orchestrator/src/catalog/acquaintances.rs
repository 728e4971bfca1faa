//! What steps have said about themselves, kept from run to run: the same file says the same again, so nobody has to
//! start its process only to hear who it is, nor to read all of it to see that it is the same. A step that is called is started all
//! the same.

use std::{os::unix::ffi::OsStrExt as _, path::Path};

use serde::{Deserialize, Serialize};

use super::trust::Sum;
use crate::trust::Kept;

/// How many are kept: those of all steps that a host has, and of some that it had.
const MOST: usize = 64;

/// What is known of the library at a path.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Acquaintance {
    /// Its contents.
    pub(super) sum: Sum,
    /// What the step in it has said, as a document.
    pub(super) introduction: String,
}

/// Such documents, by the path of the library: a step's process knows that path, so the same file elsewhere may say something
/// else. What is kept decides which file is taken for which, and which commands a step may run.
pub struct Acquaintances(Kept);

impl Acquaintances {
    /// Those that are kept in the folder of what phoenix-orch remembers.
    pub fn kept_in(state_dir: &Path) -> Self {
        Self(Kept::in_folder(state_dir, "steps", MOST))
    }

    /// None, and none are made.
    pub fn none() -> Self {
        Self(Kept::nowhere())
    }

    /// What is known of the library at this path, or of one that was there.
    pub(super) fn known(&self, library: &Path) -> Option<Acquaintance> {
        self.0.known(library.as_os_str().as_bytes())
    }

    /// Keeps that.
    pub(super) fn keep(&self, library: &Path, known: &Acquaintance) {
        self.0.keep(library.as_os_str().as_bytes(), known);
    }
}
