use phoenix_sdk::Code;

/// The codes of this module.
pub const CODES: &[Code] = &[
    Code::new(
        "OPTION-NOT-OF-LXC",
        "A step wants an option of Proxmox, such as `features`, in a configuration of plain LXC, with which the container would not \
         start. Nothing was changed.",
        "Report it to the step's author: `Context::manager` tells what manages the containers.",
    ),
    Code::new(
        "PVE-READ-ONLY",
        "The file system of the Proxmox cluster is read-only, because this node has no quorum. Nothing was changed.",
        "See `pvecm status`, and run again when the node has quorum.",
    ),
    Code::new(
        "RUNTIME-MISSING",
        "No container runtime that phoenix-orch knows is installed on this host, or not the one that plugins.toml names.",
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
        "CONTAINER-CONFIG-BUSY",
        "Somebody else held the lock of a container's configuration for longer than `pct` itself would wait. Nothing was changed.",
        "See what holds `/run/lock/lxc/pve-config-ID.lock` (`fuser -v`), mostly a task of Proxmox, and run again.",
    ),
    Code::new(
        "CONTAINER-HA-MANAGED",
        "The HA manager looks after the container: it would start it again while it is being restarted, and may move it to \
         a node that does not have the AppArmor profile, where it would not start. Nothing was changed.",
        "Run phoenix-orch on the other nodes for the host, then here between `ha-manager set ct:ID --state ignored` and `--state started`.",
    ),
    Code::new(
        "CONTAINER-LOCKED",
        "A task of Proxmox (a backup, a snapshot, a migration) has the container for itself; its configuration says so with \
         `lock`. Nothing was changed.",
        "Wait until it has ended, with `--wait SECONDS` if you like. A lock that a dead task has left is taken away with `pct unlock`, once you are sure.",
    ),
    Code::new(
        "CONTAINER-PENDING",
        "A change of the same option is pending on Proxmox, and would undo with the next start what is wanted now.",
        "Take it back with `pct set ID --revert OPTION`, or let it happen with `pct reboot ID`; then run again.",
    ),
    Code::new(
        "CONTAINER-STOP",
        "A container could not be stopped, or not be restarted and runs as before.",
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
