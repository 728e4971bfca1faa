//! AppArmor in the kernel, its parser, and the settings that matter to containers.

use phoenix_sdk::AppArmorState;

use super::{
    super::finding::{Condition, Finding, Severity},
    Host,
};

const POLICY: &str = "/proc/sys/kernel/unprivileged_userns_apparmor_policy";
const RESTRICT: &str = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
const ABI: &str = "/etc/apparmor.d/abi/3.0";
const DOMAIN: &str = "/sys/kernel/security/apparmor/features/domain/version";
pub(in super::super) const PROFILES: &str = "/sys/kernel/security/apparmor/profiles";
pub(in super::super) const PATHS: [&str; 5] = [POLICY, RESTRICT, ABI, DOMAIN, PROFILES];

pub(in super::super) const APPARMOR: Condition = Condition::new(
    "DOCTOR-APPARMOR",
    "AppArmor is what keeps root in a container from the host's files, settings and mounts. LXC refuses to start \
     containers where it is there by halves, and profiles cannot be loaded without its parser.",
    "Boot with `apparmor=1 security=apparmor` (or `apparmor` in `lsm=`) and install the package `apparmor`.",
    None,
);

pub(in super::super) const SETTINGS: Condition = Condition::new(
    "DOCTOR-APPARMOR-SETTINGS",
    "With `kernel.unprivileged_userns_apparmor_policy` = 0 a container cannot have AppArmor policy of its own, and \
     Docker in one that sees AppArmor fails over `docker-default`. With \
     `kernel.apparmor_restrict_unprivileged_userns` = 1 (Ubuntu) programs without a profile may not use user namespaces.",
    "Set the former to 1. The latter concerns programs of ordinary users; LXC, which root starts, works all the same.",
    Some("host-tunables"),
);

pub(super) fn judge(host: &Host) -> Vec<Finding> {
    let state = match &host.apparmor {
        Ok(state) => state,
        Err(cause) => return vec![APPARMOR.unknown(cause)],
    };
    if !state.enabled {
        let (severity, todo) = if host.wishes.apparmor_required {
            let todo = "Boot with `apparmor=1 security=apparmor`; or set `policy.apparmor = \"optional\"` in plugins.toml \
                 to go on without confinement.";
            (Severity::Blocks, todo)
        } else {
            (Severity::Warns, APPARMOR.remedy)
        };
        let what = "the kernel runs without AppArmor: containers are not confined by it";
        let seen = "`/sys/module/apparmor/parameters/enabled` does not say Y";
        return vec![APPARMOR.finds(severity, what).seen(seen).todo(todo)];
    }
    let mut found = features(host, state);
    if found.is_empty() {
        found.push(
            APPARMOR.fine(
                "the kernel has AppArmor with mounts and stacking, and its parser is installed",
            ),
        );
    }
    found.push(settings(host));
    found
}

/// What is missing.
fn features(host: &Host, state: &AppArmorState) -> Vec<Finding> {
    let mut found = Vec::new();
    if state.mounts == Some(false) {
        let todo =
            "Boot a kernel that has it: those of Debian 12, Ubuntu 22.04 and Proxmox VE 8 do.";
        let seen = "`/sys/kernel/security/apparmor/features/mount/mask` is not there";
        found.push(
            APPARMOR.blocks("the kernel's AppArmor does not mediate mounts").seen(seen).todo(todo),
        );
    }
    if !state.parser {
        let todo = "Install the package `apparmor` on the host.";
        found.push(
            APPARMOR.blocks("`apparmor_parser` is missing, so no profile can be loaded").todo(todo),
        );
    } else {
        match host.look.file(ABI) {
            Ok(phoenix_sdk::FileState::Absent) => {
                let todo = "Install the package `apparmor` of version 3 or newer on the host.";
                let what = "AppArmor's tools are older than the profile's language";
                found.push(APPARMOR.blocks(what).seen(format!("`{ABI}` is not there")).todo(todo));
            }
            Ok(_) => {}
            Err(cause) => found.push(APPARMOR.unknown(&cause)),
        }
    }
    let domain = host.look.line(DOMAIN);
    let version = domain.as_ref().ok().and_then(|version| version.as_deref()?.parse::<f64>().ok());
    if !state.stacking || version.is_none_or(|version| version < 1.2) {
        let what = "the kernel cannot stack profiles: a container cannot have policy of its own";
        let todo = "Nothing, for containers under `lxc-phoenix-v2`, which needs none; else boot a newer kernel.";
        found.push(APPARMOR.warns(what).seen(format!("`features/domain`: {domain:?}")).todo(todo));
    }
    found
}

fn settings(host: &Host) -> Finding {
    let (policy, restrict) = match (host.look.line(POLICY), host.look.line(RESTRICT)) {
        (Ok(policy), Ok(restrict)) => (policy, restrict),
        (Err(cause), _) | (_, Err(cause)) => return SETTINGS.unknown(&cause),
    };
    let finding = match (policy.as_deref(), restrict.as_deref()) {
        (Some("0"), _) => SETTINGS.warns("containers cannot have AppArmor policy of their own"),
        (_, Some("1")) => SETTINGS
            .advises("programs without a profile may not use user namespaces on this host")
            .no_step(),
        _ => SETTINGS.fine("no kernel setting keeps containers from policy of their own"),
    };
    let shown = |value: Option<String>| value.unwrap_or_else(|| "this kernel has none".to_owned());
    finding
        .seen(format!("kernel.unprivileged_userns_apparmor_policy: {}", shown(policy)))
        .seen(format!("kernel.apparmor_restrict_unprivileged_userns: {}", shown(restrict)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::finding::Severity, Host},
        POLICY, RESTRICT, judge,
    };

    fn worst(host: &Host) -> Severity {
        judge(host).iter().map(|finding| finding.severity).min().unwrap()
    }

    fn with(change: impl FnOnce(&mut phoenix_sdk::AppArmorState)) -> Host {
        let mut host = Host::healthy();
        change(host.apparmor.as_mut().unwrap());
        host
    }

    #[test]
    fn without_apparmor_the_policy_decides() {
        let mut host = with(|state| state.enabled = false);
        assert_eq!(worst(&host), Severity::Blocks);
        host.wishes.apparmor_required = false;
        assert_eq!(worst(&host), Severity::Warns);
        assert_eq!(judge(&host).len(), 1, "settings of an AppArmor that is not there");
    }

    #[test]
    fn by_what_is_missing() {
        assert_eq!(worst(&with(|state| state.mounts = Some(false))), Severity::Blocks);
        assert_eq!(worst(&with(|state| state.parser = false)), Severity::Blocks);
        assert_eq!(worst(&with(|state| state.stacking = false)), Severity::Warns);
        assert_eq!(worst(&Host::healthy().with(super::DOMAIN, "1.1\n")), Severity::Warns);
        assert_eq!(worst(&Host::healthy().without(super::ABI)), Severity::Blocks);
    }

    #[test]
    fn settings() {
        let of = |policy, restrict| {
            let found = judge(&Host::healthy().with(POLICY, policy).with(RESTRICT, restrict));
            (found[1].severity, found[1].step)
        };
        assert_eq!(of("0\n", "0\n"), (Severity::Warns, Some("host-tunables")));
        assert_eq!(of("1\n", "1\n"), (Severity::Advice, None));
        assert_eq!(of("1\n", "0\n").0, Severity::Fine);
        assert_eq!(judge(&Host::healthy().without(POLICY))[1].severity, Severity::Fine);
    }
}
