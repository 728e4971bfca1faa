//! Code for the kernel.

use super::attempt::{Attempt, Group};
use super::sys::{c, call, open_to_write, unless_refused};

pub(super) const GROUP: Group = Group {
    name: "kernel modules",
    attempts: &[
        Attempt {
            id: "init-module",
            tries: "loads a module from memory",
            // One that is empty is refused as broken only after the question of rights.
            act: || {
                let options = c("");
                unless_refused(call(
                    libc::SYS_init_module,
                    [options.as_ptr() as usize, 0, options.as_ptr() as usize, 0, 0],
                ))
            },
        },
        Attempt {
            id: "finit-module",
            tries: "loads a module from a file",
            act: || {
                let options = c("");
                unless_refused(call(
                    libc::SYS_finit_module,
                    [0, options.as_ptr() as usize, 0, 0, 0],
                ))
            },
        },
        Attempt {
            id: "delete-module",
            tries: "unloads a module, one that does not exist",
            act: || {
                let name = c("phx_no_such_module");
                unless_refused(call(
                    libc::SYS_delete_module,
                    [name.as_ptr() as usize, libc::O_NONBLOCK as usize, 0, 0, 0],
                ))
            },
        },
        Attempt {
            id: "kexec",
            tries: "replaces the kernel, by one with a flag that does not exist",
            act: || unless_refused(call(libc::SYS_kexec_load, [0, 0, 0, 0xff00, 0])),
        },
        Attempt {
            id: "module-parameter",
            tries: "changes a parameter of a module",
            act: || open_to_write("/sys/module/printk/parameters/time"),
        },
        Attempt {
            id: "module-parameter-apparmor",
            tries: "changes a parameter of AppArmor",
            act: || open_to_write("/sys/module/apparmor/parameters/audit"),
        },
        Attempt {
            id: "bind-driver",
            tries: "takes a device from its driver",
            act: || open_to_write("/sys/bus/pci/drivers_probe"),
        },
    ],
};
