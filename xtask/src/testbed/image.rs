//! The root file system that containers are made from, built once and cached.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::release::{Flavor, Release};
use super::{FIRST_ID, ID_COUNT, subordinate_ids};
use crate::{packages, process, say, workspace};

/// What a usual Debian container template has, and tests look at.
const INSTALLED: &str = "systemd,systemd-sysv,libpam-systemd,dbus,iproute2,procps,netbase,\
                         ca-certificates,init-system-helpers";

const CUSTOMIZE: &str = include_str!("image.sh");

/// A root file system whose files have the owners of an unprivileged container.
#[derive(Debug, Clone)]
pub struct Image {
    release: Release,
    flavor: Flavor,
    root: PathBuf,
}

impl Image {
    /// The bare image of this release; see [`Image::ensure_flavor`].
    pub fn ensure(release: Release) -> Result<Self> {
        Self::ensure_flavor(release, Flavor::Bare)
    }

    /// The image of this release and flavor; built when it is not there yet, which takes about 30
    /// seconds and needs the Debian mirror. Safe to be called by many processes at once: one builds,
    /// all wait.
    pub fn ensure_flavor(release: Release, flavor: Flavor) -> Result<Self> {
        let image = Self::planned(release, flavor);
        if image.is_built() {
            return Ok(image);
        }
        let folder = image.root.parent().context("the image has no folder")?;
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
        let lock = File::create(cache().join("lock")).context("cannot create the cache's lock")?;
        lock.lock().context("cannot lock the cache of images")?;
        // Another process may have built it while we waited for the lock.
        if !image.is_built() {
            packages::ensure(packages::TESTBED)?;
            subordinate_ids::ensure()?;
            let what = format!("building the container image {}", image.name());
            say::timed(&what, || image.build())?;
        }
        Ok(image)
    }

    /// Where the image of this release and flavor is or will be.
    pub fn planned(release: Release, flavor: Flavor) -> Self {
        let folder = format!("{}{}-{}", release.name(), flavor.suffix(), hash(release, flavor));
        Self { release, flavor, root: cache().join(folder).join("root") }
    }

    /// An image that somebody brought to this machine.
    pub fn brought(release: Release, flavor: Flavor, root: PathBuf) -> Self {
        Self { release, flavor, root }
    }

    /// Whether it is there.
    pub fn is_built(&self) -> bool {
        self.root.exists()
    }

    /// The release and the flavor in one word, such as `sid-docker`.
    pub fn name(&self) -> String {
        format!("{}{}", self.release.name(), self.flavor.suffix())
    }

    /// Changes with the recipe.
    pub fn hash(&self) -> String {
        hash(self.release, self.flavor)
    }

    /// The release it was built from.
    pub fn release(&self) -> Release {
        self.release
    }

    /// The folder with the files. Nobody may write to it, for running containers lie on top of it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes everything beside its final place, so that an interrupted build is never mistaken for
    /// an image.
    fn build(&self) -> Result<()> {
        let archive = self.root.with_extension("tar");
        bootstrap(self.release, self.flavor, &archive)?;
        let partial = self.root.with_extension("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial)
                .with_context(|| format!("cannot remove `{}`", partial.display()))?;
        }
        unpack(&archive, &partial)?;
        fs::remove_file(&archive)
            .with_context(|| format!("cannot remove `{}`", archive.display()))?;
        fs::rename(&partial, &self.root)
            .with_context(|| format!("cannot move the image to `{}`", self.root.display()))
    }
}

fn cache() -> PathBuf {
    workspace::target().join("testbed")
}

/// Changes with everything that the content of the image depends on, except the mirror's state.
fn hash(release: Release, flavor: Flavor) -> String {
    let mut hash = Sha256::new();
    let packages = [flavor.installed(release), flavor.installable(release)].concat();
    for part in [release.name(), INSTALLED, CUSTOMIZE].iter().chain(&packages) {
        hash.update(part);
        hash.update([0]);
    }
    for source in release.sources() {
        hash.update(source);
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn bootstrap(release: Release, flavor: Flavor, archive: &Path) -> Result<()> {
    let work = tempfile::tempdir().context("cannot create a temporary folder")?;
    let script = work.path().join("customize.sh");
    fs::write(&script, CUSTOMIZE)
        .with_context(|| format!("cannot write `{}`", script.display()))?;
    let hook = format!("sh {} \"$1\" {}", script.display(), flavor.installable(release).join(" "));
    let mut command = Command::new("mmdebstrap");
    command.args(["--mode=root", "--variant=minbase", "--format=tar"]);
    let packages = [vec![INSTALLED], flavor.installed(release)].concat();
    command.arg(format!("--include={}", packages.join(",")));
    // The script needs the package lists and removes them itself.
    command.args(["--skip=cleanup/apt", "--skip=download/empty"]);
    command.arg("--aptopt=Acquire::Languages \"none\"");
    for option in host_apt_options()? {
        command.arg(format!("--aptopt={option}"));
    }
    command.arg(format!("--customize-hook={hook}"));
    command.arg(release.name()).arg(archive).args(release.sources());
    process::quiet(&mut command)?;
    Ok(())
}

/// Unpacks inside a user namespace with the containers' own map: owners, set-user-id bits and
/// capabilities come out right by themselves.
fn unpack(archive: &Path, root: &Path) -> Result<()> {
    fs::create_dir(root).with_context(|| format!("cannot create `{}`", root.display()))?;
    chown(root, Some(FIRST_ID), Some(FIRST_ID))
        .with_context(|| format!("cannot hand `{}` over", root.display()))?;
    let mut command = Command::new("lxc-usernsexec");
    command.args(["-m", &format!("b:0:{FIRST_ID}:{ID_COUNT}"), "--", "tar", "--extract"]);
    command.args(["--numeric-owner", "--xattrs", "--xattrs-include=*"]);
    // Device nodes cannot be made in a user namespace, and LXC mounts its own /dev.
    command.arg("--exclude=./dev/*");
    // The namespace's root has no right to pass through the folders of the host's root, so both the
    // archive and the folder are given to it open.
    command.args(["--file=-", "--directory=."]).current_dir(root);
    let file = File::open(archive)
        .with_context(|| format!("cannot open the image `{}`", archive.display()))?;
    let line = process::command_line(&command);
    let output = command.stdin(file).output().with_context(|| format!("cannot run `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// How this machine reaches its mirrors: a proxy, or a clock that is known to be wrong. What works
/// for the machine's own apt must work for the image's.
pub(crate) fn host_apt_options() -> Result<Vec<String>> {
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
