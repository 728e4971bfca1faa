//! What a change can alter, as it was at one moment: all that is needed to bring it back. Images hold
//! contents by their hash; the contents themselves are in a [`super::Vault`].

use std::collections::{BTreeMap, BTreeSet};

use phoenix_sdk::{Bytes, Kind, Permissions};
use serde::{Deserialize, Serialize};

use super::Digest;

/// Something that a change can alter, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum Item {
    /// What is at a path.
    File {
        /// Absolute.
        path: String,
    },
    /// The packages of a machine, and what their scripts write.
    Packages,
    /// A systemd service.
    Service {
        /// `docker.service`.
        name: String,
    },
    /// A kernel setting, now and in our file for the next boot.
    Sysctl {
        /// With dots.
        key: String,
    },
    /// A kernel module, now and in our file for the next boot.
    KernelModule {
        /// With underscores.
        name: String,
    },
    /// A container's configuration.
    Config,
    /// An AppArmor profile: its file, and whether the kernel has it.
    Profile {
        /// `lxc-phoenix-v2`.
        name: String,
    },
    /// A running container and the services that are active in it.
    Running,
    /// What nobody can look at: a command's doing.
    Unseen,
}

impl Item {
    /// What a change of this kind alters.
    pub fn of(kind: &Kind) -> Self {
        match kind {
            Kind::File { path, .. } | Kind::Absent { path } | Kind::JsonKeys { path, .. } => {
                Self::File { path: path.clone() }
            }
            Kind::Packages { .. } => Self::Packages,
            Kind::Service { name, .. } | Kind::RestartService { name, .. } => {
                Self::Service { name: name.clone() }
            }
            Kind::Sysctl { key, .. } => Self::Sysctl { key: key.clone() },
            Kind::KernelModule { name } => Self::KernelModule { name: name.clone() },
            Kind::ContainerOption { .. } | Kind::ContainerOptionAbsent { .. } => Self::Config,
            Kind::AppArmorProfile { name, .. } => Self::Profile { name: name.clone() },
            Kind::RestartContainer => Self::Running,
            Kind::Command { .. } => Self::Unseen,
        }
    }
}

/// An [`Item`] at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "image", rename_all = "snake_case")]
pub enum Image {
    /// Of [`Item::File`].
    File(FileImage),
    /// Of [`Item::Packages`].
    Packages(PackagesImage),
    /// Of [`Item::Service`].
    Service(ServiceImage),
    /// Of [`Item::Sysctl`].
    Sysctl {
        /// With dots.
        key: String,
        /// What the kernel says.
        value: Option<String>,
        /// Our file in `/etc/sysctl.d`.
        file: FileImage,
    },
    /// Of [`Item::KernelModule`].
    KernelModule {
        /// With underscores.
        name: String,
        /// Whether it is loaded (or built in).
        loaded: bool,
        /// Our file in `/etc/modules-load.d`.
        file: FileImage,
    },
    /// Of [`Item::Config`].
    Config {
        /// All of the text.
        content: Digest,
    },
    /// Of [`Item::Profile`].
    Profile {
        /// The profile's name.
        name: String,
        /// The file in `/etc/apparmor.d`.
        file: FileImage,
        /// Whether the kernel has a profile of this name.
        loaded: bool,
    },
    /// Of [`Item::Running`].
    Running {
        /// Whether the container runs.
        running: bool,
        /// The services that are active in it.
        services: BTreeSet<String>,
    },
    /// Of [`Item::Unseen`].
    Unseen,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileImage {
    /// Absolute.
    pub path: String,
    /// What is there.
    pub node: Node,
    /// The folders above it that are not there either, the uppermost first: whoever makes the file makes
    /// them, and whoever takes the file back takes them back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_folders: Vec<String>,
}

/// One thing in a file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Node {
    /// Nothing.
    Absent,
    /// A regular file.
    Regular {
        /// By hash.
        content: Digest,
        /// Mode and owner.
        permissions: Permissions,
        /// Extended attributes, such as access lists.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        xattrs: BTreeMap<String, Bytes>,
    },
    /// A folder, without what is in it.
    Folder {
        /// Mode and owner.
        permissions: Permissions,
    },
    /// A symbolic link.
    Symlink {
        /// As written in the link.
        target: String,
    },
    /// A device node.
    Device {
        /// Block device; else a character device.
        block: bool,
        /// The driver's number.
        major: u32,
        /// The device's number.
        minor: u32,
        /// Mode and owner.
        permissions: Permissions,
    },
    /// Something that is never changed, and so never brought back.
    Other {
        /// In words.
        what: String,
    },
}

/// A service as systemd sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceImage {
    /// The unit's name.
    pub name: String,
    /// Whether systemd has such a unit.
    pub exists: bool,
    /// Whether it starts at boot.
    pub enabled: bool,
    /// Whether it runs.
    pub active: bool,
}

/// The packages of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagesImage {
    /// Each that dpkg knows: its status and version.
    pub known: BTreeMap<String, Package>,
    /// What maintainer scripts write besides the package's own files: a tar archive of
    /// [`super::area::PATHS`].
    pub area: Digest,
    /// apt's marks of what was installed automatically. It writes them before dpkg does anything.
    pub marks: FileImage,
    /// What there is in `/var/lib`: where packages keep data, which is never removed.
    #[serde(default)]
    pub data: BTreeSet<String>,
    /// Before an installation: what apt says that it will install.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub planned: BTreeSet<String>,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// dpkg's word: `installed`, `config-files`, `half-configured`, ...
    pub status: String,
    /// Its version, or the last one.
    pub version: String,
}

impl Image {
    /// What it is an image of.
    pub fn item(&self) -> Item {
        match self {
            Self::File(file) => Item::File { path: file.path.clone() },
            Self::Packages(_) => Item::Packages,
            Self::Service(service) => Item::Service { name: service.name.clone() },
            Self::Sysctl { key, .. } => Item::Sysctl { key: key.clone() },
            Self::KernelModule { name, .. } => Item::KernelModule { name: name.clone() },
            Self::Config { .. } => Item::Config,
            Self::Profile { name, .. } => Item::Profile { name: name.clone() },
            Self::Running { .. } => Item::Running,
            Self::Unseen => Item::Unseen,
        }
    }

    /// Every content that a restoration needs.
    pub fn contents(&self) -> Vec<&Digest> {
        match self {
            Self::File(file)
            | Self::Sysctl { file, .. }
            | Self::KernelModule { file, .. }
            | Self::Profile { file, .. } => file.content().into_iter().collect(),
            Self::Packages(packages) => {
                [&packages.area].into_iter().chain(packages.marks.content()).collect()
            }
            Self::Config { content } => vec![content],
            Self::Service(_) | Self::Running { .. } | Self::Unseen => Vec::new(),
        }
    }
}

impl FileImage {
    /// The contents of a regular file.
    pub fn content(&self) -> Option<&Digest> {
        match &self.node {
            Node::Regular { content, .. } => Some(content),
            _ => None,
        }
    }
}

impl Node {
    /// What it is, in a few words with what tells it from others.
    pub fn describe(&self) -> String {
        let with = |what: &str, by: &Permissions| {
            format!("{what} of mode {:04o} that belongs to {}:{}", by.mode, by.uid, by.gid)
        };
        match self {
            Self::Absent => "nothing".to_owned(),
            Self::Regular { content, permissions, .. } => {
                let hash: String = content.as_str().chars().take(12).collect();
                with(&format!("a file (sha256 {hash}...)"), permissions)
            }
            Self::Folder { permissions } => with("a folder", permissions),
            Self::Symlink { target } => format!("a symbolic link to `{target}`"),
            Self::Device { major, minor, permissions, .. } => {
                with(&format!("a device {major}:{minor}"), permissions)
            }
            Self::Other { what } => what.clone(),
        }
    }
}
