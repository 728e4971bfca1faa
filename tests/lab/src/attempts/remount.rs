//! Taking back what LXC made read-only or covered.

use std::io::Result;

use super::attempt::{Attempt, Group};
use super::sys::{mount, open_to_write, umount, write_back};

fn writable(path: &str) -> Result<()> {
    let keep = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    // Both with and without the flags that the mount may have to keep.
    mount("", path, "", libc::MS_REMOUNT | libc::MS_BIND, "")
        .or_else(|_| mount("", path, "", libc::MS_REMOUNT | libc::MS_BIND | keep, ""))
}

fn uncovered(path: &str) -> Result<String> {
    umount(path)?;
    Ok(format!("`{path}` was unmounted"))
}

pub(super) const GROUP: Group = Group {
    name: "remounts",
    attempts: &[
        Attempt {
            id: "proc-sys-writable",
            tries: "remounts /proc/sys read-write",
            act: || writable("/proc/sys").map(|()| "/proc/sys was remounted".to_owned()),
        },
        Attempt {
            id: "proc-sys-writable-used",
            tries: "remounts /proc/sys read-write, by all the ways there are, and writes to it",
            act: || {
                // Whichever works: the write is what counts.
                let _ = writable("/proc/sys");
                let _ = umount("/proc/sys/kernel/random/boot_id");
                let _ = umount("/proc/sys");
                let _ = mount("proc", "/proc", "proc", 0, "");
                write_back("/proc/sys/kernel/ns_last_pid")
            },
        },
        Attempt {
            id: "sysrq-writable",
            tries: "remounts /proc/sysrq-trigger read-write",
            act: || writable("/proc/sysrq-trigger").map(|()| "it was remounted".to_owned()),
        },
        Attempt {
            id: "proc-remount",
            tries: "changes the options of /proc as a whole",
            act: || {
                mount("proc", "/proc", "proc", libc::MS_REMOUNT, "hidepid=0")?;
                Ok("/proc was remounted".to_owned())
            },
        },
        Attempt {
            id: "boot-id-uncovered",
            tries: "unmounts the boot id that LXC made for it",
            act: || uncovered("/proc/sys/kernel/random/boot_id"),
        },
        Attempt {
            id: "proc-sys-uncovered",
            tries: "unmounts LXC's read-only /proc/sys",
            act: || uncovered("/proc/sys"),
        },
        Attempt {
            id: "sysrq-uncovered",
            tries: "unmounts LXC's read-only /proc/sysrq-trigger",
            act: || uncovered("/proc/sysrq-trigger"),
        },
        Attempt {
            id: "meminfo-uncovered",
            tries: "unmounts lxcfs from /proc/meminfo",
            act: || uncovered("/proc/meminfo"),
        },
        Attempt {
            id: "cpu-uncovered",
            tries: "unmounts lxcfs from the processors in /sys and writes to them",
            act: || {
                umount("/sys/devices/system/cpu")?;
                open_to_write("/sys/devices/system/cpu/cpu1/online")
                    .or_else(|_| Ok("lxcfs was unmounted".to_owned()))
            },
        },
    ],
};
