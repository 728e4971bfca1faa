//! The host: what is read there, and what follows from it. One topic a file.

pub(super) mod apparmor;
pub(super) mod cgroup;
pub(super) mod fuse;
pub(super) mod ids;
pub(super) mod kernel;
pub(super) mod lxc;
pub(super) mod tunables;
pub(super) mod zfs;

use phoenix_sdk::{AppArmorState, Observed, Subject};

use super::{
    Wishes,
    backups::{self, Jobs},
    finding::Finding,
    look::{Ask, Known, Look, reason},
};
use crate::{
    effect::{Eyes, observe_all},
    error::Result,
    transport::Reader,
};

/// What is known of the host.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) wishes: Wishes,
    pub(super) look: Look,
    pub(super) apparmor: Known<AppArmorState>,
    pub(super) fuse: Known<fuse::Module>,
}

impl Host {
    /// Reads. The only program that is started is AppArmor's parser, for its version.
    ///
    /// # Errors
    /// When nothing can be read at all.
    pub(super) fn at(machine: &dyn Reader, wishes: Wishes) -> Result<Self> {
        let paths = [
            &kernel::PATHS[..],
            &apparmor::PATHS,
            &lxc::PATHS,
            &fuse::PATHS,
            &cgroup::PATHS,
            &ids::PATHS,
            &tunables::PATHS,
            &zfs::PATHS,
            &backups::PATHS,
        ];
        let asks: Vec<Ask> = paths.concat().into_iter().map(Ask::file).collect();
        let look = Look::at(machine, &asks)?;
        let eyes = Eyes { host: machine, container: None };
        let subjects = [Subject::AppArmor, Subject::KernelModule { name: "fuse".to_owned() }];
        let mut seen = observe_all(eyes, machine, &subjects)?.into_iter();
        let apparmor = match seen.next() {
            Some(Ok(Observed::AppArmor(state))) => Ok(state),
            Some(Err(error)) => Err(reason(&error)),
            _ => Err("the kernel's AppArmor could not be looked at".to_owned()),
        };
        let fuse = match seen.next() {
            Some(Ok(Observed::KernelModule { available, at_boot })) => {
                Ok(fuse::Module { available, at_boot })
            }
            Some(Err(error)) => Err(reason(&error)),
            _ => Err("the kernel's modules could not be looked at".to_owned()),
        };
        Ok(Self { wishes, look, apparmor, fuse })
    }

    /// Whether its kernel confines anything.
    pub(super) fn has_apparmor(&self) -> bool {
        self.apparmor.as_ref().is_ok_and(|state| state.enabled)
    }

    /// Its backup jobs.
    pub(super) fn jobs(&self) -> Known<Jobs> {
        Jobs::read(&self.look)
    }

    /// All that is found about the host itself.
    pub(super) fn judge(&self) -> Vec<Finding> {
        [
            kernel::judge(self),
            apparmor::judge(self),
            tunables::judge(self),
            lxc::judge(self),
            fuse::judge(self),
            cgroup::judge(self),
            ids::judge(self),
            zfs::judge(self),
        ]
        .concat()
    }
}

#[cfg(test)]
impl Host {
    /// A host on which everything is as it should be.
    pub(super) fn healthy() -> Self {
        let device = phoenix_sdk::FileState::Device {
            block: false,
            major: 10,
            minor: 229,
            permissions: phoenix_sdk::Permissions { mode: 0o666, uid: 0, gid: 0 },
        };
        let package = |name: &str, version: &str| {
            format!("Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n")
        };
        let look = Look::default()
            .with("/proc/sys/kernel/osrelease", "6.8.12-4-pve\n")
            .with("/proc/sys/kernel/hostname", "pve1\n")
            .with("/proc/filesystems", "nodev\toverlay\n\tfuseblk\n")
            .with("/proc/sys/kernel/unprivileged_userns_apparmor_policy", "1\n")
            .with("/etc/apparmor.d/abi/3.0", "")
            .with("/sys/kernel/security/apparmor/profiles", "lxc-phoenix-v2 (enforce)\n")
            .with("/sys/kernel/security/apparmor/features/domain/version", "1.2\n")
            .with(
                "/etc/apparmor.d/tunables/home",
                "@{HOMEDIRS}=/home/\ninclude <tunables/home.d>\n",
            )
            .with("/var/lib/dpkg/status", &package("lxc-pve", "6.0.5-3"))
            .with("/sys/fs/cgroup/cgroup.controllers", "cpu memory\n")
            .with("/etc/subuid", "root:100000:65536\n")
            .with("/etc/subgid", "root:100000:65536\n")
            .with_state("/dev/fuse", Ok(device))
            .without(&zfs::PATHS)
            .without(&backups::PATHS[..4])
            .without(&["/proc/sys/kernel/apparmor_restrict_unprivileged_userns"]);
        let apparmor =
            AppArmorState { enabled: true, stacking: true, mounts: Some(true), parser: true };
        let fuse = Ok(fuse::Module { available: true, at_boot: true });
        Self { wishes: Wishes::default(), look, apparmor: Ok(apparmor), fuse }
    }

    /// The same with one file of another content.
    pub(super) fn with(mut self, path: &str, text: &str) -> Self {
        self.look = self.look.with(path, text);
        self
    }

    pub(super) fn without(mut self, path: &str) -> Self {
        self.look = self.look.without(&[path]);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{super::finding::Severity, Host};

    #[test]
    fn on_a_healthy_host_everything_is_fine() {
        for finding in Host::healthy().judge() {
            assert_eq!(finding.severity, Severity::Fine, "{finding:?}");
        }
    }

    #[test]
    fn a_host_that_shows_nothing_is_never_fine() {
        let blind = Host {
            wishes: super::Wishes::default(),
            look: super::Look::default(),
            apparmor: Err("no right".to_owned()),
            fuse: Err("no right".to_owned()),
        };
        let found = blind.judge();
        assert!(found.len() >= 7, "{found:?}");
        assert!(found.iter().all(|finding| finding.severity == Severity::Warns), "{found:?}");
    }
}
