//! What is known to notice that a group of the profile is missing. It is tried first; a group without
//! an entry is found out by trying everything, which takes minutes.

/// A group's id, and the case of the workload (for what it allows) or the attempt (for what it
/// denies) that notices.
pub(super) const KILLERS: &[(&str, &str)] = &[
    ("proc-settings", "sysctl-net"),
    ("nesting-helpers", "hidden-list"),
    ("proc-elsewhere", "merged-proc-write"),
    ("control-groups", "docker"),
];

/// What is known to notice the loss of a group.
pub(super) fn killer(group: &str) -> Option<&'static str> {
    KILLERS.iter().find(|(id, _)| *id == group).map(|(_, killer)| *killer)
}
