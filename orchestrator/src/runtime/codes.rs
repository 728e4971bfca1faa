use phoenix_sdk::Code;

/// The codes of this module.
pub const CODES: &[Code] = &[
    Code::new(
        "RUNTIME-MISSING",
        "No container runtime that phoenix-orch knows is installed on this host.",
        "Install the package `lxc`, or run phoenix-orch on the host of the containers.",
    ),
    Code::new(
        "RUNTIME-FAILED",
        "The container runtime, or the folder of its containers, could not be asked.",
        "Mend what the cause says; usually phoenix-orch does not run as root.",
    ),
    Code::new(
        "TARGET-UNKNOWN",
        "There is no container of that name on this host.",
        "Correct the name; `lxc-ls` lists them.",
    ),
    Code::new(
        "CONTAINER-STOP",
        "A container could not be stopped.",
        "Stop it by hand and see what holds it.",
    ),
    Code::new(
        "CONTAINER-START",
        "A container could not be started, or stopped again at once. The causes are the runtime's own.",
        "Mend what the causes say, usually a line in the container's configuration, then start it by \
         hand.",
    ),
    Code::new(
        "CONTAINER-NOT-READY",
        "A container was started, and its init did not finish starting in time.",
        "Look inside with `systemctl list-jobs` at what it waits for, and run again.",
    ),
];
