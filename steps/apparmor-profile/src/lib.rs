//! The step `apparmor-profile`: containers run under the profile `lxc-phoenix-v2`.
//!
//! On a kernel without AppArmor it writes nothing, neither on the host nor into a configuration: a profile that
//! LXC would pass over in silence only looks like confinement.

mod container;
mod data_root;
mod docker;
mod filter;
mod host;
mod nesting;
mod parameters;
pub mod seccomp;
pub mod template;
mod worlds;

use phoenix_sdk::{
    CheckReport, Code, Context, Meta, Probe, Result, Scope, Step, VerifyReport, World, export_step,
    require,
};
use template::Settings;

#[derive(Default)]
struct ApparmorProfile;

export_step!(ApparmorProfile);

const PROBES: &[Probe] = &[
    require::APPARMOR_ENABLED,
    host::LOADED,
    host::TEXT,
    host::SAME,
    host::PREPROCESSED,
    host::FILTER,
    container::LABEL,
    container::HELPERS,
    container::DEVICE,
    data_root::RESOLVED,
    filter::ANSWERS,
    docker::KNOWS,
];

const CODES: &[Code] =
    &[container::SHARED, container::UNREADABLE, data_root::UNKNOWN, filter::OTHER, filter::UNKNOWN];

impl Step for ApparmorProfile {
    type Params = Settings;

    const META: Meta = Meta::with(
        "apparmor-profile",
        env!("CARGO_PKG_VERSION"),
        Scope::HostAndContainers,
        "Containers run under the AppArmor profile lxc-phoenix-v2",
        PROBES,
        CODES,
    );

    fn check(&self, cx: &Context<'_>, settings: &Settings) -> Result<CheckReport> {
        parameters::valid(settings)?;
        match require::apparmor(cx)? {
            None => Ok(CheckReport::default().warning(not_confined(cx))),
            Some(_) if cx.on_host() => Ok(parameters::told(host::check(cx, settings)?, settings)),
            Some(_) => container::check(cx, settings),
        }
    }

    fn apply(&self, cx: &Context<'_>, settings: &Settings, report: &CheckReport) -> Result<()> {
        container::apply(cx, settings, report)
    }

    fn verify(&self, cx: &Context<'_>, settings: &Settings) -> Result<VerifyReport> {
        parameters::valid(settings)?;
        match require::apparmor(cx)? {
            None => {
                let report = VerifyReport::default().with(require::no_apparmor(cx)?);
                Ok(report.warning(not_confined(cx)))
            }
            Some(_) if cx.on_host() => host::verify(cx, settings),
            Some(_) => container::verify(cx, settings),
        }
    }

    fn rehearsals() -> Vec<World> {
        worlds::all()
    }
}

/// The one line that must not be missed.
fn not_confined(cx: &Context<'_>) -> String {
    if cx.on_host() {
        "no AppArmor in the kernel: no container of this host is confined by a profile".to_owned()
    } else {
        format!("container `{}` is NOT confined: the kernel has no AppArmor", cx.target().name)
    }
}

#[cfg(test)]
mod tests {
    use super::{ApparmorProfile, Settings, worlds};
    use phoenix_sdk::{
        Step,
        testing::{FakeHost, laws},
    };

    /// The script appended the include below the profile, which it overrides, and both lines on each run.
    #[test]
    fn script_bug_05_what_overrides_the_profile_goes_and_lines_are_there_once() {
        let left = "Proxmox, after several runs of the old scripts";
        let world =
            worlds::more().into_iter().find(|world| world.name == left).expect("that world");
        let host = FakeHost::new(world, ApparmorProfile::META);
        let input = host.input().unwrap();
        let report =
            host.with(&input, &[], |cx| ApparmorProfile.check(cx, &Settings::default())).unwrap();
        let changes: Vec<_> = report.changes.iter().map(|change| change.kind.to_string()).collect();
        let include = "remove the line `lxc.include = /usr/share/lxc/config/nesting.conf`";
        let nesting = "set `lxc.apparmor.allow_nesting = 1`";
        for wanted in [include, nesting] {
            let times = changes.iter().filter(|change| change.contains(wanted)).count();
            assert_eq!(times, 1, "{wanted} in {changes:?}");
        }
    }

    #[test]
    fn the_laws_hold() {
        if let Err(broken) = laws::hold::<ApparmorProfile>() {
            panic!("{broken}");
        }
        if let Err(broken) = laws::hold_in(&ApparmorProfile, worlds::more()) {
            panic!("{broken}");
        }
    }
}
