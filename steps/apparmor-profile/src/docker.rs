//! Docker in a container that sees the host's AppArmor, as those with Ubuntu do.
//!
//! There Docker finds AppArmor switched on and tries to load `docker-default`, which the kernel refuses to
//! a container under a profile with a name of its own. Docker believes to have no AppArmor where the
//! variable `container` is set, as systemd sets it for containers: the drop-in says so for its service.
//! Docker 20.10 does not ask for the variable; there its own trial, in `docker-install`, fails and says why.

use phoenix_sdk::{
    CheckReport, Context, Evidence, FileState, Machine, Probe, Result, VerifyReport, Wanted, argv,
    shown,
};

/// Visible only where the configuration mounts the host's securityfs into the container.
pub(crate) const SECURITYFS: &str = "/sys/kernel/security/apparmor";
pub(crate) const DROP_IN: &str = "/etc/systemd/system/docker.service.d/phoenix-orch.conf";
pub(crate) const TEXT: &str = "# Managed by phoenix-orch (apparmor-profile). This container shares the host's profile \
     lxc-phoenix-v2 and\n# cannot load profiles of its own; without this line Docker tries to, and fails.\n\
     [Service]\nEnvironment=container=lxc\n";

pub(crate) const KNOWS: Probe = Probe::new(
    "docker-environment",
    argv!["/bin/sh", "-c", include_str!("docker_environment.sh"), "phoenix-look"],
    "Whether the running Docker was told that it is in a container",
);

/// The drop-in, where Docker would see AppArmor.
pub(crate) fn check(cx: &Context<'_>) -> Result<CheckReport> {
    if !sees_apparmor(&cx.machine())? {
        return Ok(CheckReport::default());
    }
    Wanted::on(cx.machine())
        .file(DROP_IN, TEXT)
        .because("the container sees the host's AppArmor, and Docker must not try to use it")
        .into_report()
}

/// Why the container has to be restarted for Docker's sake, if it has to.
pub(crate) fn stale(machine: &Machine<'_>) -> Result<Option<String>> {
    let stale = sees_apparmor(machine)? && machine.probe(&KNOWS, &[])?.line() == "not told";
    Ok(stale.then(|| "the running Docker takes the host's AppArmor for its own".to_owned()))
}

/// That the running Docker knows it, where it matters.
pub(crate) fn verify(machine: &Machine<'_>, report: VerifyReport) -> Result<VerifyReport> {
    if !sees_apparmor(machine)? {
        return Ok(report);
    }
    let seen = machine.probe(&KNOWS, &[])?;
    Ok(match seen.line().as_str() {
        "not running" => report,
        _ => report.with(Evidence::equal(
            "Docker leaves the host's AppArmor alone",
            "the environment of the running dockerd",
            "told",
            shown::output(&seen),
        )),
    })
}

fn sees_apparmor(machine: &Machine<'_>) -> Result<bool> {
    Ok(!matches!(machine.file(SECURITYFS)?, FileState::Absent))
}
