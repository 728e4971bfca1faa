//! The module `fuse` and its device.

use phoenix_sdk::{Change, CheckReport, Code, FileState, Kind, Machine, Result, StepError, Wanted};

pub(crate) const DEVICE: &str = "/dev/fuse";
/// What udev gives it: a container's root is another user on the host.
const MODE: u32 = 0o666;

pub(crate) const NO_DEVICE: Code = Code::new(
    "FUSE-DEVICE-MISSING",
    "The module `fuse` is loaded, and there is no `/dev/fuse`. Containers that ask for it would not start.",
    "Find out who removed it; `udevadm trigger --name-match=fuse` or a reboot makes it again.",
);
pub(crate) const WRONG_DEVICE: Code = Code::new(
    "FUSE-DEVICE-WRONG",
    "At `/dev/fuse` there is something else than the FUSE device (character device 10:229). It is left alone.",
    "Find out who put it there, remove it, and let udev make the device again.",
);

/// The module now and at boot, and a device that a container's root may open.
pub(crate) fn check(machine: &Machine<'_>) -> Result<CheckReport> {
    let mut report = Wanted::on(*machine).kernel_module("fuse").into_report()?;
    match machine.file(DEVICE)? {
        FileState::Device { block: false, major: 10, minor: 229, permissions } => {
            if permissions.mode & 0o006 == 0o006 {
                report.notes.push(format!("`{DEVICE}` can be opened by a container's root"));
            } else {
                let kind = Kind::File {
                    path: DEVICE.to_owned(),
                    content: None,
                    mode: Some(MODE),
                    owner: None,
                };
                let why = format!("mode {:04o} keeps a container's root out", permissions.mode);
                report.changes.push(Change::new(kind).because(why));
            }
        }
        // The module brings its device along; the next round looks again.
        FileState::Absent if !report.changes.is_empty() => {}
        FileState::Absent => {
            return Err(StepError::new("FUSE-DEVICE-MISSING", format!("`{DEVICE}` is not there"))
                .cause("the module `fuse` is loaded")
                .hint("Run `udevadm trigger --name-match=fuse` on the host, or reboot it."));
        }
        other => {
            return Err(StepError::new(
                "FUSE-DEVICE-WRONG",
                format!("`{DEVICE}` is {}, not the FUSE device", other.kind()),
            )
            .hint("Find out who put it there, remove it, and let udev make the device again."));
        }
    }
    Ok(report)
}
