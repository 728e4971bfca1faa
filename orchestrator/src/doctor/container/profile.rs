//! Which AppArmor profile the container has by its configuration, and which one now.

use super::{
    super::{
        finding::{Condition, Finding},
        host::{Host, apparmor},
    },
    Container,
    settings::PROFILE as KEY,
};

pub(in super::super) const PROFILE: Condition = Condition::new(
    "DOCTOR-PROFILE",
    "The profile decides what Docker may do, and what keeps root in the container from the host. A profile that the \
     kernel does not have keeps the container from starting, and an `lxc.include` below the profile's line can \
     silently replace it.",
    "Let the container run under `lxc-phoenix-v2`, which is made for Docker.",
    Some("apparmor-profile"),
);

pub(in super::super) const LABEL: Condition = Condition::new(
    "DOCTOR-LABEL",
    "A container keeps the profile that it was started with: what its configuration says takes effect at the next start.",
    "Restart the container.",
    Some("apparmor-profile"),
);

pub(super) fn judge(container: &Container, host: &Host) -> Vec<Finding> {
    if !host.has_apparmor() {
        return Vec::new();
    }
    let mut found = vec![configured(container, host)];
    found.extend(running(container));
    found
}

fn configured(container: &Container, host: &Host) -> Finding {
    let settings = &container.settings;
    let profile = settings.profile();
    let seen = format!("`{KEY}` is `{profile}`");
    if let Some(own) = settings.own_profile.as_deref().filter(|own| *own != profile) {
        return PROFILE
            .warns("a file that is included further down replaces the profile of the configuration")
            .seen(format!("`{}` says `{own}`", settings.path))
            .seen(format!("in force is `{profile}`"))
            .todo("Remove that `lxc.include`, or move it above the profile's line.");
    }
    if profile == "unconfined" {
        return PROFILE.warns("the container is not confined").seen(seen);
    }
    if profile == "generated" {
        return PROFILE.fine("the container has the profile that LXC generates").seen(seen);
    }
    let name = profile.split("//").next().unwrap_or(profile);
    if !name.starts_with("lxc-") {
        return PROFILE
            .warns("the profile's name does not begin with `lxc-`, and `lxc-start` may change to no other")
            .seen(seen);
    }
    match host.look.text(apparmor::PROFILES) {
        Err(cause) => PROFILE.unknown(&cause),
        Ok(text) => {
            let text = text.unwrap_or_default();
            let mode = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" ("));
            match mode.map(|mode| mode.trim_end_matches(')')) {
                None => PROFILE
                    .blocks(
                        "the kernel does not have the container's profile: it does not start again",
                    )
                    .seen(seen),
                Some("enforce") => {
                    PROFILE.fine("the kernel enforces the container's profile").seen(seen)
                }
                Some(mode) => PROFILE
                    .warns("the container's profile is loaded and not enforced")
                    .seen(format!("`{name}` has mode `{mode}`")),
            }
        }
    }
}

fn running(container: &Container) -> Option<Finding> {
    let state = container.state.as_ref().ok()?;
    let label = state.label.as_deref()?;
    let profile = container.settings.profile();
    // The kernel writes `NAME (MODE)`, and a stack's first part for a profile that LXC generated.
    let name = label.split(" (").next().unwrap_or(label);
    let fits = match profile {
        "generated" => name.starts_with("lxc-") && name.contains("_</"),
        profile => name == profile || name.split("//&").next() == profile.split("//&").next(),
    };
    let finding = if fits {
        LABEL.fine("the running container has the profile of its configuration")
    } else {
        LABEL.warns(format!("the container runs under another profile than `{profile}`"))
    };
    Some(finding.seen(format!("the label of its init: {label}")))
}
