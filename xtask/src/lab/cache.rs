//! What the lab keeps from one start to the next, under `target/lab`.

use std::path::{Path, PathBuf};

use anyhow::Result;

pub(super) use crate::cache::hash;
use crate::{cache, workspace};

/// The folder of the lab in this checkout.
pub(super) fn folder() -> PathBuf {
    workspace::target().join("lab")
}

/// The entry of this name and hash; see [`cache::ensure`]. A virtual machine that still runs from a removed one keeps its open
/// files.
pub(super) fn ensure(
    name: &str,
    hash: &str,
    build: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    cache::ensure(&folder(), name, hash, build)
}
