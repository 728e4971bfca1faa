//! The errors of the step host.

use phoenix_sdk::Code;

/// The errors of this module.
pub const CODES: &[Code] = &[
    Code::new(
        "SANDBOX-UNAVAILABLE",
        "A step runs in a process that has given up everything, and on this machine that cannot be made. The step was not loaded.",
        "Use a kernel of 5.10 or newer with seccomp, and do not run phoenix-orch inside of another sandbox. The causes say which part failed.",
    ),
    Code::new(
        "STEP-DIED",
        "The process in which a step runs died in the middle of a call: a crash, an exit, or more memory than a step may have. The unit has failed; \
         whatever it had asked for until then is done and in the journal, and other units went on in a new process.",
        "This is a defect of the step: report it to its author, with the causes. Run again to go on.",
    ),
    Code::new(
        "STEP-FORBIDDEN",
        "A step tried to do something by itself: open a file, run a program, connect, look at other processes. The kernel refused it and its \
         process was ended. A step asks the orchestrator for whatever it needs.",
        "Ask the step's author what it was after. If it has no business doing that, take it out of plugins.toml.",
    ),
    Code::new(
        "STEP-INSATIABLE",
        "A step asked for more things in one call than any step needs.",
        "This is a defect of the step: report it to its author.",
    ),
    Code::new(
        "STEP-PROTOCOL",
        "What a step's process sent is nothing that could come: garbage, an answer that nobody waits for, or one for the call of another unit.",
        "A step that was built with the SDK cannot send this by mistake. Do not use it until its author has explained it.",
    ),
    Code::new(
        "STEP-SILENT",
        "A step thought for 30 seconds in one call without asking for anything or coming to an end, or did not take its answers for 10 seconds. Its process was ended.",
        "This is most likely an endless loop in the step: report it to its author.",
    ),
    Code::new(
        "STEP-TOO-LARGE",
        "A document is larger than what may cross between a step and the orchestrator (16 MiB from the step, 32 MiB to it).",
        "Report it to the step's author: a step should ask for less at once.",
    ),
];
