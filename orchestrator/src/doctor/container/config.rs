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
    "Remove these lines from the container's configuration. On Proxmox the step removes those that are pieces of an \
     option that was split.",
    Some("fuse-overlayfs"),
);

pub(in super::super) const DEVICES: Condition = Condition::new(
    "DOCTOR-DEVICES-ALLOW",
    "`lxc.cgroup2.devices.allow: a` was meant to let `/dev/fuse` in. It does nothing for that: an unprivileged \
     container has no filter of devices unless such a line gives it one.",
    "Remove the line from the container's configuration.",
    Some("fuse-overlayfs"),
);

pub(super) fn judge(container: &Container) -> Vec<Finding> {
    let settings = &container.settings;
    // The step looks for what the old scripts left, and those were for Proxmox.
    let mended = |finding: Finding| if settings.proxmox { finding } else { finding.no_step() };
    let mut found = Vec::new();
    let what = "the configuration has lines that are none";
    let finding = match (settings.stray(), settings.proxmox) {
        ([], _) => LINES.fine("the configuration has no line that is none"),
        (_, true) => LINES.warns(what),
        (_, false) => LINES.blocks(what),
    };
    let stray = settings.stray().iter().take(10);
    found.push(mended(stray.fold(finding, |finding, line| finding.seen(format!("`{line}`")))));
    if settings.values(ALLOW).iter().any(|value| value == "a") {
        let seen = format!("`{ALLOW}` is `a` in `{}`", settings.path);
        let what = "the configuration allows all devices, which brings none";
        found.push(mended(DEVICES.advises(what).seen(seen)));
    }
    found
}
