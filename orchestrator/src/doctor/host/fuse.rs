//! The module `fuse` and its device on the host.

use phoenix_sdk::{FileState, dev_fuse};

use super::{
    super::finding::{Condition, Finding, Severity},
    Host,
};

pub(in super::super) const PATHS: [&str; 1] = [dev_fuse::PATH];

pub(in super::super) const MODULE: Condition = Condition::new(
    "DOCTOR-FUSE-MODULE",
    "fuse-overlayfs needs the kernel's FUSE. A container whose configuration asks for `/dev/fuse` does not start on \
     a host that has booted without it.",
    "Load the module `fuse`, and name it in /etc/modules-load.d.",
    Some("host-tunables"),
);

pub(in super::super) const DEVICE: Condition = Condition::new(
    "DOCTOR-FUSE-DEVICE",
    "Root in an unprivileged container is another user on the host, and opens the host's device with what its mode \
     gives to others. With 0600 fuse-overlayfs says `fuse: failed to open /dev/fuse: Permission denied`.",
    "Give `/dev/fuse` the mode 0666, as udev does.",
    Some("host-tunables"),
);

/// The module, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Module {
    pub(in super::super) available: bool,
    pub(in super::super) at_boot: bool,
}

pub(super) fn judge(host: &Host) -> Vec<Finding> {
    // Where nobody wants fuse-overlayfs, what is missing of FUSE stands in nobody's way.
    let severity = if host.wishes.fuse_overlayfs { Severity::Blocks } else { Severity::Advice };
    vec![module(host, severity), device(host, severity)]
}

fn module(host: &Host, severity: Severity) -> Finding {
    match &host.fuse {
        Err(cause) => MODULE.unknown(cause),
        Ok(Module { available: false, .. }) => MODULE.finds(severity, "the kernel has no FUSE"),
        Ok(Module { at_boot: false, .. }) => MODULE
            .finds(
                severity.max(Severity::Warns),
                "the module `fuse` is loaded, and nothing loads it at boot",
            )
            .seen("neither `/etc/modules` nor a file in `modules-load.d` names it"),
        Ok(_) => MODULE.fine("the kernel has FUSE, now and after a reboot"),
    }
}

fn device(host: &Host, severity: Severity) -> Finding {
    let state = match host.look.file(dev_fuse::PATH) {
        Ok(state) => state,
        Err(cause) => return DEVICE.unknown(&cause),
    };
    match state.permissions() {
        Some(permissions) if dev_fuse::is_fuse(&state) => {
            let seen = format!("`{}` has mode {:04o}", dev_fuse::PATH, permissions.mode);
            if permissions.mode & 0o006 == 0o006 {
                DEVICE.fine("a container's root may open `/dev/fuse`").seen(seen)
            } else {
                DEVICE
                    .finds(severity, "the mode of `/dev/fuse` keeps a container's root out")
                    .seen(seen)
            }
        }
        _ if state == FileState::Absent => {
            let module = matches!(&host.fuse, Ok(Module { available: true, .. }));
            let finding = DEVICE.finds(severity, "the host has no `/dev/fuse`");
            if module {
                finding.todo("Run `udevadm trigger --name-match=fuse`, or reboot.").no_step()
            } else {
                finding.todo("Load the module `fuse`, which brings it along.")
            }
        }
        _ => DEVICE
            .finds(severity, "something else is in the place of `/dev/fuse`")
            .seen(format!("it is {}", state.kind()))
            .todo("Find out who put it there, remove it, and let udev make the device again.")
            .no_step(),
    }
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::{FileState, Permissions, dev_fuse::PATH};

    use super::{
        super::{super::finding::Severity, Host},
        Module, judge,
    };

    fn node(mode: u32, minor: u32) -> FileState {
        let permissions = Permissions { mode, uid: 0, gid: 0 };
        FileState::Device { block: false, major: 10, minor, permissions }
    }

    #[test]
    fn the_device() {
        for (state, available, wanted, step) in [
            (node(0o666, 229), true, Severity::Fine, true),
            (node(0o600, 229), true, Severity::Blocks, true),
            (node(0o660, 229), true, Severity::Blocks, true),
            (node(0o666, 200), true, Severity::Blocks, false),
            (FileState::Absent, true, Severity::Blocks, false),
            (FileState::Absent, false, Severity::Blocks, true),
            (FileState::Other, true, Severity::Blocks, false),
        ] {
            let mut host = Host::healthy();
            host.fuse = Ok(Module { available, at_boot: true });
            host.look = host.look.with_state(PATH, Ok(state.clone()));
            let found = &judge(&host)[1];
            assert_eq!((found.severity, found.step.is_some()), (wanted, step), "{state:?}");
            host.wishes.fuse_overlayfs = false;
            assert!(judge(&host)[1].severity >= Severity::Advice, "{state:?}");
        }
    }

    #[test]
    fn the_module() {
        for (available, at_boot, wanted) in [
            (true, true, Severity::Fine),
            (true, false, Severity::Warns),
            (false, false, Severity::Blocks),
        ] {
            let mut host = Host::healthy();
            host.fuse = Ok(Module { available, at_boot });
            assert_eq!(judge(&host)[0].severity, wanted);
        }
    }
}
