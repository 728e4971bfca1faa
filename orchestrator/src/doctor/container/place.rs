//! What Docker's data root lies on.

use super::{
    super::{
        finding::{Condition, Finding},
        look::{Known, Look},
    },
    nesting::MOUNTS,
};

/// The data root, links followed.
pub(super) const RESOLVED: &str = "data root";

pub(in super::super) const DATA_ROOT: Condition = Condition::new(
    "DOCTOR-DATA-ROOT",
    "Docker's layers need a file system with extended attributes, whole-out renames and its own locks. Network file \
     systems do not have them, memory is gone after a restart, and native overlays do not stack on overlays.",
    "Give the container a volume on a local file system, and set `data-root` in `daemon.json` to it.",
    None,
);

/// The kind of file system at a path, by the longest mount above it.
pub(super) fn kind_at(mounts: &str, path: &str) -> Option<String> {
    let holds = |point: &str| {
        point == "/"
            || path.strip_prefix(point).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    mounts
        .lines()
        .filter_map(|line| {
            let (left, right) = line.split_once(" - ")?;
            let point = left.split(' ').nth(4)?.replace("\\040", " ");
            Some((point, right.split(' ').next()?.to_owned()))
        })
        .filter(|(point, _)| holds(point))
        // Of two mounts on one place the later covers the former.
        .max_by_key(|(point, _)| point.len())
        .map(|(_, kind)| kind)
}

/// The data root and the kind of file system that it lies on.
pub(super) fn kind(inside: &Look) -> Known<(String, String)> {
    let mounts = inside.text(MOUNTS)?.unwrap_or_default();
    let root = match inside.command(RESOLVED)? {
        Some(output) if output.success() => output.line(),
        Some(output) => return Err(output.complaint()),
        None => return Err("there is no `readlink`".to_owned()),
    };
    let kind =
        kind_at(&mounts, &root).ok_or_else(|| format!("`{MOUNTS}` has no mount for `{root}`"))?;
    Ok((root, kind))
}

pub(super) fn judge(inside: &Look) -> Vec<Finding> {
    let (root, kind) = match kind(inside) {
        Ok(found) => found,
        Err(cause) => return vec![DATA_ROOT.unknown(&cause)],
    };
    let network = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "virtiofs"].contains(&&*kind);
    let finding = if network || kind.starts_with("fuse") {
        DATA_ROOT.warns("Docker's data is on a file system of another machine or program")
    } else if matches!(&*kind, "tmpfs" | "ramfs") {
        DATA_ROOT.warns("Docker's data is in memory, and gone after a restart")
    } else if kind == "overlay" {
        DATA_ROOT
            .fine("Docker's data is on an overlay: fuse-overlayfs works there, overlay2 does not")
    } else {
        DATA_ROOT.fine("Docker's data is on a local file system")
    };
    vec![finding.seen(format!("`{root}` is on `{kind}`"))]
}

#[cfg(test)]
mod tests {
    use super::kind_at;

    #[test]
    fn the_longest_mount_and_the_latest_there() {
        let mounts = "1 0 0:1 / / rw - zfs rpool rw\n\
            2 1 0:2 / /var/lib/docker rw shared:1 - ext4 /dev/sdb rw\n\
            3 1 0:3 / /var/lib/do rw - tmpfs tmpfs rw\n\
            4 1 0:4 / /srv/my\\040data rw - nfs4 nas:/x rw\n\
            5 1 0:5 / /srv/twice rw - ext4 /dev/sdc rw\n\
            6 5 0:6 / /srv/twice rw - xfs /dev/sdd rw\n\
            broken\n";
        for (path, wanted) in [
            ("/var/lib/docker", "ext4"),
            ("/var/lib/docker/overlay2", "ext4"),
            ("/var/lib/docker2", "zfs"),
            ("/srv/my data/d", "nfs4"),
            ("/srv/twice", "xfs"),
        ] {
            assert_eq!(kind_at(mounts, path).as_deref(), Some(wanted), "{path}");
        }
        assert_eq!(kind_at("", "/x"), None);
    }
}
