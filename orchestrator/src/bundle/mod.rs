//! The support bundle: one archive about a run with what a maintainer needs, and without secrets.
//!
//! Contents of files are not in it, only what changed in those that everybody may read; whatever is in it goes through
//! [`crate::secret`]. What this module does not do: it gathers nothing that needs a catalogue or a runtime (`cli` does
//! and gives it texts), and it sends nothing to anybody.

mod archive;
mod contents;
mod events;
mod public;
mod readme;
#[cfg(test)]
mod tests;
mod versions;

use std::path::Path;

use phoenix_sdk::{Code, MASKED};
use serde_json::Value;

pub use events::Events;
pub use versions::of_host;

use crate::{error::Result, secret::Mask};

/// What is put into one archive.
#[derive(Debug)]
pub struct Bundle {
    run: String,
    mask: Mask,
    files: Vec<File>,
    left_out: Vec<String>,
}

/// One file of it.
#[derive(Debug)]
struct File {
    name: &'static str,
    about: &'static str,
    text: String,
}

impl Bundle {
    /// An empty one about this run.
    pub fn new(run: &str, mask: Mask) -> Self {
        Self { run: run.to_owned(), mask, files: Vec::new(), left_out: Vec::new() }
    }

    /// Puts a text in, masked.
    pub fn text(&mut self, name: &'static str, about: &'static str, text: &str) {
        self.files.push(File { name, about, text: self.mask.text(text) });
    }

    /// Puts documents in, one a line, masked.
    pub fn documents(
        &mut self,
        name: &'static str,
        about: &'static str,
        documents: impl IntoIterator<Item = Value>,
    ) {
        let lines = documents.into_iter().map(|mut document| {
            self.mask.document(&mut document);
            format!("{document}\n")
        });
        let text = lines.collect();
        self.files.push(File { name, about, text });
    }

    /// Says what is not in it, and why.
    pub fn left_out(&mut self, what: impl IntoIterator<Item = String>) {
        let masked = what.into_iter().map(|what| self.mask.text(&what));
        self.left_out.extend(masked);
    }

    /// Writes the archive: with mode 0600 from the beginning, whole or not at all, and never in the place of another file.
    ///
    /// # Errors
    /// `BUNDLE-EXISTS` and `BUNDLE-UNWRITABLE`.
    pub fn write(&self, path: &Path) -> Result<()> {
        archive::write(self, path)
    }

    /// In how many places something was masked.
    fn masked(&self) -> usize {
        self.files.iter().map(|file| file.text.matches(MASKED).count()).sum()
    }
}

/// The errors of this module.
pub const CODES: &[Code] = &[
    Code::new(
        "BUNDLE-EXISTS",
        "There is something where the support bundle was to be written. It was left as it is.",
        "Name another file with `--output`, or move the one that is there.",
    ),
    Code::new(
        "BUNDLE-UNWRITABLE",
        "The support bundle could not be written. Nothing was left behind.",
        "The cause says why: mostly a missing right, or a full disk. Name another file with `--output`.",
    ),
];
