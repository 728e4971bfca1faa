//! Lines of the configuration that do nothing good.

use super::{
    super::finding::{Condition, Finding},
    Container,
    settings::DEVICES as ALLOW,
};

pub(in super::super) const LINES: Condition = Condition::new(
    "DOCTOR-CONFIG-LINES",
    "A line that is no `key: value` stops the start in plain LXC; Proxmox warns of it at every call, and drops it at \
     the next write. Scripts that split `lxc.mount.entry` at its blanks left `none` and `bind,create=file` behind.",
    "Remove these lines from the container's configuration.",
    None,
);

pub(in super::super) const DEVICES: Condition = Condition::new(
    "DOCTOR-DEVICES-ALLOW",
    "`lxc.cgroup2.devices.allow: a` was meant to let `/dev/fuse` in. It does nothing for that: an unprivileged \
     container has no filter of devices unless such a line gives it one.",
    "Remove the line from the container's configuration.",
    None,
);

pub(super) fn judge(container: &Container) -> Vec<Finding> {
    let settings = &container.settings;
    let mut found = Vec::new();
    let stray: Vec<&str> = settings.stray().take(10).collect();
    if stray.is_empty() {
        found.push(LINES.fine("the configuration has no line that is none"));
    } else {
        let what = "the configuration has lines that are none";
        let finding = if settings.proxmox { LINES.warns(what) } else { LINES.blocks(what) };
        found.push(stray.iter().fold(finding, |finding, line| finding.seen(format!("`{line}`"))));
    }
    if settings.values(ALLOW).iter().any(|value| value == "a") {
        let seen = format!("`{ALLOW}` is `a` in `{}`", settings.path);
        found.push(
            DEVICES.advises("the configuration allows all devices, which brings none").seen(seen),
        );
    }
    found
}
