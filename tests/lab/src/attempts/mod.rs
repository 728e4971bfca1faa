//! What root in the container must not manage.
//!
//! The attempts are made by this same program inside the container, each in a process of its own.

mod attempt;
mod bpf;
mod cgroups;
mod change_profile;
mod cover;
mod devices;
mod docker_paths;
mod filesystems;
mod hidden;
mod inside;
mod int80;
mod keyrings;
mod knobs;
mod memory;
mod modules;
mod mount_api;
mod network;
mod outside;
mod pivot;
mod policy;
mod remount;
mod report;
mod run;
mod sys;
mod system_calls;
mod user_namespaces;

pub(crate) use attempt::{Attempt, Group, Outcome};
pub(crate) use inside::{inside, one};
pub(crate) use report::{Options, run};
pub(crate) use run::{Results, prepare, try_all};

/// All groups.
pub(crate) const GROUPS: &[Group] = &[
    knobs::GROUP,
    memory::GROUP,
    modules::GROUP,
    filesystems::GROUP,
    devices::GROUP,
    remount::GROUP,
    cover::GROUP,
    hidden::GROUP,
    docker_paths::GROUP,
    pivot::GROUP,
    mount_api::GROUP,
    int80::GROUP,
    user_namespaces::GROUP,
    cgroups::GROUP,
    outside::GROUP,
    policy::GROUP,
    change_profile::GROUP,
    network::GROUP,
    keyrings::GROUP,
    bpf::GROUP,
    system_calls::GROUP,
];

/// All attempts of all groups.
pub(crate) fn attempts() -> impl Iterator<Item = &'static Attempt> {
    GROUPS.iter().flat_map(|group| group.attempts)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_attempt_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = attempts().map(|attempt| attempt.id).collect();
        assert_eq!(names.len(), attempts().count());
        assert!(names.len() >= 60, "only {} attempts", names.len());
    }
}
