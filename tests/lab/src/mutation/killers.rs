//! What is known to notice that a group of the profile is missing. It is tried first; a group without
//! an entry is found out by trying everything, which takes minutes.

/// Stands for a start of the container, which is no case of its own.
pub(super) const BOOT: &str = "boot";

/// A group's id, and the case of the workload or [`BOOT`] (for what it allows), or the attempt (for
/// what it denies) that notices.
pub(super) const KILLERS: &[(&str, &str)] = &[
    ("capabilities", "run"),
    ("sockets", "docker"),
    ("own-processes", "stop-remove"),
    ("host-processes", "boot"),
    ("files", "run"),
    ("devices", "run"),
    ("layers", "run"),
    ("container-file-systems", "run"),
    ("binds", "bind"),
    ("device-binds", "run"),
    ("propagation", "run"),
    ("volume-flags", "volume"),
    ("runc-binary", "run"),
    ("masked-paths", "run"),
    ("new-roots", "run"),
    ("unmounting", "run"),
    ("bind-sources", "merged-bind-sys"),
    ("new-file-systems", "tmpfs-over-proc-sys"),
    ("systemd-mounts", "boot"),
    ("systemd-generators", "boot"),
    ("systemd-credentials", "credentials"),
    ("systemd-sandboxes", "private-tmp"),
    ("proc-entries", "run"),
    ("proc-information", "run"),
    ("proc-settings", "network"),
    ("sys-information", "run"),
    ("control-groups", "run"),
    ("nesting-helpers", "hidden-list"),
    ("proc-elsewhere", "merged-proc-write"),
];

/// What is known to notice the loss of a group.
pub(super) fn killer(group: &str) -> Option<&'static str> {
    KILLERS.iter().find(|(id, _)| *id == group).map(|(_, killer)| *killer)
}
