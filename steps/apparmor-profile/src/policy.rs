//! What the operator's policy makes of the kernel, and what is said where nothing confines.

use phoenix_sdk::{AppArmorPolicy, Code, Context, Result, StepError};

pub(crate) const MISSING: Code = Code::new(
    "APPARMOR-MISSING",
    "The kernel runs without AppArmor, so nothing would confine the containers, and the configuration insists on it.",
    "Boot with `apparmor=1 security=apparmor` (or `apparmor` in `lsm=`), or set `policy.apparmor = \"optional\"` in \
     plugins.toml to go on without confinement.",
);
pub(crate) const PARSER_MISSING: Code = Code::new(
    "APPARMOR-PARSER-MISSING",
    "The kernel has AppArmor, and the program that loads profiles into it is not installed.",
    "Install the package `apparmor` on the host.",
);

/// Whether profiles can be loaded; fails when they have to be and cannot.
pub(crate) fn confines(cx: &Context<'_>) -> Result<bool> {
    let seen = cx.machine().apparmor()?;
    match (seen.enabled, cx.apparmor()) {
        (true, _) if cx.on_host() && !seen.parser => {
            Err(StepError::new("APPARMOR-PARSER-MISSING", "`apparmor_parser` is not installed")
                .hint("Install the package `apparmor` on the host."))
        }
        (true, _) => Ok(true),
        (false, AppArmorPolicy::Optional) => Ok(false),
        (false, AppArmorPolicy::Required) => {
            Err(StepError::new("APPARMOR-MISSING", "the kernel of the host runs without AppArmor")
                .hint("Add `apparmor=1 security=apparmor` to the kernel's command line and reboot.")
                .hint("Or set `policy.apparmor = \"optional\"` in plugins.toml; then the containers are not confined."))
        }
    }
}

/// The one line that must not be missed.
pub(crate) fn warning(cx: &Context<'_>) -> String {
    if cx.on_host() {
        "no AppArmor in the kernel: no container of this host is confined by a profile".to_owned()
    } else {
        format!("container `{}` is NOT confined: the kernel has no AppArmor", cx.target().name)
    }
}
