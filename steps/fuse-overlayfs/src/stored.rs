//! What a Docker that does not run has on disk: images, containers and layers of other drivers.
//!
//! Docker's folders are its own business, so this looks at few of them, and takes whatever it does not
//! understand for something that would be hidden.

use std::collections::BTreeSet;

use phoenix_sdk::{Bytes, Machine, Result, shown};
use serde_json::Value;

use crate::DRIVER;

/// Where each driver keeps its layers, below its own folder, and which entries are no layers.
const LAYERS: &[(&str, &str, &[&str])] = &[
    ("overlay2", "", &["l", "backingFsBlockDev", "metacopy-check", "staging"]),
    ("overlay", "", &["l"]),
    ("vfs", "/dir", &[]),
    ("btrfs", "/subvolumes", &[]),
    ("zfs", "/graph", &[]),
    ("aufs", "/diff", &[]),
    ("devicemapper", "/mnt", &[]),
];

/// Names of what another driver has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) images: Vec<String>,
    pub(crate) containers: Vec<String>,
    /// Drivers with layers, of which nobody knows what they belong to.
    pub(crate) layers: Vec<String>,
}

impl Hidden {
    pub(crate) fn is_empty(&self) -> bool {
        self.images.is_empty() && self.containers.is_empty() && self.layers.is_empty()
    }

    /// One line for each kind of thing.
    pub(crate) fn describe(&self) -> Vec<String> {
        [("images", &self.images), ("containers", &self.containers), ("layers of", &self.layers)]
            .iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{what}: {}", shown::quoted(names)))
            .collect()
    }
}

/// Looks below Docker's data folder.
pub(crate) fn look(machine: &Machine<'_>, data_root: &str) -> Result<Hidden> {
    let Some(there) = machine.folder(data_root)? else { return Ok(Hidden::default()) };
    let mut hidden = Hidden::default();
    for driver in machine.folder(format!("{data_root}/image"))?.unwrap_or_default() {
        if driver == DRIVER {
            continue;
        }
        let image = format!("{data_root}/image/{driver}");
        let ids = machine.folder(format!("{image}/imagedb/content/sha256"))?.unwrap_or_default();
        if !ids.is_empty() {
            let names = tags(machine.file(format!("{image}/repositories.json"))?.content());
            hidden.images.extend(if names.is_empty() { ids } else { names });
        }
    }
    containers(machine, data_root, &mut hidden)?;
    for (driver, below, others) in LAYERS {
        if !there.iter().any(|name| name == driver) {
            continue;
        }
        let names = machine.folder(format!("{data_root}/{driver}{below}"))?.unwrap_or_default();
        if names.iter().any(|name| !others.contains(&name.as_str())) {
            hidden.layers.push((*driver).to_owned());
        }
    }
    // Since Docker 29 a fresh installation keeps its images with containerd, in a folder of its own.
    let snapshots = "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots";
    if there.iter().any(|name| name == "engine-id")
        && machine.folder(snapshots)?.is_some_and(|names| !names.is_empty())
    {
        hidden.layers.push("containerd".to_owned());
    }
    Ok(hidden)
}

fn containers(machine: &Machine<'_>, data_root: &str, hidden: &mut Hidden) -> Result<()> {
    let folder = format!("{data_root}/containers");
    let ids = machine.folder(&folder)?.unwrap_or_default();
    let configs = ids.iter().map(|id| format!("{folder}/{id}/config.v2.json"));
    for (id, state) in ids.iter().zip(machine.files(configs)?) {
        let content = state?.content().cloned().unwrap_or_default();
        hidden.containers.extend(hidden_container(id, &content));
    }
    Ok(())
}

/// The container's name, unless it belongs to our driver.
fn hidden_container(id: &str, config: &Bytes) -> Option<String> {
    let document: Value = serde_json::from_slice(&config.0).unwrap_or_default();
    let text = |key| document.get(key).and_then(Value::as_str);
    if text("Driver") == Some(DRIVER) {
        return None;
    }
    Some(shown::name(text("Name").unwrap_or(id).trim_start_matches('/')))
}

/// Names with tags from `repositories.json`; those with digests mean the same images again.
fn tags(content: Option<&Bytes>) -> Vec<String> {
    let text = content.map(|bytes| &bytes.0[..]).unwrap_or_default();
    let document: Value = serde_json::from_slice(text).unwrap_or_default();
    let repositories = document.get("Repositories").and_then(Value::as_object);
    let names: BTreeSet<_> = repositories
        .into_iter()
        .flat_map(|repositories| repositories.values())
        .filter_map(Value::as_object)
        .flat_map(|references| references.keys())
        .filter(|name| !name.contains('@'))
        .map(|name| shown::name(name))
        .collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{hidden_container, tags};

    #[test]
    fn names_of_images() {
        for (text, expected) in [
            ("", vec![]),
            ("{", vec![]),
            (
                r#"{"Repositories":{"a":{"a:1":"sha256:x","a@sha256:y":"sha256:x"},"b":{"b:2":"sha256:z"}}}"#,
                vec!["a:1", "b:2"],
            ),
        ] {
            assert_eq!(tags(Some(&text.into())), expected, "{text}");
        }
    }

    #[test]
    fn whatever_is_not_surely_ours_counts() {
        for (text, expected) in [
            (r#"{"Driver":"fuse-overlayfs","Name":"/web"}"#, None),
            (r#"{"Driver":"vfs","Name":"/web"}"#, Some("web")),
            (r#"{"Name":"/web"}"#, Some("web")),
            ("", Some("abc")),
            ("{", Some("abc")),
        ] {
            assert_eq!(hidden_container("abc", &text.into()).as_deref(), expected, "{text}");
        }
    }
}
