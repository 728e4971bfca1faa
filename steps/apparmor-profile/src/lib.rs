//! The step `apparmor-profile`: containers run under the profile `lxc-phoenix-v2`.
//!
//! On a kernel without AppArmor it writes nothing, neither on the host nor into a configuration: a profile that
//! LXC would pass over in silence only looks like confinement.

mod container;
mod host;
mod policy;
mod template;
mod worlds;

use phoenix_sdk::{
    CheckReport, Code, Context, Meta, Probe, Result, Scope, Step, VerifyReport, World, export_step,
};
use serde::Deserialize;

#[derive(Default)]
struct ApparmorProfile;

export_step!(ApparmorProfile);

/// There is nothing to choose yet; a key in `plugins.toml` is an error.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Params {}

const PROBES: &[Probe] =
    &[host::ENABLED, host::LOADED, host::TEXT, host::SAME, container::LABEL, container::HELPERS];

const CODES: &[Code] = &[policy::MISSING, policy::PARSER_MISSING, container::OVERRIDDEN];

impl Step for ApparmorProfile {
    type Params = Params;

    const META: Meta = Meta::with(
        "apparmor-profile",
        env!("CARGO_PKG_VERSION"),
        Scope::HostAndContainers,
        "Containers run under the AppArmor profile lxc-phoenix-v2",
        PROBES,
        CODES,
    );

    fn check(&self, cx: &Context<'_>, _params: &Params) -> Result<CheckReport> {
        match (policy::confines(cx)?, cx.on_host()) {
            (false, _) => Ok(CheckReport::default().warning(policy::warning(cx))),
            (true, true) => host::check(cx),
            (true, false) => container::check(cx),
        }
    }

    fn verify(&self, cx: &Context<'_>, _params: &Params) -> Result<VerifyReport> {
        match (policy::confines(cx)?, cx.on_host()) {
            (false, _) => {
                Ok(VerifyReport::default().with(host::off(cx)?).warning(policy::warning(cx)))
            }
            (true, true) => host::verify(cx),
            (true, false) => container::verify(cx),
        }
    }

    fn rehearsals() -> Vec<World> {
        worlds::all()
    }
}

#[cfg(test)]
mod tests {
    use super::ApparmorProfile;
    use phoenix_sdk::testing::laws;

    #[test]
    fn the_laws_hold() {
        if let Err(broken) = laws::hold::<ApparmorProfile>() {
            panic!("{broken}");
        }
    }
}
