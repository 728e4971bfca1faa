//! The files that the product keeps on the host, as a folder that others can compare the host with.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// What the steps may write there; which of it depends on the kernel.
const PATHS: [&str; 4] = [
    "/etc/modules-load.d/phoenix-orch-fuse.conf",
    "/etc/apparmor.d/tunables/nesting",
    "/etc/apparmor.d/lxc-phoenix-v2",
    "/etc/lxc/lxc-phoenix-v2.seccomp",
];

/// Copies those that a converged host has into this folder, which is made, each at its own path below it.
pub(crate) fn copy(folder: &Path) -> Result<PathBuf> {
    let folder = folder.join("host-files");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    for path in PATHS.map(Path::new).into_iter().filter(|path| path.exists()) {
        let to = folder.join(path.strip_prefix("/").unwrap_or(path));
        fs::create_dir_all(to.parent().unwrap_or(&folder))
            .and_then(|()| fs::copy(path, &to))
            .with_context(|| format!("cannot copy `{}`", path.display()))?;
    }
    Ok(folder)
}
