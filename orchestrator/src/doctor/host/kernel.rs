//! The kernel's version.

use semver::Version;

use super::{
    super::{
        finding::{Condition, Finding},
        look::Known,
        version,
    },
    Host,
};

pub(in super::super) const PATHS: [&str; 2] = ["/proc/sys/kernel/osrelease", "/proc/filesystems"];

pub(in super::super) const KERNEL: Condition = Condition::new(
    "DOCTOR-KERNEL",
    "In an unprivileged container FUSE needs Linux 4.18, and the kernel's own overlays need 5.11. Without either, \
     Docker copies every layer whole.",
    "Boot a newer kernel of the distribution.",
    None,
);

/// FUSE in user namespaces.
const FUSE: Version = Version::new(4, 18, 0);
/// Overlays in user namespaces, with `userxattr`.
const OVERLAY: Version = Version::new(5, 11, 0);

pub(super) fn judge(host: &Host) -> Vec<Finding> {
    let release = match host.look.line(PATHS[0]) {
        Ok(release) => release.unwrap_or_default(),
        Err(cause) => return vec![KERNEL.unknown(&cause)],
    };
    let seen = format!("`{}`: {release}", PATHS[0]);
    vec![match version::upstream(&release) {
        None => KERNEL.unknown(&format!("{seen}, which is no version")),
        Some(version) if version < FUSE => {
            KERNEL.blocks("the kernel has no FUSE in user namespaces").seen(seen)
        }
        Some(version) if version < OVERLAY => KERNEL
            .advises("the kernel has FUSE in user namespaces, and no overlays there: only fuse-overlayfs will do")
            .seen(seen),
        Some(_) => KERNEL.fine("the kernel has FUSE and overlays in user namespaces").seen(seen),
    }]
}

/// Whether the kernel has overlays at hand: a mount would load their module, and looking changes nothing.
pub(in super::super) fn has_overlays(host: &Host) -> Known<bool> {
    let text = host.look.text(PATHS[1])?.unwrap_or_default();
    Ok(text.lines().any(|line| line.split_whitespace().last() == Some("overlay")))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::finding::Severity, Host},
        judge,
    };

    #[test]
    fn by_version() {
        for (release, wanted) in [
            ("4.15.18-30-pve", Severity::Blocks),
            ("4.18.0", Severity::Advice),
            ("5.10.0-28-amd64", Severity::Advice),
            ("5.11.0", Severity::Fine),
            ("6.1.0-13-amd64", Severity::Fine),
            ("unknown", Severity::Warns),
        ] {
            let host = Host::healthy().with("/proc/sys/kernel/osrelease", release);
            assert_eq!(judge(&host)[0].severity, wanted, "{release}");
        }
    }
}
