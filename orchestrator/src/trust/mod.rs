//! Who could have written what a process of root is about to believe?

mod kept;
mod way;

use std::{fs::Metadata, os::unix::fs::MetadataExt, path::Path};

pub use kept::Kept;
pub use way::{Stop, way};

/// Why a file, folder or symbolic link is not to be trusted, as a fragment: somebody else than root and the caller owns
/// it, or may write to it. Nothing if all is well. Pure but for asking who we are.
pub fn distrust(path: &Path, metadata: &Metadata) -> Option<String> {
    let caller = rustix::process::geteuid().as_raw();
    if metadata.uid() != 0 && metadata.uid() != caller {
        return Some(format!("`{}` belongs to user {}", path.display(), metadata.uid()));
    }
    // Others may write into a sticky folder such as /tmp, but cannot exchange what is ours in it.
    let sticky = metadata.is_dir() && metadata.mode() & 0o1000 != 0;
    // A symbolic link says 0777 and means nothing by it: only whoever may write to its folder replaces it.
    (metadata.mode() & 0o022 != 0 && !sticky && !metadata.is_symlink())
        .then(|| format!("`{}` has mode {:04o}", path.display(), metadata.mode() & 0o7777))
}
