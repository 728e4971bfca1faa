//! What systemd mounts, for itself and for services that it locks up.

use super::Group;

pub(super) fn groups() -> Vec<Group> {
    vec![
        Group::allow(
            "systemd-mounts",
            "systemd mounts these at boot and for logins, and looks whether the folders are empty on which it would mount \
             the host's debugging file systems.",
            &[
                "mount fstype=tmpfs -> /dev/shm/,",
                "mount fstype=mqueue -> /dev/mqueue/,",
                "/sys/kernel/{config,debug,tracing}/ r,",
            ],
        ),
        Group::allow(
            "systemd-generators",
            "systemd runs its generators where everything is read-only.",
            &[
                "mount options=(ro, remount, bind) options in (nosuid, nodev, noexec, noatime, relatime) -> /dev/{,*,*/,.lxc/*/},",
            ],
        ),
        Group::allow(
            "systemd-credentials",
            "systemd hands credentials to services in a small file system of their own, which it makes on /dev/shm and moves \
             to its place.",
            &[
                "mount fstype=(ramfs, tmpfs) -> /dev/shm/,",
                "mount options=(bind) /dev/shm/ -> /dev/shm/,",
                "mount options=(ro, nosuid, nodev, noexec, remount, bind) -> /dev/shm/,",
                "mount options=(move) /dev/shm/ -> /run/credentials/*/,",
                "umount /dev/shm/,",
            ],
        ),
        Group::allow(
            "systemd-sandboxes",
            "systemd builds the root of a service that it locks up in a folder of its own, and enters it.",
            &[
                "mount options=(remount, bind) options in (ro, nosuid, nodev, noexec, noatime, relatime, rbind) -> /run/systemd/{unit-root,mount-rootfs}/{,**},",
                "mount options=(bind) /dev/** -> /{tmp/namespace-dev-*,run/systemd/namespace-*}/dev/**,",
                "mount options=(rbind) /dev/** -> /{tmp/namespace-dev-*,run/systemd/namespace-*}/dev/**,",
                "mount options=(move) /{tmp/namespace-dev-*,run/systemd/namespace-*}/dev/ -> /run/systemd/{unit-root,mount-rootfs}/dev/,",
                "mount fstype=proc -> /run/systemd/{unit-root/proc,mount-rootfs/proc,namespace-*}/,",
                "mount fstype=sysfs -> /run/systemd/{unit-root/sys,mount-rootfs/sys,namespace-*}/,",
                "mount fstype=mqueue -> /run/systemd/{unit-root,mount-rootfs}/dev/mqueue/,",
                "mount fstype=cgroup2 -> /run/systemd/{unit-root,mount-rootfs}/sys/fs/cgroup/,",
                "mount options=(move) /run/systemd/namespace-*/ -> /run/systemd/{unit-root,mount-rootfs}/{proc,sys}/,",
                "mount options=(move) /run/systemd/{unit-root,mount-rootfs}/ -> /,",
                "pivot_root /run/systemd/{unit-root,mount-rootfs}/,",
            ],
        ),
    ]
}
