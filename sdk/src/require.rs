//! What a step requires before it works on a target at all. The errors are the same whichever step
//! stops, and their codes belong to the SDK: a step does not list them in its metadata.
//!
//! ```
//! # use phoenix_sdk::{testing::FakeHost, *};
//! fn check(cx: &Context<'_>) -> Result<CheckReport> {
//!     let os = require::platform(&cx.machine())?;
//!     let package = if os.id == "ubuntu" { "linux-tools-generic" } else { "linux-perf" };
//!     Wanted::on(cx.machine()).packages([package]).into_report()
//! }
//! # let meta = || Meta::new("perf", "0.1.0", Scope::Host, "perf");
//! # let host = FakeHost::new(World::host("Debian 12"), meta());
//! # assert_eq!(host.with(&host.input()?, &[], check)?.changes.len(), 1);
//! # let alpine = World::host("Alpine").on_target(|host| host.file("/etc/os-release", "ID=alpine\n"));
//! # let host = FakeHost::new(alpine, meta());
//! # assert_eq!(host.with(&host.input()?, &[], check).unwrap_err().code, "OS-UNSUPPORTED");
//! # Ok::<(), StepError>(())
//! ```

use crate::{
    AppArmorPolicy, AppArmorState, Context, Evidence, FileState, Machine, OsRelease, Probe, Result,
    StepError, argv, shown,
};

/// Supported distributions and their versions.
const KNOWN: &[(&str, &[&str])] = &[("debian", &["12", "13"]), ("ubuntu", &["22.04", "24.04"])];

/// systemd itself makes this folder, and `sd_booted(3)` looks at nothing else.
const BOOTED: &str = "/run/systemd/system";

/// Requires a distribution that the steps know, booted with systemd, and says which it is. Looks at
/// everything in one round trip.
///
/// # Errors
/// - `OS-UNSUPPORTED` when it is not Debian 12 or 13 or Ubuntu 22.04 or 24.04.
/// - `SYSTEMD-MISSING` when its init is another one.
/// - Those of [`Machine::os_release`].
pub fn platform(machine: &Machine<'_>) -> Result<OsRelease> {
    let mut seen = machine.files(OsRelease::PATHS.into_iter().chain([BOOTED]))?;
    let booted = seen.pop();
    let os = OsRelease::first(seen)?;
    if !is_known(&os) {
        let message =
            format!("the step does not know the distribution `{}`", shown::name(&os.pretty));
        return Err(StepError::new("OS-UNSUPPORTED", message)
            .hint("Supported are Debian 12 and 13 and Ubuntu 22.04 and 24.04."));
    }
    match booted.transpose()? {
        Some(FileState::Folder { .. }) => Ok(os),
        _ => Err(StepError::new("SYSTEMD-MISSING", "the target was not booted with systemd")
            .hint("Use a template with systemd, or let the container's init be systemd.")),
    }
}

/// Whether the steps know a distribution.
pub fn is_known(os: &OsRelease) -> bool {
    let is = |(id, versions): &(&str, &[&str])| os.id == *id && versions.contains(&&*os.version);
    KNOWN.iter().any(is)
}

/// Requires AppArmor as the operator's policy asks for it. `None`: the kernel has none, and the policy
/// permits that; then say so as a warning, and prove it with [`no_apparmor`].
///
/// # Errors
/// - `APPARMOR-MISSING` when the kernel has none and the policy requires it.
/// - `APPARMOR-INCOMPLETE` when it does not mediate mounts.
/// - `APPARMOR-PARSER-MISSING` when the unit is that of the host, which loads the profiles, and cannot.
/// - Those of [`Machine::apparmor`].
pub fn apparmor(cx: &Context<'_>) -> Result<Option<AppArmorState>> {
    let seen = cx.machine().apparmor()?;
    match (seen.enabled, cx.apparmor()) {
        (true, _) if cx.on_host() && !seen.parser => {
            Err(StepError::new("APPARMOR-PARSER-MISSING", "`apparmor_parser` is not installed")
                .hint("Install the package `apparmor` on the host."))
        }
        (true, _) if seen.mounts == Some(false) => {
            Err(StepError::new("APPARMOR-INCOMPLETE", "the kernel's AppArmor does not mediate mounts")
                .hint("Boot a kernel that has `/sys/kernel/security/apparmor/features/mount/mask`."))
        }
        (true, _) => Ok(Some(seen)),
        (false, AppArmorPolicy::Optional) => Ok(None),
        (false, AppArmorPolicy::Required) => {
            Err(StepError::new("APPARMOR-MISSING", "the kernel of the host runs without AppArmor")
                .hint("Add `apparmor=1 security=apparmor` to the kernel's command line and reboot.")
                .hint("Or set `policy.apparmor = \"optional\"` in plugins.toml; then the containers are not confined."))
        }
    }
}

/// What [`no_apparmor`] looks with; a step that calls it declares this.
pub const APPARMOR_ENABLED: Probe = Probe::new(
    "apparmor-enabled",
    argv!["cat", "/sys/module/apparmor/parameters/enabled"],
    "Whether AppArmor is on in the kernel",
);

/// Evidence that the kernel really has no AppArmor.
///
/// # Errors
/// Those of [`Machine::probe`].
pub fn no_apparmor(cx: &Context<'_>) -> Result<Evidence> {
    let seen = cx.host().probe(&APPARMOR_ENABLED, &[])?;
    Ok(Evidence {
        claim: "the kernel has no AppArmor, which the configuration permits".to_owned(),
        how: APPARMOR_ENABLED.argv.join(" "),
        expected: "anything but Y".to_owned(),
        observed: shown::output(&seen),
        holds: seen.line() != "Y",
    })
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use crate::{
        AppArmorPolicy, Context, Meta, Result, Scope, World, testing::FakeHost, world::FakeMachine,
    };

    fn within<T>(world: World, look: impl FnOnce(&Context<'_>) -> Result<T>) -> Result<T, String> {
        let host = FakeHost::new(world, Meta::new("test", "1.0.0", Scope::Container, "a test"));
        host.with(&host.input().unwrap(), &[], look).map_err(|error| error.code)
    }

    fn platform(change: impl FnOnce(FakeMachine) -> FakeMachine) -> Result<String, String> {
        let world = World::container("any").on_target(change);
        within(world, |cx| super::platform(&cx.machine())).map(|os| os.codename)
    }

    #[test]
    fn a_known_distribution_under_systemd() {
        let os =
            |text: &'static str| platform(move |machine| machine.file("/etc/os-release", text));
        assert_eq!(platform(|machine| machine).unwrap(), "bookworm");
        assert_eq!(os("ID=debian\nVERSION_ID=11\n").unwrap_err(), "OS-UNSUPPORTED");
        assert_eq!(os("ID=alpine\n").unwrap_err(), "OS-UNSUPPORTED");
        assert_eq!(os("").unwrap_err(), "OS-UNKNOWN");
        let linked = platform(|mut machine| {
            let text = "ID=ubuntu\nVERSION_ID=24.04\nVERSION_CODENAME=noble\n";
            machine.files.remove("/etc/os-release");
            machine.file("/usr/lib/os-release", text)
        });
        assert_eq!(linked.unwrap(), "noble");
        let other_init = platform(|mut machine| {
            machine.files.remove(super::BOOTED);
            machine
        });
        assert_eq!(other_init.unwrap_err(), "SYSTEMD-MISSING");
        // A file in the folder's place is not what `sd_booted(3)` means.
        let file = platform(|machine| machine.file(super::BOOTED, ""));
        assert_eq!(file.unwrap_err(), "SYSTEMD-MISSING");
    }

    #[test]
    fn apparmor_by_policy_and_place() {
        use AppArmorPolicy::{Optional, Required};
        let confined = |world| within(world, super::apparmor).map(|seen| seen.is_some());
        let without_parser = |mut world: World| {
            world.kernel_apparmor.parser = false;
            world
        };
        assert!(confined(World::host("there")).unwrap());
        assert!(!confined(World::host("optional").without_apparmor(Optional)).unwrap());
        assert!(!confined(World::container("optional").without_apparmor(Optional)).unwrap());
        for world in [World::host("required"), World::container("required")] {
            assert_eq!(confined(world.without_apparmor(Required)).unwrap_err(), "APPARMOR-MISSING");
        }
        let host = without_parser(World::host("no parser"));
        assert_eq!(confined(host).unwrap_err(), "APPARMOR-PARSER-MISSING");
        assert!(confined(without_parser(World::container("no parser"))).unwrap());
    }
}
