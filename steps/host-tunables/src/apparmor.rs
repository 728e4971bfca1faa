//! AppArmor on the host: that it is there, and what nested containers need of it.

use phoenix_sdk::{
    AppArmorPolicy, Bytes, CheckReport, Code, Context, FileState, Machine, Observed, Result,
    StepError, Subject, Wanted,
};

use crate::tunable;

pub(crate) const TUNABLE: &str = "/etc/apparmor.d/tunables/nesting";
/// Without it a container's root cannot load policy into its own namespace.
pub(crate) const SYSCTL: &str = "kernel.unprivileged_userns_apparmor_policy";

pub(crate) const NOT_CONFINED: &str =
    "the kernel of this host has no AppArmor: containers are NOT confined by it";
pub(crate) const NO_STACKING: &str =
    "the kernel cannot stack AppArmor profiles: containers cannot have policy of their own";

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

/// What the operator's policy makes of the kernel.
pub(crate) enum State {
    /// There is none, and the operator knows.
    Off,
    /// It is there.
    On { stacking: bool },
}

/// Fails when AppArmor is required and missing.
pub(crate) fn state(cx: &Context<'_>) -> Result<State> {
    let seen = cx.machine().apparmor()?;
    match (seen.enabled, cx.apparmor()) {
        (true, _) if !seen.parser => {
            Err(StepError::new("APPARMOR-PARSER-MISSING", "`apparmor_parser` is not installed")
                .hint("Install the package `apparmor` on the host."))
        }
        (true, _) => Ok(State::On { stacking: seen.stacking }),
        (false, AppArmorPolicy::Optional) => Ok(State::Off),
        (false, AppArmorPolicy::Required) => {
            Err(StepError::new("APPARMOR-MISSING", "the kernel of this host runs without AppArmor")
                .hint("Add `apparmor=1 security=apparmor` to the kernel's command line and reboot.")
                .hint("Or set `policy.apparmor = \"optional\"` in plugins.toml; then the containers are not confined."))
        }
    }
}

/// The tunable with all names, and the setting if this kernel has it.
pub(crate) fn check(machine: &Machine<'_>, names: &[String]) -> Result<CheckReport> {
    let text = match machine.file(TUNABLE)? {
        FileState::Absent => tunable::fresh(names),
        FileState::Regular { content, .. } => merged(&content, names)?,
        other => {
            return Err(tunable::broken(format!("`{TUNABLE}` is {}", other.kind())));
        }
    };
    let mut wanted = Wanted::on(*machine)
        .file(TUNABLE, text)
        .because("profiles that include it learn from it which profiles may be nested");
    let setting = machine.observe(Subject::Sysctl { key: SYSCTL.to_owned() })?;
    let known = matches!(setting, Observed::Sysctl { value: Some(_), .. });
    if known {
        wanted = wanted
            .sysctl(SYSCTL, "1")
            .because("a container's root may then have policy of its own");
    }
    let mut report = wanted.into_report()?;
    if !known {
        report.notes.push(format!("this kernel has no `{SYSCTL}`"));
    }
    Ok(report)
}

fn merged(content: &Bytes, names: &[String]) -> Result<String> {
    let text =
        content.as_text().ok_or_else(|| tunable::broken(format!("`{TUNABLE}` is not text")))?;
    tunable::merge(text, names)
}
