//! plugins.toml: where it is, what it says, and what is wrong with it.
//!
//! Whatever is wrong with the file is one error with a code, and with the line and a caret where there
//! is a line. What this module does not do: look for the libraries, steps and containers that the file
//! names, or write anything.

mod codes;
mod edit;
mod keys;
mod library;
mod locate;
mod manifest;
mod names;
mod nearest;
mod params;
mod parse;
mod pins;
mod plugin;
mod problems;
mod read;
mod requires;
mod schema;
mod script;
mod section;
mod select;
mod shown;
mod source;
mod template;
mod upstreams;
mod versions;
mod words;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use codes::CODES;
pub use edit::cannot_pin;
pub use library::SYSTEM_LIBRARIES;
pub use locate::{ENV, FILE_NAME, SYSTEM, locate};
pub use manifest::{Manifest, Part, Plugin, Policy, Restart, Targets};
pub use names::{check_step_name, is_container_name};
pub use nearest::nearest;
pub use pins::{Pins, Signer};
pub use problems::MOST_TOLD;
pub use read::{Named, read};
pub use schema::schema;
pub use script::{Call, Script};
pub use shown::shown;
pub use source::Source;
pub use template::{Surroundings, template};
pub use upstreams::Upstream;
pub use versions::check_versions;

use crate::error::{Error, Result};

/// Reads and validates a file. It is never read beyond 1 MiB, and never waited for.
///
/// # Errors
/// One of [`CODES`], of kind `Config`: the first of all that is wrong.
pub fn load(path: &Path) -> Result<Manifest> {
    examine(path).map_err(first)
}

/// The same, for somebody who wants to mend it.
///
/// # Errors
/// All that is wrong, as far as it can be told in one go; at least one.
pub fn examine(path: &Path) -> Result<Manifest, Vec<Error>> {
    all_of_source(path, read::read(path, read::CATALOGUE).map_err(|error| vec![error])?)
}

/// Validates the text of a file that would be at this path.
///
/// # Errors
/// One of [`CODES`], of kind `Config`.
pub fn parse_text(path: &Path, text: &str) -> Result<Manifest> {
    from_source(path, source::Source::new(path, text))
}

fn from_source(path: &Path, source: source::Source) -> Result<Manifest> {
    all_of_source(path, source).map_err(first)
}

/// The first of at least one.
fn first(errors: Vec<Error>) -> Error {
    errors.into_iter().next().unwrap_or_else(Error::panic)
}

fn all_of_source(path: &Path, source: source::Source) -> Result<Manifest, Vec<Error>> {
    // Libraries are opened by another process, which may have another working directory. This fails
    // only for an empty path or a working directory that was removed; then relative is all there is.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let dir = absolute.parent().unwrap_or(Path::new("/")).to_owned();
    parse::parse(source, path.to_owned(), dir)
}
