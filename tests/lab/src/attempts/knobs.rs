//! Settings that hold for the whole host.

use super::attempt::{Attempt, Group};
use super::sys::{open_to_write, write_back};

pub(super) const GROUP: Group = Group {
    name: "host-wide knobs",
    attempts: &[
        Attempt {
            id: "core-pattern",
            tries: "names the program that the host runs at a crash",
            act: || open_to_write("/proc/sys/kernel/core_pattern"),
        },
        Attempt {
            id: "modprobe-path",
            tries: "names the program that the host loads modules with",
            act: || open_to_write("/proc/sys/kernel/modprobe"),
        },
        Attempt {
            id: "uevent-helper",
            tries: "names the program that the host runs at a device event",
            act: || open_to_write("/sys/kernel/uevent_helper"),
        },
        Attempt {
            id: "uevent",
            tries: "makes the kernel send an event of a device, which the host's udev obeys",
            act: || open_to_write("/sys/devices/virtual/mem/null/uevent"),
        },
        Attempt {
            id: "sysrq-trigger",
            tries: "could make the machine restart at once",
            act: || open_to_write("/proc/sysrq-trigger"),
        },
        Attempt {
            id: "sysrq",
            tries: "allows the magic keys",
            act: || open_to_write("/proc/sys/kernel/sysrq"),
        },
        Attempt {
            id: "drop-caches",
            tries: "empties the host's caches",
            act: || open_to_write("/proc/sys/vm/drop_caches"),
        },
        Attempt {
            id: "overcommit",
            tries: "changes how the host gives memory out",
            act: || open_to_write("/proc/sys/vm/overcommit_memory"),
        },
        Attempt {
            id: "address-space",
            tries: "makes addresses predictable",
            act: || open_to_write("/proc/sys/kernel/randomize_va_space"),
        },
        Attempt {
            id: "file-max",
            tries: "changes how many files the host may open",
            act: || write_back("/proc/sys/fs/file-max"),
        },
        Attempt {
            id: "last-pid",
            tries: "chooses the next process id, in its own /proc/sys that LXC made read-only",
            act: || write_back("/proc/sys/kernel/ns_last_pid"),
        },
        Attempt {
            id: "oom-of-others",
            tries: "makes process 1 the last that the kernel kills for want of memory",
            act: || {
                std::fs::write("/proc/1/oom_score_adj", "-1000")?;
                Ok("process 1 is exempt".to_owned())
            },
        },
        Attempt {
            id: "huge-pages",
            tries: "changes the host's transparent huge pages",
            act: || open_to_write("/sys/kernel/mm/transparent_hugepage/enabled"),
        },
        Attempt {
            id: "power-state",
            tries: "puts the machine to sleep",
            act: || open_to_write("/sys/power/state"),
        },
        Attempt {
            id: "cpu-online",
            tries: "takes a processor away, past lxcfs",
            act: || open_to_write("/sys/bus/cpu/devices/cpu1/online"),
        },
    ],
};
