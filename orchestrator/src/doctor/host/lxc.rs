//! LXC's version, against what runc needs of the profiles that LXC generates.

use std::cmp::Ordering;

use super::{
    super::{
        finding::{Condition, Finding},
        look::Known,
        version,
    },
    Host,
};

pub(in super::super) const PATHS: [&str; 1] = ["/var/lib/dpkg/status"];

pub(in super::super) const LXC: Condition = Condition::new(
    "DOCTOR-LXC",
    "Since its fix for CVE-2025-52881 (1.2.8, 1.3.3, 1.4.0-rc.3) runc is stopped by the `deny /sys/...` rules in \
     the profiles that older LXC generates: `open sysctl net.ipv4.ip_unprivileged_port_start file: ... permission \
     denied`. LXC 6.0.6 and lxc-pve 6.0.5-2 leave them out for nesting; the packages for Proxmox VE 8 and Debian do not.",
    "Upgrade LXC where there is a newer one, or let the containers run under `lxc-phoenix-v2`, which has no such rule.",
    Some("apparmor-profile"),
);

/// The packages, and the version from which on each does without the rules.
const FIXED: [(&str, &str); 2] = [("lxc-pve", "6.0.5-2"), ("lxc", "1:6.0.6")];

/// The package that is installed, and whether it still generates the rules.
pub(in super::super) fn generates_denies(host: &Host) -> Known<(String, bool)> {
    let status = host.look.text(PATHS[0])?.ok_or_else(|| format!("`{}` is not there", PATHS[0]))?;
    let found = FIXED.iter().find_map(|(package, fixed)| {
        let version = version::installed(&status, package)?;
        // Debian has an epoch, and others may have none.
        let fixed = if version.contains(':') { fixed } else { fixed.trim_start_matches("1:") };
        let old = version::debian(&version, fixed) == Ordering::Less;
        Some((format!("{package} {version}"), old))
    });
    found.ok_or_else(|| "neither the package `lxc-pve` nor `lxc` is installed".to_owned())
}

pub(super) fn judge(host: &Host) -> Vec<Finding> {
    vec![match generates_denies(host) {
        Err(cause) => LXC.unknown(&cause),
        Ok((package, true)) if host.has_apparmor() => LXC
            // Whether it concerns anybody is found out for each container.
            .advises("the profiles that this LXC generates stop current versions of runc")
            .seen(package),
        Ok((package, _)) => {
            LXC.fine("LXC is no obstacle to current versions of runc").seen(package)
        }
    }]
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::finding::Severity, Host},
        PATHS, judge,
    };

    #[test]
    fn by_package_and_version() {
        for (package, version, wanted) in [
            ("lxc-pve", "6.0.0-1", Severity::Advice),
            ("lxc-pve", "6.0.5-1", Severity::Advice),
            ("lxc-pve", "6.0.5-2", Severity::Fine),
            ("lxc", "1:5.0.2-1+deb12u4", Severity::Advice),
            ("lxc", "1:6.0.4-4+deb13u1", Severity::Advice),
            ("lxc", "1:7.0.0-1", Severity::Fine),
            ("lxc", "6.0.6-1", Severity::Fine),
            ("dpkg", "1.21.22", Severity::Warns),
        ] {
            let text =
                format!("Package: {package}\nStatus: install ok installed\nVersion: {version}\n");
            let found = judge(&Host::healthy().with(PATHS[0], &text));
            assert_eq!(found[0].severity, wanted, "{package} {version}");
        }
    }
}
