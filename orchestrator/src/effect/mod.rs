//! Effects: how each kind of change is looked at, performed and shown. One kind per file.
//!
//! What this module does not do: it does not decide whether a change is needed (that comparison is the
//! SDK's, and pure), nor whether it is allowed (the engine's).

mod apparmor_profile;
mod apt;
mod apt_source;
pub mod area;
mod begun;
mod capture;
mod clean;
mod command;
mod container;
mod describe;
pub mod diff;
mod expect;
pub mod facts;
mod file;
mod forecast;
pub mod image;
mod judge;
mod judge_with;
mod kernel;
mod observe;
mod packages;
mod packages_area;
mod packages_image;
mod packages_restore;
mod restore;
#[cfg(test)]
mod scripted;
mod service;
mod vault;
mod xattrs;

use phoenix_sdk::{Change, Code, Kind, Observed};

use crate::{
    cache::Cache,
    error::Result,
    runtime::{Edit, Runtime},
    transport::{Mutator, Reader},
};

use apt_source::Source;
pub use begun::begun;
pub use capture::capture;
pub use clean::clean;
pub use container::{all_back, finish_restart};
pub use describe::{describe, difference, shown};
pub use expect::{before, expected};
pub use facts::{Dockers, KnownDocker, probe};
pub use forecast::{Installation, installation};
pub use image::{FileImage, Image, Item, Node};
pub use judge::{Judgement, judge};
pub use judge_with::judge_with;
pub use observe::observe_all;
pub use restore::{feasible, restore};
pub use vault::{Digest, Vault};

/// Eyes on a unit's machines.
#[derive(Clone, Copy)]
pub struct Eyes<'a> {
    /// The host.
    pub host: &'a dyn Reader,
    /// The container's runtime and name, for a unit of a container.
    pub container: Option<(&'a dyn Runtime, &'a str)>,
}

/// Hands on the unit's own machine. Whoever only plans has none.
#[derive(Clone, Copy)]
pub struct Hands<'a> {
    /// The unit's own machine.
    pub own: &'a dyn Mutator,
    /// The container's runtime and name, for a unit of a container.
    pub container: Option<(&'a dyn Runtime, &'a str)>,
    /// Through which packages come, for a container; nothing where they come as ever.
    pub cache: Option<&'a Cache>,
}

/// Performs a change. `before` is what was observed of its subject just now; where that matters, the
/// change is refused if something else is there by then. Lines that commands print go to `line` raw.
///
/// # Errors
/// Why it could not be done. Files are then as they were; packages and services may be half-way, which
/// the next look finds out.
pub fn perform(
    hands: Hands<'_>,
    change: &Change,
    before: Option<&Observed>,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    match &change.kind {
        Kind::File { .. } | Kind::Absent { .. } | Kind::JsonKeys { .. } => {
            file::perform(hands.own, &change.kind, before)
        }
        Kind::Packages { names, recommends } => {
            packages::install(&mut Source::of(hands), names, *recommends, line)
        }
        Kind::Service { name, enabled, active } => {
            service::set(hands.own, name, *enabled, *active, line)
        }
        Kind::RestartService { name, .. } => service::restart(hands.own, name, line),
        Kind::Sysctl { key, value } => kernel::set_sysctl(hands.own, key, value, line),
        Kind::KernelModule { name } => kernel::load_module(hands.own, name, line),
        Kind::ContainerOption { key, value, others } => {
            container::edit(hands, Edit::Set { key, value, others: *others })
        }
        Kind::ContainerOptionAbsent { key, value } => {
            container::edit(hands, Edit::Remove { key, value })
        }
        Kind::RestartContainer => container::restart(hands, line),
        Kind::AppArmorProfile { name, text } => {
            apparmor_profile::load(hands.own, name, text, before, line)
        }
        Kind::Command { argv, about, time_limit_s, .. } => {
            command::run(hands.own, argv, about, *time_limit_s, line)
        }
    }
}

/// The errors of this module.
pub const CODES: &[Code] = &[
    Code::new(
        "APPARMOR-PROFILE-INVALID",
        "AppArmor's parser refuses the text of a profile. Nothing was replaced.",
        "The parser's message names the line. If you added rules as parameters, correct them there.",
    ),
    Code::new(
        "APPARMOR-PROFILE-LOAD",
        "A profile that the parser accepts could not be loaded into the kernel. The file that was there before is back.",
        "Read the parser's message; the kernel may lack a feature, or AppArmor may be disabled.",
    ),
    Code::new(
        "AREA-UNREADABLE",
        "What an installation may change besides its own files (groups, links and the like in `/etc`) could not be kept, so \
         nothing was installed: it could not have been taken back.",
        "See whether `tar -c /etc` works on the target, then run again.",
    ),
    Code::new(
        "APT-DISK-FULL",
        "apt or dpkg ran out of space on the target.",
        "Make room (`df -h`, `apt-get clean`) or enlarge the disk, then run again.",
    ),
    Code::new(
        "APT-DOWNLOAD",
        "Packages or package lists could not be downloaded, after several tries.",
        "Check the target's network, DNS and proxy, and its apt sources; then run again.",
    ),
    Code::new(
        "APT-DPKG",
        "A package was downloaded and could not be installed or configured.",
        "The cause names the package and its own complaint. `dpkg --configure -a` shows it again.",
    ),
    Code::new(
        "APT-FAILED",
        "apt-get failed for a reason that we do not know better.",
        "Read its last lines; run the same command inside the target.",
    ),
    Code::new(
        "APT-LOCKED",
        "Another package manager held dpkg's lock for more than five minutes.",
        "Wait for it (often unattended-upgrades), or find out what holds the lock; then run again.",
    ),
    Code::new(
        "APT-MISSING",
        "The target has no apt or dpkg.",
        "Supported are Debian 12 and 13 and Ubuntu 22.04 and 24.04.",
    ),
    Code::new(
        "APT-UNKNOWN-PACKAGE",
        "The target's apt sources do not have a package of this name, even after an update.",
        "Check the name and the target's apt sources.",
    ),
    Code::new(
        "COMMAND-FAILED",
        "A command of a step ended with an exit code other than 0.",
        "Its last line is the cause; run it by hand on the target.",
    ),
    Code::new(
        "KERNEL-MODULE",
        "A kernel module could not be loaded.",
        "Check that the module belongs to the running kernel (`uname -r`); after a kernel update, reboot.",
    ),
    Code::new(
        "RESTORE-IMPOSSIBLE",
        "Something was to be brought back that cannot be made again by phoenix-orch, such as a device node that was removed.",
        "Bring it back by hand; the causes say what it was.",
    ),
    Code::new(
        "ROLLBACK-CONFLICT",
        "Somebody has changed since what a rollback would bring back. It was left exactly as it is.",
        "Look at what was before, what the run left and what is there now; bring it back by hand, or leave it.",
    ),
    Code::new(
        "SERVICE-FAILED",
        "A service could not be enabled, started, stopped or restarted.",
        "The causes are the service's own last lines; `systemctl status` and `journalctl -u` show more.",
    ),
    Code::new(
        "SERVICE-NOT-BACK",
        "A service ran before its container was restarted, and failed afterwards. What the step had changed was taken back.",
        "The causes are the service's own last lines. Mend what they say, then run again.",
    ),
    Code::new(
        "SUBJECT-NEEDS-CONTAINER",
        "A step asked about a container where there is none.",
        "This is a defect of the step: report it to its author.",
    ),
    Code::new(
        "SYSCTL-FAILED",
        "The kernel refused a setting.",
        "The cause is the kernel's own word; in a container only some settings can be changed.",
    ),
    Code::new(
        "SYSTEMD-UNREACHABLE",
        "systemd on the target does not answer.",
        "Check that the container runs systemd and has finished booting (`systemctl is-system-running`).",
    ),
];
