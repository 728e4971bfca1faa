//! The parameters of the profile. Pure.

use serde::Deserialize;

use super::{Group, files::KERNEL, rule};

/// Docker's data root unless `daemon.json` says otherwise.
pub(crate) const DATA_ROOT: &str = "/var/lib/docker";

/// The parameters from `plugins.toml`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The storage driver whose mounts the profile allows.
    pub storage_driver: StorageDriver,
    /// Docker's data roots (`data-root` in `daemon.json`) besides `/var/lib/docker`: absolute paths.
    pub data_roots: Vec<String>,
    /// Patterns of AppArmor for further files that containers read and write, such as `/dev/sdb1`. What is
    /// outside /dev, /proc and /sys is allowed anyhow; see [`already_allowed`].
    pub read_write: Vec<String>,
    /// Device nodes of graphics cards.
    pub gpu: Gpu,
    /// Whole rules, added as they are.
    pub extra_rules: Vec<String>,
}

/// A storage driver by Docker's name for it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub enum StorageDriver {
    #[default]
    /// Overlays by a program in user space: what unprivileged containers have everywhere.
    #[serde(rename = "fuse-overlayfs")]
    FuseOverlayfs,
    /// The kernel's overlays.
    #[serde(rename = "overlay2")]
    Overlay2,
    /// Whole copies.
    #[serde(rename = "vfs")]
    Vfs,
}

impl StorageDriver {
    /// The pattern of the folders where Docker puts together the roots of its containers.
    pub(super) fn root(self) -> &'static str {
        match self {
            StorageDriver::FuseOverlayfs => "@{PHOENIX_DOCKER}/fuse-overlayfs/*/merged",
            StorageDriver::Overlay2 => "@{PHOENIX_DOCKER}/overlay2/*/merged",
            StorageDriver::Vfs => "@{PHOENIX_DOCKER}/vfs/dir/*",
        }
    }

    /// The pattern of the folders into which Docker unpacks a layer.
    pub(super) fn layer(self) -> &'static str {
        match self {
            StorageDriver::FuseOverlayfs => "@{PHOENIX_DOCKER}/fuse-overlayfs/*/diff",
            StorageDriver::Overlay2 => "@{PHOENIX_DOCKER}/overlay2/*/diff",
            StorageDriver::Vfs => "@{PHOENIX_DOCKER}/vfs/dir/*",
        }
    }
}

/// `false`, `true` for the nodes that the usual drivers make, or the nodes themselves.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(untagged)]
pub enum Gpu {
    /// Whether containers have the nodes that the usual drivers make.
    Usual(bool),
    /// Patterns below /dev.
    Nodes(Vec<String>),
}

impl Default for Gpu {
    fn default() -> Gpu {
        Gpu::Usual(false)
    }
}

impl Gpu {
    fn nodes(&self) -> Vec<String> {
        match self {
            Gpu::Usual(false) => Vec::new(),
            Gpu::Usual(true) => ["/dev/dri/*", "/dev/kfd", "/dev/nvidia*", "/dev/nvidia-caps/*"]
                .map(str::to_owned)
                .into(),
            Gpu::Nodes(nodes) => nodes.clone(),
        }
    }
}

/// A parameter that cannot become part of the profile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SettingsError {
    /// The parameter's name.
    pub parameter: &'static str,
    /// Its value, as it was given.
    pub value: String,
    /// What is wrong, a lower-case fragment.
    pub problem: String,
}

impl std::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` in `{}` {}", self.value.escape_debug(), self.parameter, self.problem)
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Whether each value is what it is meant to be and nothing more: a path is a path, and an extra rule is one
    /// rule, which cannot end the profile or begin another one. The parser judges the rest before anything is loaded.
    ///
    /// # Errors
    /// The first parameter that is not.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let error = |parameter, value: &String| {
            let value = value.clone();
            move |problem| SettingsError { parameter, value, problem }
        };
        for path in &self.data_roots {
            rule::is_plain_path(path).map_err(error("data_roots", path))?;
            if KERNEL.contains(&first_component(path)) {
                return Err(error("data_roots", path)(
                    "is one of the kernel's own trees".to_owned(),
                ));
            }
        }
        for path in &self.read_write {
            rule::is_path(path).map_err(error("read_write", path))?;
        }
        if let Gpu::Nodes(nodes) = &self.gpu {
            for node in nodes {
                rule::is_path(node).map_err(error("gpu", node))?;
                if !node.starts_with("/dev/") {
                    return Err(error("gpu", node)("is not below `/dev`".to_owned()));
                }
            }
        }
        for extra in &self.extra_rules {
            rule::is_one_rule(extra).map_err(error("extra_rules", extra))?;
        }
        Ok(())
    }
}

impl Settings {
    /// Every folder in which Docker may keep its data.
    pub(crate) fn all_data_roots(&self) -> impl Iterator<Item = &str> {
        [DATA_ROOT].into_iter().chain(self.data_roots.iter().map(String::as_str))
    }

    pub(crate) fn knows_data_root(&self, path: &str) -> bool {
        self.all_data_roots().any(|known| known == path)
    }

    /// Whether the storage driver mounts by way of `/dev/fuse`.
    pub(crate) fn needs_fuse(&self) -> bool {
        self.storage_driver == StorageDriver::FuseOverlayfs
    }

    /// The first components, below /dev, of what the parameters hand out; with a `*` where a pattern begins.
    pub(super) fn device_names(&self) -> Vec<String> {
        let paths = self.read_write.iter().cloned().chain(self.gpu.nodes());
        let names = paths.filter_map(|path| {
            let name = path.strip_prefix("/dev/")?.split('/').next()?.to_owned();
            Some(match name.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.:".contains(c))) {
                Some(at) => format!("{}*", &name[..at]),
                None => name,
            })
        });
        names.filter(|name| !name.is_empty()).collect()
    }
}

/// Those of `read_write` that the profile allows anyhow, because they are outside the kernel's own trees: to
/// list them changes nothing. (Whether the container can write there is decided by owners and modes.)
pub fn already_allowed(settings: &Settings) -> Vec<String> {
    let outside = |path: &&String| {
        let first = first_component(path);
        !first.is_empty() && !KERNEL.contains(&first) && !first.contains(['*', '?', '[', '{', '@'])
    };
    settings.read_write.iter().filter(outside).cloned().collect()
}

fn first_component(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// What the parameters ask for.
pub(super) fn groups(settings: &Settings) -> Vec<Group> {
    let mut groups = Vec::new();
    let already = already_allowed(settings);
    let trees: Vec<_> = settings.read_write.iter().filter(|path| !already.contains(path)).collect();
    if !trees.is_empty() {
        let reason = "Parameter read_write: further files of the kernel's own trees.";
        let rules = trees.iter().flat_map(|path| with_binds(path, "rwk"));
        groups.push(Group::allow("read-write", reason, &[]).and(rules));
    }
    let nodes = settings.gpu.nodes();
    if !nodes.is_empty() {
        let reason = "Parameter gpu: device nodes of graphics cards, in the container and in those of Docker.";
        let rules = nodes.iter().flat_map(|node| with_binds(node, "rw"));
        groups.push(Group::allow("gpu", reason, &["/dev/ r,", "/dev/*/ r,"]).and(rules));
    }
    if !settings.extra_rules.is_empty() {
        let reason = "Parameter extra_rules: added as they are.";
        groups.push(Group::allow("extra-rules", reason, &[]).and(settings.extra_rules.clone()));
    }
    groups
}

/// The file, and what `docker run --device` does with it in a user namespace.
fn with_binds(path: &str, access: &str) -> Vec<String> {
    let mut rules = vec![format!("{path} {access},")];
    if path.starts_with("/dev/") {
        rules.push(format!("mount options=(bind) {path} -> @{{PHOENIX_ROOT}}/dev/**,"));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::{Gpu, Settings, StorageDriver, already_allowed};
    use crate::template::render;

    fn read(json: &str) -> Result<Settings, String> {
        let settings: Settings = serde_json::from_str(json).map_err(|error| error.to_string())?;
        settings.validate().map_err(|error| error.to_string())?;
        Ok(settings)
    }

    #[test]
    fn parameters_have_the_names_that_docker_uses() {
        assert_eq!(read("{}").unwrap(), Settings::default());
        let drivers = [
            ("fuse-overlayfs", StorageDriver::FuseOverlayfs),
            ("overlay2", StorageDriver::Overlay2),
            ("vfs", StorageDriver::Vfs),
        ];
        for (name, driver) in drivers {
            let json = format!("{{\"storage_driver\": \"{name}\"}}");
            assert_eq!(read(&json).unwrap().storage_driver, driver);
        }
        let nodes = read(r#"{"gpu": ["/dev/dri/card0"]}"#).unwrap().gpu;
        assert_eq!(nodes, Gpu::Nodes(vec!["/dev/dri/card0".to_owned()]));
        assert_eq!(read(r#"{"gpu": true}"#).unwrap().gpu, Gpu::Usual(true));
        for wrong in
            [r#"{"gpus": true}"#, r#"{"storage_driver": "aufs"}"#, r#"{"read_write": "/a"}"#]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_could_be_more_than_it_says_is_an_error_that_names_it() {
        for (json, parameter) in [
            (r#"{"read_write": ["/a rw,\n}"]}"#, "read_write"),
            (r#"{"gpu": ["/etc/shadow"]}"#, "gpu"),
            (r#"{"data_roots": ["/srv/*"]}"#, "data_roots"),
            (r#"{"data_roots": ["/proc/sys"]}"#, "data_roots"),
            (r#"{"extra_rules": ["} profile x {"]}"#, "extra_rules"),
        ] {
            assert!(read(json).unwrap_err().contains(&format!("in `{parameter}`")), "{json}");
        }
    }

    #[test]
    fn a_tree_that_is_allowed_anyhow_adds_nothing() {
        let read_write =
            ["/mnt/shared/**", "/dev/sdb1", "/sys/module/x/**", "/{dev,mnt}/a", "/*/b"]
                .map(str::to_owned)
                .into();
        let settings = Settings { read_write, ..Settings::default() };
        assert_eq!(already_allowed(&settings), ["/mnt/shared/**"]);
        let text = render(&settings);
        assert!(!text.contains("/mnt/shared") && text.contains("  /dev/sdb1 rwk,\n"));
    }

    /// A device that was handed out must not be among those that may never be bound.
    #[test]
    fn a_device_can_be_given_to_nested_containers() {
        let plain = render(&Settings::default());
        let settings = Settings { gpu: Gpu::Usual(true), ..Settings::default() };
        let text = render(&settings);
        let denied = |text: &str| {
            let line = |line: &&str| line.contains("deny mount options=(bind) /dev/{");
            text.lines().find(line).map(str::to_owned)
        };
        assert_ne!(denied(&plain), denied(&text));
        assert!(text.contains("mount options=(bind) /dev/dri/* -> @{PHOENIX_ROOT}/dev/**,"));
        assert_eq!(settings.device_names(), ["dri", "kfd", "nvidia*", "nvidia-caps"]);
    }
}
