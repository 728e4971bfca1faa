//! On what a container must run so that this step knows its packages and services.

use phoenix_sdk::{Code, FileState, Machine, OsRelease, Result, StepError};

pub(crate) const OS_UNSUPPORTED: Code = Code::new(
    "OS-UNSUPPORTED",
    "The container runs a distribution that this step has not been tried on, so it changes nothing.",
    "Use a container with Debian 12 or 13 or Ubuntu 22.04 or 24.04.",
);
pub(crate) const SYSTEMD_MISSING: Code = Code::new(
    "SYSTEMD-MISSING",
    "The container's init is not systemd, so Docker's service cannot be managed.",
    "Use a template of the distribution that boots systemd; on Proxmox VE set `features: nesting=1`.",
);

/// Supported distributions and their versions.
const KNOWN: &[(&str, &[&str])] = &[("debian", &["12", "13"]), ("ubuntu", &["22.04", "24.04"])];

/// Fails unless the container runs a known distribution under systemd.
pub(crate) fn supported(machine: &Machine<'_>) -> Result<OsRelease> {
    let os = machine.os_release()?;
    let known = |(id, versions): &(&str, &[&str])| os.id == *id && versions.contains(&&*os.version);
    if !KNOWN.iter().any(known) {
        return Err(StepError::new(
            "OS-UNSUPPORTED",
            format!("the container runs {}, which this step does not know", os.pretty),
        )
        .hint("Supported are Debian 12 and 13 and Ubuntu 22.04 and 24.04."));
    }
    // systemd itself makes this folder, and `sd_booted(3)` looks at nothing else.
    match machine.file("/run/systemd/system")? {
        FileState::Folder { .. } => Ok(os),
        _ => Err(StepError::new("SYSTEMD-MISSING", "the container was not booted with systemd")
            .hint("Use a template with systemd, or let the container's init be systemd.")),
    }
}
