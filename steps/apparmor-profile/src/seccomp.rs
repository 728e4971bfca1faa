//! The seccomp filter beside the profile. Pure.
//!
//! AppArmor of many kernels mediates `mount`, `umount` and `pivot_root`, but not the newer calls that do the same
//! with file descriptors. The filter refuses these, so that programs fall back to what is mediated. It permits nothing
//! that the kernel or LXC's own filter would not.

/// Where the filter is on the host. LXC's confined `lxc-start` reads it as root.
pub const PATH: &str = "/etc/lxc/lxc-phoenix-v2.seccomp";

/// System calls that AppArmor does not mediate, with their numbers, which are the same on all architectures. LXC passes
/// over a name that its libseccomp does not know yet, with a warning in its log.
pub const SYSCALLS: &[(&str, u32)] = &[
    ("open_tree", 428),
    ("move_mount", 429),
    ("fsopen", 430),
    ("fsconfig", 431),
    ("fsmount", 432),
    ("fspick", 433),
    ("mount_setattr", 442),
    ("open_tree_attr", 467),
];

/// Those that libseccomp 2.5 and 2.6, which the supported hosts have, do not know by name.
pub const LATE: &[&str] = &["open_tree_attr"];

/// What LXC's own `common.seccomp` denies; a container has one filter, so ours has to deny it too. `[all]` covers the
/// 32-bit and x32 entries.
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

/// Keyrings have no namespaces of their own: processes of one user of the host share them, whatever container they are in.
/// Proxmox refuses `keyctl` to unprivileged containers in the same way, and runc and systemd go on without.
const KEYRINGS: [&str; 3] = ["add_key", "keyctl", "request_key"];

/// `fsopen` is refused in two ways, because its two important users fall back on different errors: mount(8) since
/// util-linux 2.39 only on ENOSYS (38), systemd since 259, for the credentials of its services, only on EPERM (1).
/// systemd passes a name from a shared library, mount(8) one from its heap, and on x86-64 libraries are above
/// this address. A program for which the guess is wrong is refused just the same.
const LIBRARIES: &str = "0x7e0000000000";

/// The whole file.
pub fn text() -> String {
    let mut text = String::from(STOCK);
    for name in KEYRINGS {
        text.push_str(&format!("{name} errno 38\n"));
    }
    for (name, _) in SYSCALLS {
        if *name == "fsopen" {
            text.push_str(&format!("fsopen errno 1 [0,{LIBRARIES},SCMP_CMP_GE]\n"));
            text.push_str(&format!("fsopen errno 38 [0,{LIBRARIES},SCMP_CMP_LT]\n"));
        } else {
            text.push_str(&format!("{name} errno 38\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{STOCK, SYSCALLS, text};

    #[test]
    fn each_call_is_refused_whatever_its_arguments_are() {
        let text = text();
        assert!(text.starts_with(STOCK));
        for (name, _) in SYSCALLS {
            let lines: Vec<_> =
                text.lines().filter(|line| line.split(' ').next() == Some(name)).collect();
            let whole = lines == [format!("{name} errno 38")];
            let halves = lines.len() == 2
                && lines[0].ends_with(",SCMP_CMP_GE]")
                && lines[1].ends_with(",SCMP_CMP_LT]")
                && lines
                    .iter()
                    .all(|line| line.contains(" errno ") && line.contains(super::LIBRARIES));
            assert!(whole || halves, "{lines:?}");
        }
    }
}
