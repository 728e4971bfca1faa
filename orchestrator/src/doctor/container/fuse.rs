//! FUSE in the container: the configuration's entry, the device, and the program.

use phoenix_sdk::{FileState, dev_fuse};
use semver::Version;

use super::{
    super::{
        finding::{Condition, Finding, Severity},
        host::Host,
        look::Look,
    },
    Container, driver,
    runc::version_in,
};

pub(super) const COMMAND: &str = "fuse-overlayfs";
pub(super) const WHERE: &str = "where is fuse-overlayfs";
pub(super) const OPENED: &str = "open /dev/fuse";

pub(in super::super) const ENTRY: Condition = Condition::new(
    "DOCTOR-FUSE-ENTRY",
    "A wrong `lxc.mount.entry` for `/dev/fuse` keeps the container from starting (`No such device`), or LXC ignores \
     it. Scripts that split the line at its blanks left `lxc.mount.entry: /dev/fuse`. On Proxmox, `devN: /dev/fuse` \
     together with `fuse=1` keeps it from starting too.",
    "Remove these lines from the container's configuration; the step does, and adds the right one.",
    Some("fuse-overlayfs"),
);

pub(in super::super) const INSIDE: Condition = Condition::new(
    "DOCTOR-FUSE-INSIDE",
    "fuse-overlayfs opens `/dev/fuse` in the container. Docker itself does not look: it says `fuse-overlayfs` and \
     fails at the first image of more than one layer.",
    "Set `features: fuse=1` on Proxmox, or the entry that phoenix-orch writes, and restart the container.",
    Some("fuse-overlayfs"),
);

pub(in super::super) const PROGRAM: Condition = Condition::new(
    "DOCTOR-FUSE-OVERLAYFS",
    "Docker's driver `fuse-overlayfs` is this program. Of 1.16 silent corruption is reported \
     (containers/fuse-overlayfs#475: old pages in files that are rewritten over a lower layer), and nobody knows \
     from which version on; distributions have 1.10 to 1.14.",
    "Use the distribution's package, and keep databases in volumes.",
    Some("fuse-overlayfs"),
);

/// From here on a version is newer than what distributions have tried.
const UNTRIED: Version = Version::new(1, 15, 0);
const CORRUPTS: Version = Version::new(1, 16, 0);

pub(super) fn judge_entry(container: &Container, host: &Host) -> Vec<Finding> {
    let settings = &container.settings;
    let broken = dev_fuse::broken(settings.values(dev_fuse::KEY));
    if !broken.is_empty() {
        let finding = ENTRY.blocks("an entry for `/dev/fuse` is broken");
        return vec![broken.iter().fold(finding, |finding, (value, why)| {
            finding.seen(format!("`{}: {value}`: {why}", dev_fuse::KEY))
        })];
    }
    if settings.feature("fuse")
        && let Some(device) = settings.passed()
    {
        let seen = format!("a `dev[n]: {device}` beside `features: fuse=1`");
        let todo = "Take the `dev[n]` away (`pct set ID --delete devN`); `fuse=1` does the same.";
        let finding = ENTRY.blocks("`/dev/fuse` is brought in twice: it does not start again");
        return vec![finding.seen(seen).todo(todo).no_step()];
    }
    if settings.has_fuse() {
        return vec![ENTRY.fine("the next start brings `/dev/fuse` in")];
    }
    let mut found = vec![ENTRY.fine("no line for `/dev/fuse` is broken: there is none")];
    // In a running container its device is looked at itself.
    if container.seen_inside().is_none() && host.wishes.fuse_overlayfs {
        found.push(INSIDE.advises("the configuration does not bring `/dev/fuse` in yet"));
    }
    found
}

pub(super) fn judge_inside(inside: &Look, host: &Host) -> Vec<Finding> {
    let (state, opened) = match (inside.file(dev_fuse::PATH), inside.command(OPENED)) {
        (Ok(state), Ok(opened)) => (state, opened),
        (Err(cause), _) | (_, Err(cause)) => return vec![INSIDE.unknown(&cause)],
    };
    // Whoever is on the driver cannot do without; whoever is to get it will have it then.
    let severity = match (driver::is_fuse_overlayfs(Some(inside)), host.wishes.fuse_overlayfs) {
        (true, _) => Severity::Blocks,
        (false, true) => Severity::Warns,
        (false, false) => return Vec::new(),
    };
    if !dev_fuse::is_fuse(&state) {
        let absent = state == FileState::Absent;
        let what = if absent {
            "`/dev/fuse` is not in the container"
        } else {
            "`/dev/fuse` in the container is not the device"
        };
        let finding = INSIDE.finds(severity, what);
        return vec![if absent {
            finding
        } else {
            finding.seen(format!("it is {}", state.kind()))
        }];
    }
    vec![match opened {
        Some(output) if output.success() => {
            INSIDE.fine("`/dev/fuse` is in the container, and can be opened")
        }
        Some(output) => INSIDE
            .finds(severity, "`/dev/fuse` is in the container, and cannot be opened")
            .seen(output.complaint())
            .todo("Give the host's `/dev/fuse` the mode 0666.")
            .step("host-tunables"),
        None => INSIDE.unknown("there is no `/bin/sh` to try with"),
    }]
}

pub(super) fn judge_program(inside: &Look) -> Vec<Finding> {
    let (version, line) = match version_in(inside, COMMAND) {
        Err(cause) => return vec![PROGRAM.unknown(&cause)],
        Ok(None) => return Vec::new(),
        Ok(Some(found)) => found,
    };
    let place = match inside.command(WHERE) {
        Ok(output) => output.map(|output| output.line()).unwrap_or_default(),
        Err(cause) => return vec![PROGRAM.unknown(&cause)],
    };
    let own = place.starts_with("/usr/local/") || place.starts_with("/opt/");
    let finding = if version >= CORRUPTS {
        PROGRAM.warns("this version of fuse-overlayfs is reported to corrupt files")
    } else if version >= UNTRIED {
        PROGRAM.warns("this version of fuse-overlayfs is newer than what distributions have tried")
    } else if own {
        PROGRAM.warns("fuse-overlayfs is not the distribution's package")
    } else {
        return vec![
            PROGRAM.fine("fuse-overlayfs is of a version without known defects").seen(line),
        ];
    };
    // The step installs the package; it takes away no newer one, and none in another place.
    vec![finding.seen(line).seen(format!("`{place}`")).no_step()]
}
