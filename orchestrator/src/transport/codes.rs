use phoenix_sdk::Code;

/// The codes of this module.
pub const CODES: &[Code] = &[
    Code::new(
        "EXEC-INVALID",
        "A command has no program, a program that begins with a hyphen, or a NUL byte in an argument; \
         no machine can run it.",
        "Mend the command in `plugins.toml` or in the step that asks for it.",
    ),
    Code::new(
        "EXEC-NOT-FOUND",
        "A program is not installed on the machine.",
        "Install it on that machine, or let a step that runs earlier install it.",
    ),
    Code::new(
        "EXEC-FAILED",
        "The host could not start a process, for want of memory, processes or open files.",
        "Free some of what the cause names and run again.",
    ),
    Code::new(
        "EXEC-TIMEOUT",
        "A command did not end within its time limit. It and what it started in its session were \
         killed.",
        "Run the command by hand on that machine to see what it waits for.",
    ),
    Code::new(
        "EXEC-OUTPUT-LIMIT",
        "A command wrote more than its limit of output. It was killed.",
        "Run the command by hand on that machine to see what it writes.",
    ),
    Code::new(
        "FILE-READ",
        "A path could not be looked at, so nobody knows what is there.",
        "Look at the path by hand on that machine; the cause is the machine's own message.",
    ),
    Code::new(
        "FILE-CHANGED",
        "Something else is at a path than what the plan was made from. It was left as it is.",
        "Look at who else changes that path, then make a new plan.",
    ),
    Code::new(
        "FILE-WRITE",
        "The machine refused to change a path, for example because its disk is full or read-only. \
         What was there before is whole.",
        "Mend what the cause says and run again.",
    ),
    Code::new(
        "LEFTOVERS-ALIVE",
        "A run that was killed left commands in the container, and they could not be ended: most likely \
         they wait for the kernel. Nothing was done beside them.",
        "See what they wait for (the causes name them); if need be, restart the container. Then run again.",
    ),
    Code::new(
        "LEFTOVERS-UNREADABLE",
        "The host does not show its processes, so nobody knows whether a run that was killed still works \
         in a container.",
        "Mount `/proc` on the host, then run again.",
    ),
    Code::new(
        "SESSION-GARBLED",
        "A container answered with something that is no answer: its shell or a tool in it misbehaves, \
         or a process in it interferes with the session.",
        "Look at `/bin/sh` in the container, and at what runs in it.",
    ),
    Code::new(
        "TARGET-UNREACHABLE",
        "No shell could be started in the container.",
        "Start the container, and see whether `lxc-attach -n NAME -- /bin/sh` works by hand.",
    ),
    Code::new(
        "TARGET-LOST",
        "The session with a container ended in the middle of a request: the container was stopped, or \
         its shell was killed.",
        "See why the container stopped, start it and run again.",
    ),
];
