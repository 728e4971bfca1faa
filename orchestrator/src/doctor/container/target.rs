//! Whether the container can be worked with at all.

use phoenix_sdk::{FileState, OsRelease, require, shown};

use super::{
    super::{
        finding::{Condition, Finding},
        look::Look,
    },
    Container,
};

pub(super) const RELEASES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];
pub(super) const BOOTED: &str = "/run/systemd/system";

pub(in super::super) const TARGET: Condition = Condition::new(
    "DOCTOR-TARGET",
    "phoenix-orch works in containers that are there, run, are no templates and are locked by nobody.",
    "Start the container, or wait for what holds it; correct its name if there is none.",
    None,
);

pub(in super::super) const UNPRIVILEGED: Condition = Condition::new(
    "DOCTOR-UNPRIVILEGED",
    "Root in a privileged container is root on the host: whoever breaks out of Docker has the host. phoenix-orch \
     works in unprivileged containers only.",
    "Make it unprivileged: on Proxmox back it up and restore it with `--unprivileged 1`.",
    None,
);

pub(in super::super) const EDITABLE: Condition = Condition::new(
    "DOCTOR-EDITABLE",
    "The steps edit the container's configuration and restart it. A node of Proxmox without quorum refuses the former, and \
     where HA looks after the container, it must not be restarted behind its back.",
    "Mend what the cause says first; nothing is changed before.",
    None,
);

pub(in super::super) const PENDING: Condition = Condition::new(
    "DOCTOR-PENDING",
    "What was changed about a running container on Proxmox waits for its next start. A restart by phoenix-orch brings \
     that about as well; what is judged here is what the next start will have.",
    "See with `pct pending ID` what it is, and revert what is not wanted.",
    None,
);

pub(in super::super) const PLATFORM: Condition = Condition::new(
    "DOCTOR-PLATFORM",
    "The steps install packages and mend services, and know how on Debian 12 and 13 and Ubuntu 22.04 and 24.04 \
     under systemd.",
    "Use a template of one of these; Docker itself may run on others all the same.",
    None,
);

pub(super) fn judge(container: &Container) -> Vec<Finding> {
    let mut found = vec![target(container), editable(container), pending(container)];
    found.push(match &container.state {
        Ok(state) if state.unprivileged => UNPRIVILEGED.fine("the container is unprivileged"),
        Ok(_) => UNPRIVILEGED.blocks("the container is privileged; it was not entered"),
        // That its state is not known has been said.
        Err(_) => return found,
    });
    found
}

fn target(container: &Container) -> Finding {
    let settings = &container.settings;
    let on = |key: &str| settings.last(key).filter(|value| *value != "0");
    let finding = if on("template").is_some() {
        TARGET
            .blocks("it is a template")
            .todo("Name the containers that were made from it; a template itself never runs.")
    } else if let Some(lock) = on("lock") {
        TARGET
            .blocks("it is locked")
            .seen(format!("`lock: {lock}` in `{}`", settings.path))
            .todo("Wait until what holds it is done; `pct unlock` only if nothing does any more.")
    } else {
        match (&container.state, &container.inside) {
            (Err(cause), _) => TARGET
                .blocks("its state could not be found out")
                .seen(cause)
                .todo("Mend what the cause says, and ask again."),
            (Ok(state), _) if !state.running => {
                TARGET.blocks("it does not run, so nothing was seen of what is in it")
            }
            (_, Some(Err(cause))) => TARGET
                .blocks("it could not be entered")
                .seen(cause)
                .todo("See whether a shell can be started in it by hand."),
            _ => TARGET.fine("it runs and can be worked with"),
        }
    };
    match &container.state {
        Ok(_) => finding.seen(format!("`{}`", settings.path)),
        Err(_) => finding,
    }
}

fn editable(container: &Container) -> Finding {
    match &container.editable {
        Ok(()) => EDITABLE.fine("its configuration can be changed"),
        Err(cause) => EDITABLE.warns("its configuration cannot be changed now").seen(cause),
    }
}

fn pending(container: &Container) -> Finding {
    match &container.pending {
        Ok(keys) if keys.is_empty() => PENDING.fine("nothing waits for its next start"),
        Ok(keys) => PENDING.advises("changes wait for its next start").seen(shown::quoted(keys)),
        Err(cause) => PENDING.unknown(cause),
    }
}

pub(super) fn judge_platform(inside: &Look) -> Vec<Finding> {
    let mut release = Ok(FileState::Absent);
    for path in RELEASES {
        match inside.file(path) {
            // The first is mostly a link to the second.
            Ok(FileState::Absent | FileState::Symlink { .. }) => {}
            other => {
                release = other;
                break;
            }
        }
    }
    let os = release.and_then(|file| OsRelease::parse(&file).map_err(|error| error.message));
    let (os, booted) = match (os, inside.folder(BOOTED)) {
        (Ok(os), Ok(booted)) => (os, booted),
        (Err(cause), _) | (_, Err(cause)) => return vec![PLATFORM.unknown(&cause)],
    };
    let seen = &os.pretty;
    vec![if !require::is_known(&os) {
        PLATFORM.warns("none of the steps knows this distribution").seen(seen)
    } else if booted.is_none() {
        PLATFORM.warns("its init is not systemd, and the steps need it").seen(seen)
    } else {
        PLATFORM.fine("its distribution and its init are known to the steps").seen(seen)
    }]
}
