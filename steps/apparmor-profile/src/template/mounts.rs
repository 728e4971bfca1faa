//! What Docker, containerd, runc, BuildKit and fuse-overlayfs mount.
//!
//! apparmor_parser 3.0.8 makes more of a mount rule than it says: with `rw` among the options also a rule for any file
//! system without flags, and of a `remount` also a bind and a new mount with these flags. So no rule has `rw`,
//! and targets of remounts are narrow.

use super::{Group, Settings, StorageDriver, files::KERNEL, pattern};

pub(super) fn groups(settings: &Settings) -> Vec<Group> {
    let others = pattern::all_but(&KERNEL);
    vec![
        Group::allow(
            "layers",
            "The storage driver puts the layers of an image together.",
            driver(settings.storage_driver),
        ),
        Group::allow(
            "container-file-systems",
            "runc gives each container its own proc, sysfs, control groups, terminals, queues and tmpfs, in the place \
             where they belong.",
            &[
                "mount fstype=proc -> @{PHOENIX_ROOT}/proc/,",
                "mount fstype=sysfs -> @{PHOENIX_ROOT}/sys/,",
                "mount fstype=cgroup2 -> @{PHOENIX_ROOT}/sys/fs/cgroup/,",
                "mount fstype=devpts -> @{PHOENIX_ROOT}/dev/pts/,",
                "mount fstype=mqueue -> @{PHOENIX_ROOT}/dev/mqueue/,",
                "mount fstype=tmpfs -> @{PHOENIX_ROOT}/**,",
            ],
        ),
        Group::allow(
            "binds",
            "Volumes, and the binds that an administrator makes. Not from the kernel's own trees and not onto them: that \
             would get round the rules for their paths.",
            &[],
        )
        .and(["bind", "rbind"].map(|option| {
            format!("mount options=({option}) /{{,{others}{{,/{{,**}}}}}} -> /{others}{{,/{{,**}}}},")
        })),
        Group::allow(
            "device-binds",
            "In a user namespace nobody can make device nodes, so runc binds those of the container into the nested one; \
             its terminal becomes the console.",
            &[
                "mount options=(bind) /dev/{null,zero,full,random,urandom,tty,fuse,net/tun} -> @{PHOENIX_ROOT}/dev/**,",
                "mount options=(bind) /dev/pts/[0-9]* -> /dev/console,",
            ],
        ),
        Group::allow(
            "propagation",
            "Whether mounts spread to other namespaces is the container's own affair: it has mount namespaces of its own.",
            &[
                "mount options=(private),",
                "mount options=(rprivate),",
                "mount options=(slave),",
                "mount options=(rslave),",
                "mount options=(shared),",
                "mount options=(rshared),",
            ],
        ),
        Group::allow(
            "volume-flags",
            "runc makes volumes read-only, and BuildKit its mounts.",
            &[
                "mount options in (ro, nosuid, nodev, noexec, relatime, noatime, remount, bind, rbind) -> @{PHOENIX_ROOT}/**,",
            ],
        ),
        Group::allow(
            "runc-binary",
            "runc before 1.2 protects its own binary by running a read-only bind of it that it has unmounted, which then has \
             no path but the root.",
            &[
                "mount options=(ro, remount, bind) -> /run/docker/runtime-runc/*/*/runc.*,",
                "/ ix,",
            ],
        ),
        Group::allow(
            "masked-paths",
            "In the container that it has just entered, runc covers and makes read-only the parts of /proc and /sys that \
             Docker hides.",
            &[
                "mount options=(bind) /dev/null -> @{PROC}/{acpi,asound,scsi}/,",
                "mount options=(bind) /dev/null -> @{PROC}/{interrupts,kcore,keys,latency_stats,sched_debug,timer_list,timer_stats},",
                "mount options=(bind) /dev/null -> /sys/{firmware,devices/virtual/powercap}/,",
                "mount fstype=tmpfs options=(ro) -> @{PROC}/{acpi,asound,scsi}/,",
                "mount fstype=tmpfs options=(ro) -> /sys/{firmware,devices/virtual/powercap}/,",
                "mount options=(rbind) @{PROC}/{bus,fs,irq,sys}/ -> @{PROC}/{bus,fs,irq,sys}/,",
                "mount options=(rbind) @{PROC}/sysrq-trigger -> @{PROC}/sysrq-trigger,",
                "mount options=(ro, nosuid, nodev, noexec, remount, bind) -> @{PROC}/{bus,fs,irq,sys}/,",
                "mount options=(ro, nosuid, nodev, noexec, remount, bind) -> @{PROC}/sysrq-trigger,",
                "mount options=(ro, remount, bind) -> /,",
            ],
        ),
        Group::allow(
            "new-roots",
            "runc enters a container's root.",
            &["pivot_root @{PHOENIX_ROOT}/,"],
        ),
        Group::allow(
            "unmounting",
            "What was mounted may be unmounted, but not what LXC put over parts of /proc and /sys.",
            &[],
        )
        .and([format!("umount /{{,{others}{{,/{{,**}}}}}},")]),
    ]
}

fn driver(driver: StorageDriver) -> &'static [&'static str] {
    match driver {
        StorageDriver::FuseOverlayfs => {
            &["mount fstype=fuse.fuse-overlayfs fuse-overlayfs -> @{PHOENIX_ROOT}/,"]
        }
        StorageDriver::Overlay2 => &["mount fstype=overlay -> @{PHOENIX_ROOT}/,"],
        StorageDriver::Vfs => &[],
    }
}
