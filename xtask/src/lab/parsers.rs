//! Other versions of `apparmor_parser` than the virtual machine's own.
//!
//! Proxmox VE 9 has a newer parser than Proxmox VE 8, and parsers do not make the same of a rule. What a profile
//! does under each can be tried in one virtual machine, for a policy is compiled before the kernel sees it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::testbed::{Release, host_apt_options};

/// Where they lie in the virtual machine: `apparmor_parser-<release>`.
pub(super) const FOLDER: &str = "/opt/parsers";

const RELEASES: [Release; 2] = [Release::Trixie, Release::Sid];

/// The parser of this release, as a program of the virtual machine.
pub(super) fn program(release: Release) -> String {
    format!("{FOLDER}/apparmor_parser-{}", release.name())
}

/// All that goes into the image, for its hash.
pub(super) fn recipe() -> String {
    RELEASES.map(|release| script(release) + &release.sources().join("\n")).concat()
}

/// Unpacks each release's parser, with the libraries that it needs, into the root of the image.
pub(super) fn add(root: &Path) -> Result<()> {
    let folder = root.join(FOLDER.trim_start_matches('/'));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    for release in RELEASES {
        let mut command = Command::new("mmdebstrap");
        // Nothing is configured: only files are wanted.
        command.args(["--mode=root", "--variant=extract", "--include=apparmor"]);
        command.arg("--aptopt=Acquire::Languages \"none\"");
        for option in host_apt_options()? {
            command.arg(format!("--aptopt={option}"));
        }
        command.arg(release.name()).arg(folder.join(release.name())).args(release.sources());
        process::quiet(&mut command)?;
        let program = root.join(program(release).trim_start_matches('/'));
        fs::write(&program, script(release))
            .and_then(|()| fs::set_permissions(&program, Permissions::from_mode(0o755)))
            .with_context(|| format!("cannot write `{}`", program.display()))?;
    }
    Ok(())
}

/// Runs the parser with its own release's loader and libraries.
fn script(release: Release) -> String {
    let root = format!("{FOLDER}/{}/usr", release.name());
    let libraries = format!("{root}/lib/x86_64-linux-gnu");
    format!(
        "#!/bin/sh\nexec {libraries}/ld-linux-x86-64.so.2 --library-path {libraries} {root}/sbin/apparmor_parser \"$@\"\n"
    )
}
