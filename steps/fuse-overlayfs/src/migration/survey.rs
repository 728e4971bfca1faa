//! What Docker has, as it tells it itself: asked in `check`, and once more before anything is done.

use phoenix_sdk::{Bytes, Machine, Probe, Result, StepError, argv, shown};
use serde_json::Value;

use super::images::{Image, Manifest};

const SCRIPT: &str = include_str!("list.sh");

pub(crate) const FACTS: Probe = Probe::new(
    "docker-facts",
    argv!["docker", "info", "--format", "{{json .}}"],
    "Which store the running Docker has, and what must be known before its driver changes",
);
pub(crate) const LIST: Probe = Probe::new(
    "docker-list",
    argv!["/bin/sh", "-c", SCRIPT, "phoenix-migrate"],
    "All containers, images, networks or volumes of the running Docker, one JSON document a line",
)
.within(120);

/// Images and containers of the running Docker.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pub(crate) containers: Vec<Value>,
    pub(crate) images: Vec<Image>,
    pub(crate) manifest: Manifest,
    /// Whether containers go on while dockerd does not run.
    pub(crate) live_restore: bool,
}

impl Survey {
    /// Looks.
    pub(crate) fn look(machine: &Machine<'_>) -> Result<Self> {
        let facts = list(machine, &FACTS, &[])?.pop().unwrap_or_default();
        let containers = list(machine, &LIST, &["container"])?;
        let images = list(machine, &LIST, &["image"])?;
        Self::of(&facts, containers, &images)
            .ok_or_else(|| unreadable("it describes an image in words that are not Docker's"))
    }

    pub(crate) fn of(facts: &Value, containers: Vec<Value>, images: &[Value]) -> Option<Self> {
        let text = |key: &str| facts.get(key).and_then(Value::as_str).unwrap_or_default();
        let images: Vec<_> = images.iter().map(Image::read).collect::<Option<_>>()?;
        // A driver that is a snapshotter of containerd's says so in its status, and nowhere else.
        let status = facts.get("DriverStatus").map(Value::to_string).unwrap_or_default();
        let containerd = status.contains("io.containerd.snapshotter");
        let folder = if containerd {
            "/var/lib/containerd".to_owned()
        } else {
            format!("{}/{}", shown::name(text("DockerRootDir")), shown::name(text("Driver")))
        };
        let used: Vec<_> = containers.iter().map(|one| word(one, "/Image")).collect();
        let driver = shown::name(text("Driver"));
        let manifest = Manifest { driver, containerd, folder, ..Manifest::choose(&images, &used) };
        let live_restore = facts.get("LiveRestoreEnabled") == Some(&Value::Bool(true));
        Some(Self { containers, images, manifest, live_restore })
    }

    /// An upper bound of what the images take: layers that several of them have count for each.
    pub(crate) fn bytes(&self) -> u64 {
        let chosen = self.images.iter().filter(|image| self.manifest.ids.contains(&image.id));
        chosen.map(|image| image.size).fold(0, u64::saturating_add)
    }

    /// All images, also those that are not carried over.
    pub(crate) fn everything(&self) -> Manifest {
        let ids: Vec<_> = self.images.iter().map(|image| image.id.as_str()).collect();
        Manifest::choose(&self.images, &ids)
    }

    /// How many images are not carried over.
    pub(crate) fn left(&self) -> usize {
        self.images.len().saturating_sub(self.manifest.ids.len())
    }
}

/// A text in a document, or nothing.
pub(crate) fn word<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Runs a probe that prints one document a line.
pub(crate) fn list(machine: &Machine<'_>, probe: &Probe, more: &[&str]) -> Result<Vec<Value>> {
    let output = machine.probe(probe, more)?;
    if !output.success() {
        return Err(unreadable(&shown::output(&output)));
    }
    documents(&output.stdout).ok_or_else(|| unreadable("it does not answer in JSON"))
}

fn documents(output: &Bytes) -> Option<Vec<Value>> {
    let text = output.to_text();
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn unreadable(why: &str) -> StepError {
    StepError::new("DOCKER-NOT-ANSWERING", "Docker does not tell what it has")
        .cause(why)
        .hint("Look at `journalctl -u docker` in the container, restart Docker, and run again.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Survey, documents};

    #[test]
    fn lines_are_documents_or_nothing_is() {
        assert_eq!(documents(&"{\"a\": 1}\n\n2\n".into()).map(|seen| seen.len()), Some(2));
        assert_eq!(documents(&"{\"a\": 1}\nWARNING\n".into()), None);
        assert_eq!(documents(&"".into()), Some(vec![]));
    }

    #[test]
    fn the_store_decides_where_the_layers_are() {
        let image = json!({"Id": "sha256:a", "RepoTags": [], "Size": 7});
        for (status, folder, containerd) in [
            (json!([["Backing Filesystem", "extfs"]]), "/d/overlay2", false),
            (json!([["driver-type", "io.containerd.snapshotter.v1"]]), "/var/lib/containerd", true),
        ] {
            let facts =
                json!({"Driver": "overlay2", "DockerRootDir": "/d", "DriverStatus": status});
            let container = json!({"Image": "sha256:a"});
            let seen = Survey::of(&facts, vec![container], std::slice::from_ref(&image)).unwrap();
            assert_eq!((&*seen.manifest.folder, seen.manifest.containerd), (folder, containerd));
            assert_eq!((seen.bytes(), seen.left()), (7, 0));
            let unused = Survey::of(&facts, vec![], std::slice::from_ref(&image)).unwrap();
            assert_eq!((unused.bytes(), unused.left()), (0, 1));
        }
    }
}
