//! What Debian's own judge of packages says.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};

use crate::{packages, process, say};

/// Fails on every error and warning; what is left out on purpose stands with its reason in the package's overrides.
pub(super) fn judge(package: &Path) -> Result<()> {
    packages::ensure(packages::PACKAGE)?;
    say::timed("asking lintian", || {
        let mut command = Command::new("lintian");
        command.args(["--fail-on", "error,warning", "--allow-root", "--no-cfg"]).arg(package);
        let said = process::capture(&mut command, None, std::time::Duration::from_secs(300))?;
        if said.code != 0 {
            bail!("{said}");
        }
        Ok(())
    })
}
