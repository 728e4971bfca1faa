//! The seccomp filter beside the profile. Pure.

/// Where the filter is on the host.
pub const PATH: &str = "/etc/lxc/lxc-phoenix-v2.seccomp";

/// System calls that AppArmor does not mediate, with their numbers, which are the same on all architectures.
pub const SYSCALLS: &[(&str, u32)] = &[
    ("open_tree", 428),
    ("move_mount", 429),
    ("fsopen", 430),
    ("fsconfig", 431),
    ("fsmount", 432),
    ("fspick", 433),
    ("mount_setattr", 442),
];

/// What LXC's own `common.seccomp` denies; a container has one filter, so ours has to deny it too.
const STOCK: &str = "\
2
denylist
reject_force_umount
[all]
kexec_load errno 1
open_by_handle_at errno 1
init_module errno 1
finit_module errno 1
delete_module errno 1
";

/// The whole file.
pub fn text() -> String {
    let mut text = String::from(STOCK);
    for (name, _) in SYSCALLS {
        text.push_str(&format!("{name} errno 38\n"));
    }
    text
}
