//! The errors that the SDK itself makes, on behalf of any step.

use crate::Code;

/// All of them.
pub const CODES: &[Code] = &[
    Code::new(
        "APPARMOR-INCOMPLETE",
        "The kernel's AppArmor does not mediate mounts, so a profile cannot keep a container from mounting over what it \
         guards, and LXC refuses to start containers under such a kernel.",
        "Boot a kernel whose AppArmor has `/sys/kernel/security/apparmor/features/mount/mask`: those of Debian 12, \
         Ubuntu 22.04 and Proxmox VE 8 do.",
    ),
    Code::new(
        "APPARMOR-MISSING",
        "The kernel runs without AppArmor, so nothing would confine the containers, and the configuration insists on it.",
        "Boot with `apparmor=1 security=apparmor` (or `apparmor` in `lsm=`), or set `policy.apparmor = \"optional\"` in \
         plugins.toml to go on without confinement.",
    ),
    Code::new(
        "APPARMOR-PARSER-MISSING",
        "The kernel has AppArmor, and the program that loads profiles into it is not installed.",
        "Install the package `apparmor` on the host.",
    ),
    Code::new(
        "FILE-MISSING",
        "Only the mode or the owner of a file are managed, and the file is not there.",
        "Find out what should have made it; then run again.",
    ),
    Code::new(
        "FILE-NOT-REGULAR",
        "A step wants a regular file where something else is, perhaps a symbolic link. It is left alone.",
        "Replace it by a regular file if it is not there on purpose.",
    ),
    Code::new(
        "FUSE-NO-DEVICE",
        "The host has no `/dev/fuse`, so the container would not start again after a restart. It was not restarted.",
        "Run the step `host-tunables`, or load the module `fuse` on the host.",
    ),
    Code::new(
        "FUSE-TWICE",
        "The configuration of a container on Proxmox brings `/dev/fuse` in by `features: fuse=1` and by a `dev[n]` as well; \
         such a container does not start. Nothing was changed.",
        "Take one of the two away, such as with `pct set ID --delete dev0`, and run again.",
    ),
    Code::new(
        "JSON-BROKEN",
        "A JSON file that a step must edit is not valid JSON (comments and trailing commas are not JSON), or has a key twice. It is left exactly as it is.",
        "Mend it by hand: the cause names the line. Then run again.",
    ),
    Code::new(
        "JSON-NOT-OBJECT",
        "A key on the way to a wanted value holds something that is not an object. The file is left exactly as it is.",
        "Mend it by hand, then run again.",
    ),
    Code::new(
        "OBSERVATION-MISMATCH",
        "An answer does not fit its question.",
        "This is a defect of phoenix-orch or of a fake host; report it.",
    ),
    Code::new(
        "OS-UNKNOWN",
        "`/etc/os-release` of the target is missing or names no distribution.",
        "Supported are Debian 12 and 13 and Ubuntu 22.04 and 24.04.",
    ),
    Code::new(
        "OS-UNSUPPORTED",
        "The target runs a distribution that the step has not been tried on, so it changes nothing.",
        "Use a container with Debian 12 or 13 or Ubuntu 22.04 or 24.04.",
    ),
    Code::new(
        "PARAMS-INVALID",
        "A step's parameters in plugins.toml are of the wrong type, or one of them is not known to the step.",
        "The cause names the parameter; correct it in plugins.toml.",
    ),
    Code::new(
        "SDK-ANSWER",
        "The orchestrator gave an answer that the step's SDK does not expect.",
        "Rebuild the step with the SDK of this phoenix-orch.",
    ),
    Code::new(
        "SDK-DOCUMENT",
        "A document between step and orchestrator cannot be read.",
        "Rebuild the step with the SDK of this phoenix-orch.",
    ),
    Code::new(
        "SDK-PANIC",
        "A step panicked. The panic was caught inside the step, and costs only its own unit.",
        "Report it to the step's author, with the cause.",
    ),
    Code::new(
        "SERVICE-MASKED",
        "A service that must run is masked, which somebody did on purpose.",
        "If it may run, `systemctl unmask` it; then run again.",
    ),
    Code::new(
        "SERVICE-UNKNOWN",
        "systemd has no unit of this name.",
        "Install the package that brings it, or correct the name.",
    ),
    Code::new(
        "SYSCTL-UNKNOWN",
        "The running kernel has no such setting.",
        "Check the name, or that the kernel was built with the feature.",
    ),
    Code::new(
        "SYSTEMD-MISSING",
        "The target's init is not systemd, so no service can be managed there.",
        "Use a template of the distribution that boots systemd; on Proxmox VE set `features: nesting=1`.",
    ),
    Code::new(
        "TRANSCRIPT-DIFFERS",
        "A step was replayed against a transcript and did not ask for what was recorded, so nobody knows what the \
         machine would have answered.",
        "The causes name the first difference. If the step is meant to ask for something else now, record anew.",
    ),
    Code::new(
        "TRANSCRIPT-UNREADABLE",
        "A document is no transcript, or one of a newer format than this SDK reads.",
        "Record it anew, or update `phoenix-sdk`.",
    ),
    Code::new(
        "CHANGE-NOT-ANNOUNCED",
        "A step tried to perform a change that this round's check did not report, or outside apply.",
        "This is a defect of the step: report it to its author.",
    ),
    Code::new(
        "PROBE-NOT-DECLARED",
        "A step tried to run a command that its metadata does not declare.",
        "This is a defect of the step: report it to its author.",
    ),
    Code::new(
        "CHANGE-OUT-OF-SCOPE",
        "A step wants to change something that is not its own target: an option of a container that concerns the host, or a mount of something of the host by a step for containers.",
        "Report it to the step's author. A step's scope is shown by `phoenix-orch plugins list`.",
    ),
    Code::new(
        "HOST-FILE-PRIVATE",
        "A step for containers looked at a file of the host that not every user of the host may see. It could have carried it into a container, so it was not shown.",
        "Make the file and the folders above it readable for everybody if it is no secret; else report it to the step's author.",
    ),
    Code::new(
        "PROBE-OUT-OF-SCOPE",
        "A step for containers tried to run one of its probes on the host.",
        "Report it to the step's author: its scope has to say that it works on the host too.",
    ),
];
