//! Which Docker and containerd are there.

use semver::Version;

use super::{
    super::{
        finding::{Condition, Finding},
        look::Look,
    },
    runc::version_in,
};

pub(super) const COMMAND: &str = "dockerd";
pub(super) const CONTAINERD_COMMAND: &str = "containerd";

pub(in super::super) const DOCKER: Condition = Condition::new(
    "DOCTOR-DOCKER",
    "Docker 29.0.0, and no other version, does not start when `storage-driver` is set to `fuse-overlayfs`, unless \
     `features.containerd-snapshotter` is false beside it.",
    "Upgrade to 29.0.1 or newer.",
    Some("docker-install"),
);

pub(in super::super) const CONTAINERD: Condition = Condition::new(
    "DOCTOR-CONTAINERD",
    "Docker starts its containers through containerd. No defect of a version is known that matters here; it is shown \
     because the package of Docker's own repository, `containerd.io`, brings runc along.",
    "See what is found about runc.",
    None,
);

pub(super) fn judge(inside: &Look) -> Vec<Finding> {
    let docker = match version_in(inside, COMMAND) {
        Err(cause) => DOCKER.unknown(&cause),
        Ok(None) => DOCKER
            .advises("Docker is not installed yet")
            .why("Without it nothing of Docker can be judged: not its versions, nor its storage driver.")
            .todo("Run phoenix-orch, or install the package `docker.io`."),
        Ok(Some((version, line))) if version == Version::new(29, 0, 0) => DOCKER
            .warns("this version of Docker refuses an explicit `fuse-overlayfs`")
            .seen(line)
            .no_step(),
        Ok(Some((_, line))) => DOCKER.fine("Docker is installed").seen(line),
    };
    let mut found = vec![docker];
    found.extend(match version_in(inside, CONTAINERD_COMMAND) {
        Err(cause) => Some(CONTAINERD.unknown(&cause)),
        Ok(None) => None,
        Ok(Some((_, line))) => Some(CONTAINERD.fine("containerd is installed").seen(line)),
    });
    found
}
