//! What was served to one container, counted. Pure.

use std::{collections::BTreeSet, fmt};

use indicatif::HumanBytes;

/// Files and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub files: u64,
    /// How large they were together.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }

    fn words(self, what: &str) -> String {
        let files = if self.files == 1 { "file" } else { "files" };
        format!("{} {files} {what} ({})", self.files, HumanBytes(self.bytes))
    }
}

/// How a file was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It was kept, or fetched for somebody else just then.
    Kept,
    /// It was fetched, and is kept.
    Fetched,
    /// It was passed through.
    Passed,
}

/// What was served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// From what was there.
    pub kept: Count,
    /// Fetched for this container.
    pub fetched: Count,
    /// Passed through: what may change, and answers that are no files.
    pub passed: Count,
    /// The first thing that the cache could not do, in words.
    pub fault: Option<String>,
    /// The addresses of what never changes.
    pub(super) addresses: BTreeSet<String>,
}

impl Tally {
    pub(super) fn add(&mut self, way: Way, bytes: u64) {
        match way {
            Way::Kept => self.kept.add(bytes),
            Way::Fetched => self.fetched.add(bytes),
            Way::Passed => self.passed.add(bytes),
        }
    }

    pub(super) fn failed(&mut self, why: String) {
        self.fault.get_or_insert(why);
    }

    /// Whether anything was asked for.
    pub fn is_empty(&self) -> bool {
        [self.kept, self.fetched, self.passed].iter().all(|count| count.files == 0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kept, fetched) = (self.kept.words("from the cache"), self.fetched.words("fetched"));
        write!(f, "package cache: {kept}, {fetched}, {}", self.passed.words("passed through"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, Way};

    #[test]
    fn it_is_one_line() {
        let mut tally = Tally::default();
        assert!(tally.is_empty());
        tally.add(Way::Kept, 3 << 20);
        tally.add(Way::Kept, 1 << 20);
        tally.add(Way::Passed, 100);
        let words = "package cache: 2 files from the cache (4.00 MiB), 0 files fetched (0 B), \
                     1 file passed through (100 B)";
        assert_eq!(tally.to_string(), words);
    }
}
