//! The host's memory and firmware.

use super::attempt::{Attempt, Group};
use super::sys::{list, open_to_write, read_byte};

pub(super) const GROUP: Group = Group {
    name: "memory and firmware",
    attempts: &[
        Attempt {
            id: "kcore",
            tries: "reads the kernel's memory",
            act: || read_byte("/proc/kcore"),
        },
        Attempt {
            id: "kmsg",
            tries: "reads the host's kernel log",
            act: || read_byte("/proc/kmsg"),
        },
        Attempt {
            id: "timer-list",
            tries: "reads addresses of the kernel in the list of timers",
            act: || read_byte("/proc/timer_list"),
        },
        Attempt { id: "acpi", tries: "looks into /proc/acpi", act: || list("/proc/acpi") },
        Attempt {
            id: "acpi-tables",
            tries: "reads the firmware's tables",
            act: || read_byte("/sys/firmware/acpi/tables/DSDT"),
        },
        Attempt {
            id: "memory-map",
            tries: "reads the machine's memory map",
            act: || read_byte("/sys/firmware/memmap/0/start"),
        },
        Attempt {
            id: "pci-configuration",
            tries: "writes to a PCI device",
            act: || open_to_write("/sys/bus/pci/devices/0000:00:00.0/config"),
        },
        Attempt {
            id: "proc-bus",
            tries: "writes to a PCI device by /proc/bus",
            act: || open_to_write("/proc/bus/pci/00/00.0"),
        },
    ],
};
