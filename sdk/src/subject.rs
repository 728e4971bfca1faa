//! What can be looked at on a machine, and what was seen there. Looking never changes anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Bytes, Denials, Mark};

/// Something on a machine that the orchestrator can observe.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "subject", rename_all = "snake_case")]
pub enum Subject {
    /// A path and, for a regular file, its contents (at most [`MAX_FILE`] bytes).
    File {
        /// Absolute.
        path: String,
    },
    /// The names in a folder.
    Folder {
        /// Absolute.
        path: String,
    },
    /// Which of these packages are installed.
    Packages {
        /// Package names of the target's distribution.
        names: Vec<String>,
    },
    /// A systemd service.
    Service {
        /// The unit's name, `docker.service`.
        name: String,
    },
    /// A kernel setting.
    Sysctl {
        /// With dots: `kernel.unprivileged_userns_apparmor_policy`.
        key: String,
    },
    /// A kernel module of the host.
    KernelModule {
        /// With underscores, as the kernel shows it.
        name: String,
    },
    /// A key of the container's configuration.
    ContainerOption {
        /// `lxc.mount.entry`; on Proxmox also `features` and the like, and `dev[n]` for `dev0`, `dev1` and so
        /// on together. Empty for the lines that are none of a configuration.
        key: String,
    },
    /// The container as its runtime sees it.
    Container,
    /// AppArmor in the running kernel.
    AppArmor,
    /// A profile: its text on disk and whether the kernel has it.
    AppArmorProfile {
        /// `lxc-phoenix-v2`.
        name: String,
    },
    /// Now, as a point from which denials can be asked for.
    Mark,
    /// What AppArmor denied under the label of the unit's own container.
    Denials {
        /// Only what happened since.
        since: Mark,
    },
    /// Whether a command succeeds. It must be a declared probe, for looking runs nothing else.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
    },
}

/// The largest file that is read whole, in bytes.
pub const MAX_FILE: u64 = 4 * 1024 * 1024;

/// What was seen of a [`Subject`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "observed", rename_all = "snake_case")]
pub enum Observed {
    /// Of [`Subject::File`].
    File(FileState),
    /// Of [`Subject::Folder`]; nothing if there is no such folder.
    Folder {
        /// Sorted; without `.` and `..`.
        names: Option<Vec<String>>,
    },
    /// Of [`Subject::Packages`]: the installed version of each that is installed completely.
    Packages {
        /// Name to version. Removed, half-installed and unknown packages are not in it.
        installed: BTreeMap<String, String>,
    },
    /// Of [`Subject::Service`].
    Service(ServiceState),
    /// Of [`Subject::Sysctl`]; nothing if the kernel has no such setting.
    Sysctl {
        /// Without the line's end.
        value: Option<String>,
        /// What our file for it in `/etc/sysctl.d` says.
        at_boot: Option<String>,
    },
    /// Of [`Subject::KernelModule`].
    KernelModule {
        /// Loaded, or built into the kernel.
        available: bool,
        /// Named in `/etc/modules` or `/etc/modules-load.d`, or built in.
        at_boot: bool,
    },
    /// Of [`Subject::ContainerOption`]: every value in the order of the file.
    ContainerOption {
        /// Empty if the key is not set.
        values: Vec<String>,
    },
    /// Of [`Subject::Container`].
    Container(ContainerState),
    /// Of [`Subject::AppArmor`].
    AppArmor(AppArmorState),
    /// Of [`Subject::AppArmorProfile`].
    AppArmorProfile {
        /// The file in `/etc/apparmor.d`.
        file: FileState,
        /// `enforce`, `complain`, ... if the kernel has a profile of this name.
        mode: Option<String>,
        /// Whether the kernel's policy is what the file and the tunables that it includes make now; nothing
        /// where that cannot be told.
        #[serde(default)]
        current: Option<bool>,
    },
    /// Of [`Subject::Mark`].
    Mark(Mark),
    /// Of [`Subject::Denials`].
    Denials(Denials),
    /// Of [`Subject::Command`].
    Command {
        /// Whether it ended with exit code 0.
        succeeded: bool,
    },
}

/// Who owns a file and what may be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// The lower twelve bits.
    pub mode: u32,
    /// As the machine itself sees it.
    pub uid: u32,
    /// As the machine itself sees it.
    pub gid: u32,
}

/// What is at a path. Symbolic links are not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum FileState {
    /// Nothing.
    Absent,
    /// A regular file.
    Regular {
        /// All of it.
        content: Bytes,
        /// Mode and owner.
        permissions: Permissions,
    },
    /// A regular file larger than [`MAX_FILE`].
    TooLarge {
        /// In bytes.
        size: u64,
    },
    /// A folder.
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
    /// A socket or a named pipe.
    Other,
}

impl FileState {
    /// The contents of a regular file.
    pub fn content(&self) -> Option<&Bytes> {
        match self {
            Self::Regular { content, .. } => Some(content),
            _ => None,
        }
    }

    /// Mode and owner of whatever is there.
    pub fn permissions(&self) -> Option<Permissions> {
        match self {
            Self::Regular { permissions, .. }
            | Self::Folder { permissions }
            | Self::Device { permissions, .. } => Some(*permissions),
            _ => None,
        }
    }

    /// What it is, in the words of an error message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::Regular { .. } => "a regular file",
            Self::TooLarge { .. } => "a file larger than 4 MiB",
            Self::Folder { .. } => "a folder",
            Self::Symlink { .. } => "a symbolic link",
            Self::Device { .. } => "a device node",
            Self::Other => "a socket or a pipe",
        }
    }
}

/// A systemd service as systemd sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceState {
    /// `loaded`, `not-found`, `masked`, ...
    pub load: String,
    /// `enabled`, `disabled`, `static`, ...; empty if there is no such unit.
    pub enabled: String,
    /// `active`, `inactive`, `failed`, ...
    pub active: String,
    /// `running`, `dead`, ...
    pub sub: String,
}

impl ServiceState {
    /// Whether systemd has a unit of that name.
    pub fn exists(&self) -> bool {
        self.load != "not-found"
    }

    /// Whether it starts at boot.
    pub fn is_enabled(&self) -> bool {
        self.enabled == "enabled"
    }

    /// Whether it runs now.
    pub fn is_active(&self) -> bool {
        self.active == "active"
    }
}

/// A container as its runtime sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerState {
    /// Whether it runs.
    pub running: bool,
    /// Whether its root is another user on the host.
    pub unprivileged: bool,
    /// The AppArmor label of its init, as the kernel writes it, if the kernel has labels.
    pub label: Option<String>,
}

/// AppArmor in the running kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppArmorState {
    /// `/sys/module/apparmor/parameters/enabled` says `Y`.
    pub enabled: bool,
    /// The kernel can stack profiles (`features/domain/stack`).
    pub stacking: bool,
    /// The kernel mediates mounts (`features/mount/mask`); unknown to an orchestrator that is older.
    #[serde(default)]
    pub mounts: Option<bool>,
    /// `apparmor_parser` is installed.
    pub parser: bool,
}
