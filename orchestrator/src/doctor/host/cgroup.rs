//! The version of cgroups.

use super::{
    super::finding::{Condition, Finding},
    Host,
};

pub(in super::super) const PATHS: [&str; 2] =
    ["/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup/unified/cgroup.controllers"];

pub(in super::super) const CGROUP: Condition = Condition::new(
    "DOCTOR-CGROUP",
    "With version 1 of cgroups an unprivileged container may not set limits for its own containers, Docker has \
     announced to drop it, and systemd from 258 on does not boot with it.",
    "Remove `systemd.unified_cgroup_hierarchy=0` from the kernel's command line, and reboot.",
    None,
);

pub(super) fn judge(host: &Host) -> Vec<Finding> {
    vec![match (host.look.text(PATHS[0]), host.look.text(PATHS[1])) {
        (Ok(Some(_)), _) => CGROUP.fine("the host has version 2 of cgroups alone"),
        (Ok(None), Ok(hybrid)) => {
            let kind = if hybrid.is_some() {
                "both versions side by side"
            } else {
                "version 1 of cgroups"
            };
            let seen = format!("`{}` is not there", PATHS[0]);
            CGROUP.warns(format!("the host has {kind}")).seen(seen)
        }
        (Err(cause), _) | (_, Err(cause)) => CGROUP.unknown(&cause),
    }]
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::finding::Severity, Host},
        PATHS, judge,
    };

    #[test]
    fn by_version() {
        let old = || Host::healthy().without(PATHS[0]);
        for (host, severity, words) in [
            (Host::healthy(), Severity::Fine, "version 2"),
            (old().without(PATHS[1]), Severity::Warns, "version 1"),
            (old().with(PATHS[1], ""), Severity::Warns, "side by side"),
            (old(), Severity::Warns, "could not be found out"),
        ] {
            let found = &judge(&host)[0];
            assert!(found.severity == severity && found.what.contains(words), "{found:?}");
        }
    }
}
