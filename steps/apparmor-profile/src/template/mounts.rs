//! What Docker, containerd, runc, BuildKit and fuse-overlayfs mount.
//!
//! apparmor_parser 3.0.8 makes more of a mount rule than it says: with `rw` among the options also a rule for any file
//! system without flags, and of a `remount` also a bind and a new mount with these flags. So no rule has `rw`,
//! and targets of remounts are narrow.

use super::{Group, Settings, StorageDriver, files::KERNEL, pattern};

/// What runc and systemd bind from /dev, by the first component of the name.
const BOUND: [&str; 15] = [
    "null",
    "zero",
    "full",
    "random",
    "urandom",
    "tty*",
    "fuse",
    "net",
    "pts",
    "shm",
    "mqueue",
    "hugepages",
    "log",
    "console",
    "ptmx",
];

pub(super) fn groups(settings: &Settings) -> Vec<Group> {
    let others = pattern::all_but(&KERNEL);
    let handed = settings.device_names();
    let nodes: Vec<&str> = BOUND.into_iter().chain(handed.iter().map(String::as_str)).collect();
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
            ],
        )
        .and([format!("mount fstype=tmpfs -> /{others}{{,/{{,**}}}},")]),
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
             its terminal becomes the console. With `--ipc host` it gets the container's shared memory.",
            &[
                "mount options=(bind) /dev/{null,zero,full,random,urandom,tty,fuse,net/tun} -> @{PHOENIX_ROOT}/dev/**,",
                "mount options=(bind) /dev/pts/[0-9]* -> /dev/console,",
                "mount options=(rbind) /dev/shm/ -> @{PHOENIX_ROOT}/dev/shm/,",
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
                "mount options=(remount, bind) options in (ro, nosuid, nodev, noexec, noatime, relatime, rbind) -> @{PHOENIX_ROOT}/**,",
                "mount options=(ro, remount, bind) options in (nosuid, nodev, noexec, noatime, relatime, rbind) -> @{PHOENIX_DOCKER}/tmp/buildkit-mount*/,",
            ],
        ),
        Group::allow(
            "runc-binary",
            "runc before 1.2, started by containerd or by BuildKit, protects its own binary by running a read-only bind of it that it has unmounted, which then has \
             no path but the root.",
            &[
                "mount options=(ro, remount, bind) -> /run/{docker/runtime-runc/*,runc}/*/runc.*,",
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
                "mount options=(bind) @{PROC}/{acpi,asound,scsi}/ -> @{PROC}/{acpi,asound,scsi}/,",
                "mount options=(bind) @{PROC}/{acpi,asound,scsi}/ -> /sys/{firmware,devices/virtual/powercap}/,",
                "mount options=(rbind) @{PROC}/{bus,fs,irq,sys}/ -> @{PROC}/{bus,fs,irq,sys}/,",
                "mount options=(rbind) @{PROC}/sysrq-trigger -> @{PROC}/sysrq-trigger,",
                "mount options=(ro, remount, bind) options in (nosuid, nodev, noexec, relatime) -> @{PROC}/{bus,fs,irq,sys}/,",
                "mount options=(ro, remount, bind) options in (nosuid, nodev, noexec, relatime) -> @{PROC}/sysrq-trigger,",
                "mount options=(ro, remount, bind) options in (nosuid, nodev, noexec, noatime, relatime, rbind) -> /,",
            ],
        ),
        Group::allow(
            "new-roots",
            "runc enters a container's root, and dockerd the folder into which it unpacks an archive, where it makes these \
             three folders.",
            &[
                "pivot_root @{PHOENIX_ROOT}/,",
                "pivot_root @{PHOENIX_DOCKER}/tmp/docker-{builder,import}*/,",
                "/{dev,proc,sys}/ w,",
            ],
        )
        .and([format!("pivot_root {}/,", settings.storage_driver.layer())]),
        Group::allow(
            "unmounting",
            "What was mounted may be unmounted, but not what LXC put over parts of /proc and /sys.",
            &[],
        )
        .and([format!("umount /{{,{others}{{,/{{,**}}}}}},")]),
        Group::deny(
            "bind-sources",
            "The kernel's own trees are bound nowhere, except what runc and systemd bind. A denial, for apparmor_parser 3.0.8 \
             makes of every remount rule a bind of any source as well.",
            &[
                "deny mount options=(bind) /sys/{,**},",
                "deny mount options=(bind) @{PROC}/,",
                "deny mount options=(bind) -> @{PROC}/{bus,fs,irq,sys,sysrq-trigger}{,/},",
                "deny mount options=(bind) -> /dev/{,.lxc/**},",
            ],
        )
        .and([
            format!("deny mount options=(bind) @{{PROC}}/{}{{,/{{,**}}}},", pattern::all_but(&["acpi", "asound", "scsi"])),
            format!("deny mount options=(rbind) /{{proc,sys}}/{{,**}} -> /{others}/{{,**}},"),
            "deny mount options=(bind) /dev/,".to_owned(),
            "deny mount options=(rbind) /dev/{,.lxc/{,**}},".to_owned(),
            // Under another name the lists and denials for their paths would not hold.
            "deny mount options=(bind) @{PHOENIX_ROOT}/{proc,sys}/{,**},".to_owned(),
            "deny mount options=(rbind) @{PHOENIX_ROOT}/{proc,sys}/{,**},".to_owned(),
            format!("deny mount options=(bind) /dev/{}{{,/{{,**}}}},", pattern::all_but(&nodes)),
        ]),
        Group::deny(
            "new-file-systems",
            "A proc or sysfs has its one place in a container's root, for the rules know it by its path there, and nothing \
             new is mounted over a place that may only be made read-only. A denial, for apparmor_parser 3.0.8 makes of \
             every remount rule a mount of any file system with these flags as well.",
            &[
                "deny mount fstype=?* -> /,",
                "deny mount fstype=?* -> @{PROC}/{bus,fs,irq,sys,sysrq-trigger}{,/},",
                "deny mount fstype=?* -> /dev/{,null,zero,full,random,urandom,tty*,console,ptmx,fuse,.lxc/**},",
            ],
        )
        .and(["proc", "sys"].map(|name| {
            let others = pattern::all_but(&[name]);
            let kind = if name == "sys" { "sysfs" } else { name };
            format!("deny mount fstype={kind} -> @{{PHOENIX_ROOT}}/{{{others}{{,/**}},{name}/?**}},")
        })),
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
