//! Denials that every container shows at boot, whatever its profile, with a reason each. Pure.
//!
//! The fewer, the better: whatever stands here is never looked at again.

use crate::record::Denial;

struct Noise {
    matches: fn(&Denial) -> bool,
    why: &'static str,
}

const NOISE: &[Noise] = &[
    Noise {
        matches: |denial| {
            denial.field("operation") == "mount"
                && matches!(denial.field("fstype"), "configfs" | "debugfs" | "tracefs")
                && denial.field("name").starts_with("/sys/kernel/")
        },
        why: "systemd tries these at every boot; without the profile the user namespace refuses them",
    },
    Noise {
        matches: |denial| {
            denial.field("operation") == "file_lock" && denial.field("family") == "unix"
        },
        why: "kernel 6.1 refuses a lock on a socket to every confined process; no rule allows it",
    },
];

/// Why a denial is of no account, if it is.
pub(crate) fn harmless(denial: &Denial) -> Option<&'static str> {
    NOISE.iter().find(|noise| (noise.matches)(denial)).map(|noise| noise.why)
}
