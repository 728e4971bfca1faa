//! The errors of this module.

use phoenix_sdk::Code;

/// All of them.
pub const CODES: &[Code] = &[
    Code::new(
        "JOURNAL-BROKEN",
        "The journal is damaged, or is no journal of phoenix-orch. Nothing was touched, neither it nor any machine.",
        "Restore it from a backup, or move it away with its `-wal` and `-shm` files and run again; what is in it can then not be rolled back.",
    ),
    Code::new(
        "JOURNAL-CONTENT-LOST",
        "The journal does not have the former contents of something any more, or they are damaged, so it cannot be brought back exactly.",
        "Bring it back by hand; `phoenix-orch runs show` says what it was.",
    ),
    Code::new(
        "JOURNAL-NEWER",
        "The journal was written by a newer version of phoenix-orch, which this one does not understand. Nothing was touched.",
        "Use the newer version, or name another folder with `--state-dir`.",
    ),
    Code::new(
        "JOURNAL-UNWRITABLE",
        "The journal cannot be written. Nothing is done to a machine that cannot be written down first, so the run ends here; \
         what it was doing is settled by the next run.",
        "Make room, or make the file and its folder writable (`--state-dir` names another), then run again.",
    ),
    Code::new(
        "RUN-UNKNOWN",
        "The journal has no run of this name.",
        "`phoenix-orch runs list` shows those that it has; `last` means the newest that changed something.",
    ),
    Code::new(
        "STATE-DIR",
        "The folder in which phoenix-orch keeps its own state cannot be used.",
        "It must belong to root and be writable; `--state-dir` names another.",
    ),
];
