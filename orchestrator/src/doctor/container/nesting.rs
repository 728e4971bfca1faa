//! Nesting: whether containers in the container can have proc and sysfs.

use super::{
    super::{
        finding::{Condition, Finding},
        look::{Known, Look},
    },
    Container,
    settings::PROFILE,
};

pub(super) const MOUNTS: &str = "/proc/self/mountinfo";
pub(super) const INIT: &str = "/proc/1/comm";

pub(in super::super) const NESTING: Condition = Condition::new(
    "DOCTOR-NESTING",
    "The kernel lets nested containers mount proc and sysfs only where the container has whole ones itself, which LXC \
     brings for nesting: without them `error mounting \"proc\" to rootfs ... permission denied`. systemd's services \
     need them too: without, logins and consoles hang.",
    "Set `features: nesting=1` on Proxmox, or `lxc.apparmor.allow_nesting: 1` beside a profile that is named, and \
     restart the container.",
    Some("apparmor-profile"),
);

pub(super) fn judge(container: &Container) -> Vec<Finding> {
    let settings = &container.settings;
    let planned = settings.nests();
    let now = match container.seen_inside().map(in_force) {
        Some(Ok(now)) => Some(now),
        Some(Err(cause)) => return vec![NESTING.unknown(&cause)],
        None => None,
    };
    let init = container.seen_inside().and_then(|inside| inside.line(INIT).ok().flatten());
    let finding = match (planned, now) {
        (true, Some(true)) => NESTING.fine("nested containers can have proc and sysfs"),
        (true, None) => NESTING.fine("the configuration allows nesting"),
        (true, Some(false)) => NESTING
            .blocks("the configuration allows nesting, and the running container was started without it")
            .todo("Restart the container."),
        (false, Some(true)) => NESTING
            .warns("the running container has nesting, and the configuration does not allow it any more"),
        (false, _) => NESTING.blocks("nesting is off"),
    };
    let finding = match (planned, settings.own_profile.as_deref(), settings.feature("nesting")) {
        (false, Some(profile), true) => finding
            .seen(format!("`features: nesting=1` does nothing beside `{PROFILE}: {profile}`")),
        (false, ..) => finding.seen(format!("neither option is set in `{}`", settings.path)),
        _ => finding,
    };
    vec![match init.as_deref() {
        Some("systemd") if now == Some(false) => {
            finding.seen("its init is systemd, which needs nesting")
        }
        _ => finding,
    }]
}

/// Whether LXC mounted what nesting needs.
fn in_force(inside: &Look) -> Known<bool> {
    let text = inside.text(MOUNTS)?.ok_or_else(|| format!("`{MOUNTS}` is not there"))?;
    Ok(text.lines().any(|line| line.split(' ').nth(4) == Some("/dev/.lxc/proc")))
}
