//! The C library that everything shipped is built against: that of the oldest Debian it must run on.
//!
//! A program runs with newer C libraries than the one that it was linked with, and not with older ones. So the linker and the
//! compiler of this machine are shown the files of Debian 11 in a folder, and nothing else of the machine changes. A static
//! program would run anywhere, and could not load plugins.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::folder;
use crate::testbed::{host_apt_options, stable_sources};
use crate::{cache, packages, process, say};

/// The newest version of the C library's symbols that may be needed; [`RELEASE`] has it.
pub(super) const GLIBC: (u32, u32) = (2, 31);

/// Proxmox VE 7 stands on it.
const RELEASE: &str = "bullseye";

/// The C library to build with, and the library that unwinds the stack.
const PACKAGES: &str = "libc6-dev,libgcc-s1";

/// Where Debian puts libraries of this architecture.
const LIBRARIES: &str = "x86_64-linux-gnu";

/// The cached folder.
#[derive(Debug, Clone)]
pub(super) struct Sysroot(PathBuf);

impl Sysroot {
    /// The folder; filled from the Debian mirror when it is not there yet, which takes about ten seconds.
    pub(super) fn ensure() -> Result<Self> {
        let sources = stable_sources(RELEASE);
        let parts = [PACKAGES, "1"].into_iter().chain(sources.iter().map(String::as_str));
        let entry = cache::ensure(&folder(), "sysroot", &cache::hash(parts), |entry| {
            packages::ensure(packages::TESTBED)?;
            let what = format!("fetching the C library of Debian {RELEASE}");
            say::timed(&what, || fill(&entry.join("root"), &sources))
        })?;
        Ok(Self(entry.join("root")))
    }

    /// What the linker is told. The machine's own compiler has its search paths built in, and only these come before them.
    pub(super) fn link_arguments(&self) -> Vec<String> {
        let root = self.0.display();
        vec![
            format!("--sysroot={root}"),
            format!("-B{root}/usr/lib/{LIBRARIES}"),
            format!("-L{root}/usr/lib/{LIBRARIES}"),
            format!("-L{root}/lib/{LIBRARIES}"),
        ]
    }

    /// What the C compiler is told, for SQLite and zstd.
    pub(super) fn compile_arguments(&self) -> String {
        format!("--sysroot={}", self.0.display())
    }
}

fn fill(root: &Path, sources: &[String]) -> Result<()> {
    let mut command = Command::new("mmdebstrap");
    // Nothing of it is ever run, so nothing is configured.
    command.args(["--mode=root", "--variant=extract", "--format=directory"]);
    command.arg(format!("--include={PACKAGES}")).arg("--aptopt=Acquire::Languages \"none\"");
    for option in host_apt_options()? {
        command.arg(format!("--aptopt={option}"));
    }
    process::quiet(command.arg(RELEASE).arg(root).args(sources))?;
    for part in ["lib", "lib64", "usr/lib"] {
        keep_links_inside(root, &root.join(part))?;
    }
    Ok(())
}

/// Makes absolute links relative: they would lead to the libraries of this machine.
fn keep_links_inside(root: &Path, folder: &Path) -> Result<()> {
    let list =
        fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
    for entry in list {
        let path = entry?.path();
        if path.is_symlink() {
            let to = fs::read_link(&path).context("cannot read a link")?;
            let Ok(inside) = to.strip_prefix("/") else { continue };
            let depth = path.strip_prefix(root).map_or(0, |below| below.components().count());
            let up: PathBuf = std::iter::repeat_n("..", depth.saturating_sub(1)).collect();
            fs::remove_file(&path).context("cannot replace a link")?;
            symlink(up.join(inside), &path).context("cannot make a link")?;
        } else if path.is_dir() {
            keep_links_inside(root, &path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_link_leads_to_the_same_place_below_the_root() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("usr/lib/arch")).unwrap();
        fs::create_dir_all(at("lib")).unwrap();
        fs::write(at("lib/libx.so.1"), "x").unwrap();
        symlink("/lib/libx.so.1", at("usr/lib/arch/libx.so")).unwrap();
        symlink("libx.so.1", at("lib/libx.so")).unwrap();
        keep_links_inside(root.path(), root.path()).unwrap();
        assert_eq!(fs::canonicalize(at("usr/lib/arch/libx.so")).unwrap(), at("lib/libx.so.1"));
        assert_eq!(
            fs::read_link(at("usr/lib/arch/libx.so")).unwrap(),
            Path::new("../../../lib/libx.so.1")
        );
        assert_eq!(fs::read_link(at("lib/libx.so")).unwrap(), Path::new("libx.so.1"));
    }
}
