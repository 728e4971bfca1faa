//! AppArmor on the host: what nested containers need of it.

use phoenix_sdk::{
    Bytes, CheckReport, FileState, Machine, Observed, Result, Subject, Wanted, shown,
};

use crate::{home, tunable};

pub(crate) const TUNABLE: &str = "/etc/apparmor.d/tunables/nesting";
pub(crate) const HOME: &str = "/etc/apparmor.d/tunables/home";
/// Without it a container's root cannot load policy into its own namespace.
pub(crate) const SYSCTL: &str = "kernel.unprivileged_userns_apparmor_policy";

pub(crate) const NOT_CONFINED: &str =
    "the kernel of this host has no AppArmor: containers are NOT confined by it";
pub(crate) const NO_STACKING: &str =
    "the kernel cannot stack AppArmor profiles: containers cannot have policy of their own";

/// What became of `tunables/home`: nothing, a warning, or its repair if the operator asked for that.
pub(crate) fn check_home(machine: &Machine<'_>, repair: bool) -> Result<CheckReport> {
    let state = machine.file(HOME)?;
    let text = match &state {
        FileState::Absent => "",
        FileState::Regular { content, .. } => {
            content.as_text().ok_or_else(|| tunable::broken(format!("`{HOME}` is not text")))?
        }
        other => return Err(tunable::broken(format!("`{HOME}` is {}", other.kind()))),
    };
    let faults = home::faults(text);
    if faults.is_empty() {
        return Ok(CheckReport::default());
    }
    let faults = faults.iter().map(|fault| shown::sentence(fault)).collect::<Vec<_>>().join(", ");
    if repair {
        return Wanted::on(*machine)
            .file(HOME, home::repaired(text))
            .because(format!("something overwrote it: {faults}"))
            .into_report();
    }
    Ok(CheckReport::default().warning(format!(
        "`{HOME}`, which every profile includes, was overwritten, as older scripts did: {faults}. It is left \
         alone; `repair_home = true` under `[plugins.host-tunables.params]` brings the distribution's \
         statements back and keeps every other line"
    )))
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
