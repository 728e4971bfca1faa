//! The root file system that containers are made from, built once and cached as a tar archive.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{packages, process, say, workspace};

/// What a usual Debian container template has, and tests look at.
const INSTALLED: &str = "systemd,systemd-sysv,libpam-systemd,dbus,iproute2,procps,netbase,\
                         ca-certificates,init-system-helpers";

/// What can be installed in the container without a network, with all dependencies.
const INSTALLABLE: &[&str] = &["docker.io", "fuse-overlayfs", "iptables"];

const CUSTOMIZE: &str = include_str!("image.sh");
const MIRROR: &str = "http://deb.debian.org";

/// A Debian release that containers can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Debian 12.
    Bookworm,
    /// Debian 13. Its systemd only boots where the host has the unified cgroup hierarchy.
    Trixie,
}

impl Release {
    /// The code name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }

    fn sources(self) -> [String; 3] {
        let name = self.name();
        [
            format!("deb {MIRROR}/debian {name} main"),
            format!("deb {MIRROR}/debian {name}-updates main"),
            format!("deb {MIRROR}/debian-security {name}-security main"),
        ]
    }

    /// Changes with everything that the content of the image depends on, except the mirror's state.
    fn recipe_hash(self) -> String {
        let mut hash = Sha256::new();
        for part in [self.name(), INSTALLED, CUSTOMIZE, MIRROR].iter().chain(INSTALLABLE) {
            hash.update(part);
            hash.update([0]);
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A root file system, ready to be unpacked.
#[derive(Debug, Clone)]
pub struct Image {
    archive: PathBuf,
}

impl Image {
    /// The image of this release; built when it is not there yet, which takes about 20 seconds and
    /// needs the Debian mirror. Safe to be called by many processes at once: one builds, all wait.
    pub fn ensure(release: Release) -> Result<Self> {
        let cache = workspace::target().join("testbed");
        let folder = cache.join(format!("{}-{}", release.name(), release.recipe_hash()));
        let image = Self { archive: folder.join("root.tar") };
        if image.archive.exists() {
            return Ok(image);
        }
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        let lock = File::create(cache.join("lock")).context("cannot create the cache's lock")?;
        lock.lock().context("cannot lock the cache of images")?;
        // Another process may have built it while we waited for the lock.
        if !image.archive.exists() {
            packages::ensure(packages::TESTBED)?;
            let what = format!("building the {} image of the test containers", release.name());
            say::timed(&what, || build(release, &image.archive))?;
        }
        Ok(image)
    }

    /// The tar archive, with the ids as seen inside a container.
    pub fn archive(&self) -> &Path {
        &self.archive
    }
}

fn build(release: Release, archive: &Path) -> Result<()> {
    let work = tempfile::tempdir().context("cannot create a temporary folder")?;
    let script = work.path().join("customize.sh");
    fs::write(&script, CUSTOMIZE)
        .with_context(|| format!("cannot write `{}`", script.display()))?;
    let partial = archive.with_extension("partial");
    let hook = format!("sh {} \"$1\" {}", script.display(), INSTALLABLE.join(" "));
    let mut command = Command::new("mmdebstrap");
    command.args(["--mode=root", "--variant=minbase", "--format=tar"]);
    command.arg(format!("--include={INSTALLED}"));
    // The script needs the package lists and removes them itself.
    command.args(["--skip=cleanup/apt", "--skip=download/empty"]);
    command.arg("--aptopt=Acquire::Languages \"none\"");
    for option in host_apt_options()? {
        command.arg(format!("--aptopt={option}"));
    }
    command.arg(format!("--customize-hook={hook}"));
    command.arg(release.name()).arg(&partial).args(release.sources());
    process::quiet(&mut command)?;
    fs::rename(&partial, archive)
        .with_context(|| format!("cannot move the image to `{}`", archive.display()))
}

/// How this machine reaches its mirrors: a proxy, or a clock that is known to be wrong. What works
/// for the machine's own apt must work for the image's.
fn host_apt_options() -> Result<Vec<String>> {
    let mut command = Command::new("apt-config");
    let output = process::quiet(command.args(["dump", "--format=%F \"%v\";%n"]))?;
    let wanted = ["Acquire::http", "Acquire::https", "Acquire::Check-", "Acquire::Retries"];
    Ok(output
        .stdout
        .lines()
        .filter(|line| wanted.iter().any(|prefix| line.starts_with(prefix)))
        .filter(|line| !line.ends_with("\"\";"))
        .map(|line| line.trim_end_matches(';').to_owned())
        .collect())
}
