//! The package in clean Debian systems: installed, used, upgraded, removed and purged, with everything compared.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, Result};

use super::{
    folder,
    package::{Compression, Package, alter_library, seal},
};
use crate::lab::product;
use crate::testbed::{host_apt_options, stable_sources};
use crate::{cache, packages, process, say};

/// Those under Proxmox VE 7, 8 and 9.
const RELEASES: [&str; 3] = ["bullseye", "bookworm", "trixie"];

/// What a host for containers has already; the package is installed without a network.
const INSTALLED: &str = "lxc,init-system-helpers";

/// Runs in the system.
const SCRIPT: &str = include_str!("trial.sh");

/// Makes a system of its own from a root, in memory, and runs the script in it. All of it is gone when it ends.
const OUTSIDE: &str = include_str!("outside.sh");

const LIMIT: Duration = Duration::from_secs(240);

/// Tries the package in each release, after another one that only has a higher version and one other library.
pub(super) fn run(package: Package) -> Result<()> {
    let work = tempfile::tempdir().context("cannot create a temporary folder")?;
    let first = work.path().join("first.deb");
    fs::copy(&package.path, &first).context("cannot copy the package")?;
    let version = package.version.clone();
    let next = say::timed("making a package of a higher version", || {
        alter_library(&package.tree)?;
        seal(package.tree, &format!("{version}+next"), Compression::None)
    })?;
    fs::rename(&next.path, work.path().join("next.deb")).context("cannot move the package")?;
    fs::write(work.path().join("trial.sh"), SCRIPT).context("cannot write the script")?;

    for release in RELEASES {
        let root = root(release)?;
        say::timed(&format!("the package in Debian {release}"), || {
            let mut command = Command::new("unshare");
            command.args(["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]);
            command.args(["sh", "-euc", OUTSIDE, "sh"]).arg(&root).arg(work.path());
            command.args([&version, &next.version, &product::libraries()[0]]);
            process::capture(&mut command, None, LIMIT)?.success().map(drop)
        })?;
    }
    Ok(())
}

/// The root of a release; made from the Debian mirror when it is not there yet.
fn root(release: &str) -> Result<PathBuf> {
    let sources = stable_sources(release);
    let parts = [INSTALLED].into_iter().chain(sources.iter().map(String::as_str));
    let entry =
        cache::ensure(&folder(), &format!("root_{release}"), &cache::hash(parts), |entry| {
            packages::ensure(packages::TESTBED)?;
            say::timed(&format!("making a root of Debian {release}"), || {
                let mut command = Command::new("mmdebstrap");
                command.args(["--mode=root", "--variant=minbase", "--format=directory"]);
                command.arg(format!("--include={INSTALLED}"));
                command.arg("--aptopt=Acquire::Languages \"none\"");
                command.arg("--aptopt=APT::Install-Recommends \"false\"");
                for option in host_apt_options()? {
                    command.arg(format!("--aptopt={option}"));
                }
                process::quiet(command.arg(release).arg(entry.join("root")).args(&sources))
                    .map(drop)
            })
        })?;
    Ok(entry.join("root"))
}
