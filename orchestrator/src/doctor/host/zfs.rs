//! The version of ZFS, where there is one.

use semver::Version;

use super::{
    super::{
        finding::{Condition, Finding},
        version,
    },
    Host,
};

pub(in super::super) const PATHS: [&str; 1] = ["/sys/module/zfs/version"];

pub(in super::super) const ZFS: Condition = Condition::new(
    "DOCTOR-ZFS",
    "On ZFS before 2.2 overlays cannot rename and delete what lies in a lower layer: `failed to register layer: ... \
     invalid argument`.",
    "Keep to fuse-overlayfs for containers on ZFS, or upgrade to ZFS 2.2.",
    Some("fuse-overlayfs"),
);

const OVERLAYS: Version = Version::new(2, 2, 0);

pub(super) fn judge(host: &Host) -> Vec<Finding> {
    let text = match host.look.line(PATHS[0]) {
        Ok(None) => return Vec::new(),
        Ok(Some(text)) => text,
        Err(cause) => return vec![ZFS.unknown(&cause)],
    };
    vec![match version::upstream(&text) {
        None => ZFS.unknown(&format!("ZFS says that its version is `{text}`")),
        Some(version) if version < OVERLAYS => {
            ZFS.advises("the host's ZFS cannot carry overlays").seen(format!("ZFS {text}"))
        }
        Some(_) => ZFS.fine("the host's ZFS can carry overlays").seen(format!("ZFS {text}")),
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
        assert_eq!(judge(&Host::healthy()), []);
        for (text, wanted) in [
            ("2.1.15-pve1\n", Severity::Advice),
            ("2.2.4-pve1\n", Severity::Fine),
            ("2.3.0-rc1\n", Severity::Fine),
            ("x\n", Severity::Warns),
        ] {
            assert_eq!(judge(&Host::healthy().with(PATHS[0], text))[0].severity, wanted, "{text}");
        }
    }
}
