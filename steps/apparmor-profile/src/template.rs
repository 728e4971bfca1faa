//! The text of the profile: groups of rules, each with its reason. Pure.
//!
//! It does not include LXC's `abstractions/lxc/container-base`: its `deny /sys/...` rules also match the paths by which
//! current runc reaches /proc/sys, and a denial cannot be taken back by a rule.

/// The profile's name; `lxc-start` may change to nothing that does not begin with `lxc-`.
pub(crate) const NAME: &str = "lxc-phoenix-v2";

/// The parameters from `plugins.toml`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {}

/// Rules that are there for one reason.
struct Group {
    why: &'static str,
    rules: &'static [&'static str],
}

const GROUPS: &[Group] = &[
    Group {
        why: "Files, sockets and buses of the container: the user namespace guards the host's, and the denials below \
              take back what it does not guard.",
        rules: &["file,", "dbus,", "unix,"],
    },
    Group {
        why: "The families that systemd, Docker and its networks use. Others (alg, vsock, ...) are a way into rarely \
              used kernel code.",
        rules: &[
            "network unix,",
            "network inet,",
            "network inet6,",
            "network netlink,",
            "network packet,",
        ],
    },
    Group {
        why: "What root in a container needs. Not mac_admin, mac_override, sys_module, sys_rawio, sys_time and syslog.",
        rules: &[
            "capability audit_write,",
            "capability chown,",
            "capability dac_override,",
            "capability dac_read_search,",
            "capability fowner,",
            "capability fsetid,",
            "capability ipc_lock,",
            "capability ipc_owner,",
            "capability kill,",
            "capability lease,",
            "capability linux_immutable,",
            "capability mknod,",
            "capability net_admin,",
            "capability net_bind_service,",
            "capability net_broadcast,",
            "capability net_raw,",
            "capability setfcap,",
            "capability setgid,",
            "capability setpcap,",
            "capability setuid,",
            "capability sys_admin,",
            "capability sys_boot,",
            "capability sys_chroot,",
            "capability sys_nice,",
            "capability sys_pacct,",
            "capability sys_ptrace,",
            "capability sys_resource,",
            "capability sys_tty_config,",
        ],
    },
    Group {
        why: "The host stops and inspects the container; the container reaches only what the tunable names, which is \
              itself and the profiles of nested containers.",
        rules: &[
            "signal (receive),",
            "signal (send) peer=@{apparmor_nesting_profiles},",
            "ptrace (readby, tracedby),",
            "ptrace (read, trace) peer=@{apparmor_nesting_profiles},",
        ],
    },
    Group {
        why: "Docker mounts layers, proc, sysfs, tmpfs and binds in places of its own choice, which differ between its \
              versions; runc then pivots into them.",
        rules: &["mount,", "umount,", "pivot_root,"],
    },
    Group {
        why: "Switches of the whole machine in /proc.",
        rules: &[
            "deny @{PROC}/sysrq-trigger rwklx,",
            "deny @{PROC}/kcore rwklx,",
            "deny @{PROC}/acpi/** rwklx,",
            "deny @{PROC}/bus/** wklx,",
        ],
    },
    Group {
        why: "Devices, firmware and modules of the whole machine in /sys. Not /sys/{dev,fs,kernel,net}: runc's detached \
              /proc/sys has paths of these names.",
        rules: &[
            "deny /sys/firmware/** wklx,",
            "deny /sys/{block,bus,hypervisor,module,power}/** wklx,",
            "deny /sys/kernel/debug/{,**} rwklx,",
            "deny /sys/kernel/tracing/{,**} rwklx,",
        ],
    },
    Group {
        why: "LXC mounts these two trees only so that the kernel permits nested mounts of proc and sysfs; nobody is to \
              use them.",
        rules: &["deny /dev/.lxc/proc/** rwklx,", "deny /dev/.lxc/sys/** rwklx,"],
    },
];

/// The whole file. `attach_disconnected`: containers are handed files from outside their root;
/// `mediate_deleted`: what was removed while it is open is still guarded.
pub(crate) fn render(_settings: &Settings) -> String {
    let mut text = format!(
        "# Managed by phoenix-orch (apparmor-profile); changes by hand are replaced at the next run.\n\
         abi <abi/3.0>,\n\
         include <tunables/global>\n\
         include <tunables/nesting>\n\n\
         profile {NAME} flags=(attach_disconnected,mediate_deleted) {{\n"
    );
    for (at, group) in GROUPS.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(&comment(group.why));
        for rule in group.rules {
            text.push_str(&format!("  {rule}\n"));
        }
    }
    text.push_str("}\n");
    text
}

/// A comment of lines with at most 100 letters.
fn comment(why: &str) -> String {
    let mut lines = vec![String::from("  #")];
    for word in why.split_whitespace() {
        if lines.last().is_some_and(|line| line.len() + word.len() >= 100) {
            lines.push(String::from("  #"));
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::{GROUPS, Settings};

    fn text() -> String {
        super::render(&Settings::default())
    }

    #[test]
    fn every_group_has_a_reason_and_every_rule_an_end() {
        for group in GROUPS {
            assert!(group.why.ends_with('.') && !group.rules.is_empty());
            for rule in group.rules {
                assert!(rule.ends_with(','), "{rule}");
            }
        }
    }

    #[test]
    fn what_must_and_must_not_be_in_it() {
        let text = text();
        for needed in
            ["include <tunables/nesting>", "peer=@{apparmor_nesting_profiles}", "abi <abi/3.0>,"]
        {
            assert!(text.contains(needed), "{needed}");
        }
        for banned in
            ["container-base", "audit,", "capability mac_admin", "deny /sys/net", "unconfined"]
        {
            assert!(!text.contains(banned), "{banned}");
        }
        assert!(text.lines().all(|line| line.len() <= 102), "{text}");
    }

    /// The parser compiles it; that needs no AppArmor in the kernel.
    #[test]
    fn the_parser_accepts_it() {
        let folder = std::env::temp_dir().join(format!("phoenix-profile-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("tunables")).unwrap();
        let tunable = format!("@{{apparmor_nesting_profiles}} = {}\n", super::NAME);
        std::fs::write(folder.join("tunables/nesting"), tunable).unwrap();
        std::fs::write(folder.join("profile"), text()).unwrap();
        let output = std::process::Command::new("apparmor_parser")
            .args(["--skip-kernel-load", "--skip-cache", "-I"])
            .args([folder.clone(), folder.join("profile")])
            .output()
            .expect("the package `apparmor` is missing; `cargo xtask test` installs it");
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
