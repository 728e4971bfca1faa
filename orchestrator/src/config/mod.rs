//! plugins.toml: where it is, what it says, and what is wrong with it.
//!
//! Whatever is wrong with the file is one error with a code, and with the line and a caret where there
//! is a line. What this module does not do: look for the libraries, steps and containers that the file
//! names, or write anything.

mod codes;
mod edit;
mod library;
mod locate;
mod manifest;
mod names;
mod nearest;
mod params;
mod parse;
mod pins;
mod plugin;
mod read;
mod requires;
mod script;
mod section;
mod select;
mod shown;
mod source;
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
pub use read::{Named, read};
pub use script::{Call, Script};
pub use shown::shown;
pub use source::Source;
pub use upstreams::Upstream;
pub use versions::check_versions;

use crate::error::Result;

/// Reads and validates a file. It is never read beyond 1 MiB, and never waited for.
///
/// # Errors
/// One of [`CODES`], of kind `Config`.
pub fn load(path: &Path) -> Result<Manifest> {
    from_source(path, read::read(path, read::CATALOGUE)?)
}

/// Validates the text of a file that would be at this path.
///
/// # Errors
/// One of [`CODES`], of kind `Config`.
#[cfg(test)]
fn parse_text(path: &Path, text: &str) -> Result<Manifest> {
    from_source(path, source::Source::new(path, text))
}

fn from_source(path: &Path, source: source::Source) -> Result<Manifest> {
    // Libraries are opened by another process, which may have another working directory. This fails
    // only for an empty path or a working directory that was removed; then relative is all there is.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let dir = absolute.parent().unwrap_or(Path::new("/")).to_owned();
    parse::parse(source, path.to_owned(), dir)
}
