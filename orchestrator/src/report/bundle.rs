//! Where a support bundle was written.

use std::path::Path;

use super::style::{BOLD, paint};
use crate::transport::printable;

/// Where it is, and what to do before anybody else sees it.
pub fn bundled(path: &Path) -> String {
    let path = printable(&path.display().to_string());
    format!(
        "Wrote {}\nLook through it before you send it: its README says what is in it and what was left out.\n\
         \x20 tar --zstd -xf {path}\n",
        paint(BOLD, &path)
    )
}
