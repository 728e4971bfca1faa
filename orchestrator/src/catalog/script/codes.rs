//! The errors that a script's programs can give before they are started.

use phoenix_sdk::Code;

pub(super) const MISSING: &str = "SCRIPT-MISSING";
pub(super) const UNTRUSTED: &str = "SCRIPT-UNTRUSTED";
pub(super) const NOT_EXECUTABLE: &str = "SCRIPT-NOT-EXECUTABLE";

pub(super) const RUNNING: &str = "SCRIPT-RUNNING";

/// The errors of this module.
pub const CODES: &[Code] = &[
    Code::new(
        MISSING,
        "A program of a script step is not where plugins.toml says. Nothing was run.",
        "Correct the path. It is never looked for in PATH; a relative one is relative to plugins.toml.",
    ),
    Code::new(
        NOT_EXECUTABLE,
        "A program of a script step is no executable file: the right to execute is missing, it is a folder, or its first line \
         names an interpreter that is not there.",
        "`chmod 0755 FILE`, and let its first line be `#!/bin/bash` or the like, without a carriage return at its end.",
    ),
    Code::new(
        RUNNING,
        "The program of a script step runs already with the same words: a run that was killed has left it, or somebody has started it \
         by hand. It was not started a second time beside itself.",
        "Wait until the process that the causes name has ended, or end it; then run again.",
    ),
    Code::new(
        UNTRUSTED,
        "A program of a script step, a folder above it, or a symbolic link on the way to it could be changed by somebody else than \
         root or you. Root would run it, so nothing was run.",
        "Mend owner or mode as the cause says (`chown root`, `chmod go-w`).",
    ),
];
