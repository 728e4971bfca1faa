//! The Debian package of phoenix-orch: built, packed, judged, and tried where it is to run.
//!
//! `docs/design/0008-package.md` says why it is as it is.

mod build;
mod changelog;
mod lintian;
mod package;
mod symbols;
mod sysroot;
mod third_party;
mod tree;
mod trial;

use std::path::PathBuf;

use anyhow::Result;

use crate::workspace;

pub use package::Package;

/// Where packages, and what they are made and tried with, are kept in this checkout.
pub fn folder() -> PathBuf {
    workspace::target().join("debian")
}

impl Package {
    /// Lets lintian judge it, and tries it in clean Debian systems.
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub fn prove(self) -> Result<()> {
        lintian::judge(&self.path)?;
        trial::run(self)
    }
}
