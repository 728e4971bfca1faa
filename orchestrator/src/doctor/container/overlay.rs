//! Whether the kernel's own overlays work where Docker would make them: tried, not concluded from versions.

use super::{
    super::{
        finding::{Condition, Finding},
        host::{Host, kernel},
        look::{Known, Look},
    },
    Container, driver, place,
};

/// What the trial gave.
pub(super) const TRIED: &str = "overlay";

pub(in super::super) const OVERLAY: Condition = Condition::new(
    "DOCTOR-OVERLAY",
    "Native overlays (`overlay2`) are faster than fuse-overlayfs, need no `/dev/fuse`, and do not hang in snapshot \
     backups. Whether they work in a container depends on kernel, file system and profile together, so that only a \
     trial tells. It mounts one over a temporary folder on the file system of Docker's data, in a mount namespace \
     of its own, and removes both.",
    "Set `storage_driver = \"overlay2\"` under `[plugins.apparmor-profile.params]`, leave the step `fuse-overlayfs` out \
     of the feature, and set the driver in `daemon.json`.",
    None,
);

/// Why nothing may be tried, if so.
pub(super) fn reason_against(container: &Container, host: &Host) -> Known<Option<&'static str>> {
    let label = container.state.as_ref().ok().and_then(|state| state.label.as_deref());
    if label.is_some_and(|label| label.starts_with("lxc-phoenix-v2")) {
        return Ok(Some("the container's profile allows overlays only where Docker makes its own"));
    }
    if !kernel::has_overlays(host)? {
        return Ok(Some("the host has not loaded the module `overlay`, and a trial would load it"));
    }
    Ok(None)
}

pub(super) fn judge(container: &Container, inside: &Look, host: &Host) -> Vec<Finding> {
    let configured =
        driver::read(inside).ok().and_then(Result::ok).and_then(|daemon| daemon.driver);
    let native = configured.as_deref() == Some("overlay2");
    match reason_against(container, host) {
        Err(cause) => return vec![OVERLAY.unknown(&cause)],
        Ok(Some(why)) => {
            let todo = "Where it matters: `modprobe overlay` on the host, and ask again, if need be about another \
                 container on the same storage that has not got the profile.";
            return vec![OVERLAY.advises("native overlays were not tried").seen(why).todo(todo)];
        }
        Ok(None) => {}
    }
    let output = match inside.command(TRIED) {
        Err(cause) => return vec![OVERLAY.unknown(&cause)],
        Ok(None) => return vec![OVERLAY.unknown("there is no `/bin/sh` to try with")],
        Ok(Some(output)) => output,
    };
    let failed = |what: &str| {
        let finding = if native {
            let todo = "Let the step set `fuse-overlayfs`; what is on `overlay2` is carried over with `--allow migrate`.";
            OVERLAY
                .blocks(format!("{what}, and `daemon.json` asks for `overlay2`"))
                .todo(todo)
                .step("fuse-overlayfs")
        } else {
            OVERLAY.fine(format!("{what}: fuse-overlayfs is the right driver here"))
        };
        vec![finding.seen(output.complaint())]
    };
    match output.exit {
        0 => vec![works(inside, native)],
        11 => failed("native overlays cannot be mounted"),
        12 => failed("native overlays can be mounted, and do not work"),
        _ => vec![OVERLAY.unknown(&output.complaint())],
    }
}

fn works(inside: &Look, native: bool) -> Finding {
    if native {
        return OVERLAY.fine("native overlays work, and Docker is asked to use them");
    }
    let kind = place::kind(inside).map(|(_, kind)| kind).unwrap_or_default();
    OVERLAY.advises("native overlays work here: `overlay2` is the better driver").seen(format!(
        "one was mounted over `{kind}` with `userxattr`, and files in it were renamed and removed"
    ))
}
