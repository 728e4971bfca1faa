//! The step `host-tunables`: the host is fit for confined Docker containers.
//!
//! It loads no profile: the profile that uses the tunable is loaded by `apparmor-profile`, which is what
//! makes a change of the tunable take effect.

mod apparmor;
mod fuse;
mod home;
mod proof;
mod tunable;
mod worlds;

use phoenix_sdk::{
    CheckReport, Code, Context, Meta, Probe, Result, Scope, Step, StepError, VerifyReport, World,
    export_step, require,
};
use serde::Deserialize;

#[derive(Default)]
struct HostTunables;

export_step!(HostTunables);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Params {
    /// The profiles that nested processes may have.
    profiles: Vec<String>,
    /// Whether an overwritten `tunables/home` gets the distribution's statements back.
    repair_home: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self { profiles: vec!["lxc-phoenix-v2".to_owned()], repair_home: false }
    }
}

impl Params {
    fn names(&self) -> Result<&[String]> {
        match self.profiles.iter().find(|name| !tunable::is_name(name)) {
            None => Ok(&self.profiles),
            Some(name) => Err(StepError::new(
                "PARAMS-INVALID",
                format!("{name:?} cannot be the name of a profile"),
            )
            .hint("Correct `profiles` of `host-tunables` in plugins.toml.")),
        }
    }
}

const PROBES: &[Probe] = &[
    proof::FILESYSTEM,
    proof::AT_BOOT,
    proof::NODE,
    proof::OPENS,
    require::APPARMOR_ENABLED,
    proof::PREPROCESSED,
    proof::HOME,
    proof::SYSCTL,
    proof::SYSCTL_AT_BOOT,
];

const CODES: &[Code] = &[fuse::NO_DEVICE, fuse::WRONG_DEVICE, tunable::BROKEN];

impl Step for HostTunables {
    type Params = Params;

    const META: Meta = Meta::with(
        "host-tunables",
        env!("CARGO_PKG_VERSION"),
        Scope::Host,
        "The host has fuse, and AppArmor as nested containers need it",
        PROBES,
        CODES,
    );

    fn check(&self, cx: &Context<'_>, params: &Params) -> Result<CheckReport> {
        let names = params.names()?;
        let machine = cx.machine();
        let kernel = require::apparmor(cx)?;
        let report = fuse::check(&machine)?;
        let Some(kernel) = kernel else { return Ok(report.warning(apparmor::NOT_CONFINED)) };
        let report = report
            .and(apparmor::check(&machine, names)?)
            .and(apparmor::check_home(&machine, params.repair_home)?);
        Ok(if kernel.stacking { report } else { report.warning(apparmor::NO_STACKING) })
    }

    fn verify(&self, cx: &Context<'_>, params: &Params) -> Result<VerifyReport> {
        let names = params.names()?;
        let machine = cx.machine();
        let report = proof::fuse(&machine)?;
        match require::apparmor(cx)? {
            None => Ok(report.with(require::no_apparmor(cx)?).warning(apparmor::NOT_CONFINED)),
            Some(_) => {
                let report = proof::apparmor(&machine, names, report)?;
                if params.repair_home { proof::home(&machine, report) } else { Ok(report) }
            }
        }
    }

    fn rehearsals() -> Vec<World> {
        worlds::all()
    }
}

#[cfg(test)]
mod tests {
    use super::HostTunables;
    use phoenix_sdk::{Kind, Step, testing::FakeHost, testing::laws};

    #[test]
    fn the_laws_hold() {
        if let Err(broken) = laws::hold::<HostTunables>() {
            panic!("{broken}");
        }
    }

    #[test]
    fn the_device_may_come_with_the_module() {
        let mut world = super::worlds::fresh("no module, no device");
        world.host.files.remove("/dev/fuse");
        let host = FakeHost::new(world, HostTunables::META);
        let params = super::Params::default();
        let input = host.input().unwrap();
        let report = host.with(&input, &[], |cx| HostTunables.check(cx, &params)).unwrap();
        assert!(matches!(report.changes[0].kind, Kind::KernelModule { .. }), "{report:?}");
    }
}
