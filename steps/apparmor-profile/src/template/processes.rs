//! What processes may do with each other, with the kernel and with the network.

use super::Group;

pub(super) fn groups() -> Vec<Group> {
    vec![
        Group::allow(
            "capabilities",
            "What root in a container needs, within its user namespace; bpf only so that systemd-networkd may ask for it, \
             for the kernel grants nothing for it there. Not mac_admin, mac_override, sys_module, sys_rawio, sys_time, \
             syslog, perfmon, audit_control, audit_read and the rest.",
            &[
                "capability audit_write bpf chown dac_override dac_read_search fowner fsetid ipc_lock ipc_owner,",
                "capability kill lease linux_immutable mknod net_admin net_bind_service net_broadcast net_raw,",
                "capability setfcap setgid setpcap setuid sys_admin sys_boot sys_chroot sys_nice,",
                "capability sys_ptrace sys_resource sys_tty_config,",
            ],
        ),
        Group::allow(
            "sockets",
            "The families that systemd, Docker and its networks use, and the message bus. Other families (alg, vsock, \
             bluetooth, ...) lead into rarely used code of the kernel.",
            &[
                "network unix,",
                "network inet,",
                "network inet6,",
                "network netlink,",
                "network packet,",
                "unix,",
                "dbus,",
            ],
        ),
        Group::allow(
            "own-processes",
            "Processes signal and inspect those that the tunable names: this profile and the profiles of nested \
             containers.",
            &[
                "signal (send, receive) peer=@{apparmor_nesting_profiles},",
                "ptrace (read, trace, readby, tracedby) peer=@{apparmor_nesting_profiles},",
            ],
        ),
        Group::allow(
            "host-processes",
            "The host, and LXC's monitor, stop and inspect the container; never the other way round.",
            &["signal (receive),", "ptrace (readby, tracedby),"],
        ),
    ]
}
