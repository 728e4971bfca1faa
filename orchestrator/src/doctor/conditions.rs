//! All conditions in one list, those of the host first.

use phoenix_sdk::Code;

use super::{
    CATALOGUE, RUNTIME,
    backups::BACKUPS,
    container::{config, docker, driver, fuse, nesting, overlay, place, profile, runc, target},
    finding::Condition,
    host::{apparmor, cgroup, fuse as host_fuse, ids, kernel, lxc, tunables, zfs},
};

macro_rules! conditions {
    ($($condition:expr),* $(,)?) => {
        /// Everything that is looked at.
        pub const CONDITIONS: &[Condition] = &[$($condition),*];

        /// The same for `explain`.
        pub const CODES: &[Code] = &[$($condition.explained()),*];
    };
}

conditions![
    CATALOGUE,
    RUNTIME,
    kernel::KERNEL,
    apparmor::APPARMOR,
    apparmor::SETTINGS,
    tunables::TUNABLES,
    lxc::LXC,
    host_fuse::MODULE,
    host_fuse::DEVICE,
    cgroup::CGROUP,
    ids::IDS,
    zfs::ZFS,
    target::TARGET,
    target::UNPRIVILEGED,
    target::EDITABLE,
    target::PENDING,
    target::PLATFORM,
    config::LINES,
    config::DEVICES,
    profile::PROFILE,
    profile::LABEL,
    nesting::NESTING,
    runc::RUNC_PROFILE,
    runc::RUNC,
    fuse::ENTRY,
    fuse::INSIDE,
    fuse::PROGRAM,
    docker::DOCKER,
    docker::CONTAINERD,
    driver::DAEMON,
    driver::DRIVER,
    place::DATA_ROOT,
    overlay::OVERLAY,
    BACKUPS,
];

#[cfg(test)]
mod tests {
    use super::CONDITIONS;

    #[test]
    fn the_page_lists_every_condition_and_no_other() {
        let page = include_str!("../../../docs/doctor.md");
        let rows = page.lines().filter(|line| line.starts_with("| `DOCTOR-"));
        let listed: Vec<(&str, &str)> = rows
            .filter_map(|line| {
                let words: Vec<&str> = line.split(" | ").collect();
                Some((
                    words.first()?.trim_matches(['|', ' ', '`']),
                    words.last()?.trim_end_matches(" |"),
                ))
            })
            .collect();
        let known: Vec<_> =
            CONDITIONS.iter().map(|one| (one.code, one.step.unwrap_or("none"))).collect();
        assert_eq!(listed, known);
    }
}
