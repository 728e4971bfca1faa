//! A change: what a step wants different, as a typed, declarative value.

mod compare;
pub mod json_keys;
pub mod option_line;
pub mod properties;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Bytes, Subject, shown};

pub use compare::Verdict;

/// One thing that a step wants different, and why.
///
/// [`crate::Wanted`] makes the usual ones. For the rest there is the kind itself:
///
/// ```
/// # use phoenix_sdk::{testing::FakeHost, *};
/// /// Only root may read the key, whatever is in it.
/// fn private() -> Change {
///     Change::new(Kind::File {
///         path: "/etc/tls/key.pem".to_owned(),
///         content: None,
///         mode: Some(0o600),
///         owner: Some((0, 0)),
///     })
///     .because("others could read the key")
/// }
///
/// fn check(cx: &Context<'_>) -> Result<CheckReport> {
///     Wanted::on(cx.machine()).change(private()).into_report()
/// }
///
/// assert_eq!(private().kind.to_string(), "set mode 0600 on `/etc/tls/key.pem`");
/// # let world = World::host("open").on_target(|machine| machine.file("/etc/tls/key.pem", "k"));
/// # let host = FakeHost::new(world, Meta::new("tls", "0.1.0", Scope::Host, "a key"));
/// # assert_eq!(host.with(&host.input()?, &[], check)?.changes, [private()]);
/// # Ok::<(), StepError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it is about.
    #[serde(flatten)]
    pub kind: Kind,
    /// Why, as a fragment that completes "changed because"; empty if the kind says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// The kinds of changes that the orchestrator can observe, perform and describe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A file has these contents, mode and owner. Whatever is not given stays as it is; a new file
    /// gets mode 0644 and belongs to root. Missing parent folders are made.
    File {
        /// Absolute.
        path: String,
        /// All of the file; without it the file must be there already and only its mode and owner matter.
        content: Option<Bytes>,
        /// The lower twelve bits.
        mode: Option<u32>,
        /// User and group by number.
        owner: Option<(u32, u32)>,
    },
    /// There is no file at this path.
    Absent {
        /// Absolute.
        path: String,
    },
    /// A JSON file has these values; all its other keys, their order and their form are kept.
    JsonKeys {
        /// Absolute.
        path: String,
        /// JSON pointer (`/features/containerd-snapshotter`) to value.
        keys: BTreeMap<String, Value>,
    },
    /// These packages are installed, in whatever version the distribution has.
    Packages {
        /// Package names of the target's distribution.
        names: Vec<String>,
        /// Whether recommended packages come along.
        recommends: bool,
    },
    /// A systemd service starts at boot or not, runs now or not.
    Service {
        /// `docker.service`.
        name: String,
        /// Without it, as it is.
        enabled: Option<bool>,
        /// Without it, as it is.
        active: Option<bool>,
    },
    /// A running service is restarted. A step asks for it only together with the change that needs it.
    RestartService {
        /// `docker.service`.
        name: String,
        /// What goes down with it: names of running Docker containers. If there are any, the operator
        /// must consent.
        disrupts: Vec<String>,
    },
    /// A kernel setting, now and at boot.
    Sysctl {
        /// With dots.
        key: String,
        /// As the kernel prints it.
        value: String,
    },
    /// A kernel module of the host is there, now and at boot.
    KernelModule {
        /// With underscores.
        name: String,
    },
    /// The container's configuration has this value.
    ContainerOption {
        /// `lxc.mount.entry`.
        key: String,
        /// Without the key.
        value: String,
        /// Whether the key may have other values beside it.
        others: Others,
    },
    /// The container's configuration does not have this value.
    ContainerOptionAbsent {
        /// `lxc.cgroup2.devices.allow`; empty for a line that is none of a configuration.
        key: String,
        /// Without the key; the whole of a line that has none.
        value: String,
    },
    /// The kernel enforces exactly this profile.
    AppArmorProfile {
        /// `lxc-phoenix-v2`.
        name: String,
        /// The whole file for `/etc/apparmor.d`.
        text: String,
    },
    /// The container is restarted, with the operator's consent.
    RestartContainer,
    /// A command that has no better name.
    Command {
        /// What it does, in the imperative.
        about: String,
        /// Program and arguments.
        argv: Vec<String>,
        /// The command is not needed if this declared probe succeeds.
        unless: Vec<String>,
        /// What takes it back; without it the plan says that it cannot be undone.
        undo: Option<Vec<String>>,
        /// What the operator must have allowed before it runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consent: Option<Consent>,
        /// After this many seconds it is ended; without it after ten minutes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time_limit_s: Option<u32>,
    },
}

/// What becomes of other values of the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Others {
    /// They stay: the key is a list, such as `lxc.mount.entry`.
    Kept,
    /// The key has one value, such as `lxc.apparmor.profile`: the last line decides in LXC.
    Replaced,
    /// The key has one value that is a list of properties, such as Proxmox's `features`: those that are given
    /// (`nesting=1,fuse=1`) are set, and all others stay.
    Merged,
}

/// What a change needs the operator's word for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Something that runs goes down for a while.
    Restart,
    /// Docker's images are carried over to another storage driver, and its containers are left behind
    /// on the old one.
    Migrate,
    /// Something runs of which nobody knows whether it is needed and what it changes: a script step without
    /// a check. No plugin has a use for it.
    Scripts,
}

impl std::fmt::Display for Consent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Restart => f.write_str("restart"),
            Self::Migrate => f.write_str("migrate"),
            Self::Scripts => f.write_str("scripts"),
        }
    }
}

impl Change {
    /// A change whose kind says why.
    pub fn new(kind: Kind) -> Self {
        Self { kind, why: String::new() }
    }

    /// Gives the reason, as a fragment that completes "because".
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }
}

impl Kind {
    /// What must be looked at to know whether the change is needed.
    pub fn subject(&self) -> Subject {
        match self {
            Self::File { path, .. } | Self::Absent { path } | Self::JsonKeys { path, .. } => {
                Subject::File { path: path.clone() }
            }
            Self::Packages { names, .. } => Subject::Packages { names: names.clone() },
            Self::Service { name, .. } | Self::RestartService { name, .. } => {
                Subject::Service { name: name.clone() }
            }
            Self::Sysctl { key, .. } => Subject::Sysctl { key: key.clone() },
            Self::KernelModule { name } => Subject::KernelModule { name: name.clone() },
            Self::ContainerOption { key, .. } | Self::ContainerOptionAbsent { key, .. } => {
                Subject::ContainerOption { key: key.clone() }
            }
            Self::AppArmorProfile { name, .. } => Subject::AppArmorProfile { name: name.clone() },
            Self::RestartContainer => Subject::Container,
            Self::Command { unless, .. } => Subject::Command { argv: unless.clone() },
        }
    }

    /// What the operator must have allowed before this is performed.
    pub fn consent(&self) -> Option<Consent> {
        match self {
            Self::RestartContainer => Some(Consent::Restart),
            Self::RestartService { disrupts, .. } if !disrupts.is_empty() => Some(Consent::Restart),
            Self::Command { consent, .. } => *consent,
            _ => None,
        }
    }
}

impl std::fmt::Display for Kind {
    /// The change in the imperative, in one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { path, content: Some(_), .. } => write!(f, "write `{path}`"),
            Self::File { path, mode: Some(mode), .. } => {
                write!(f, "set mode {mode:04o} on `{path}`")
            }
            Self::File { path, .. } => write!(f, "set the owner of `{path}`"),
            Self::Absent { path } => write!(f, "remove `{path}`"),
            Self::JsonKeys { path, keys } => {
                let keys: Vec<_> = keys.keys().map(|key| key.trim_start_matches('/')).collect();
                write!(f, "set {} in `{path}`", quoted(&keys))
            }
            Self::Packages { names, .. } => write!(f, "install {}", quoted(names)),
            Self::Service { name, enabled, active } => {
                let verbs: Vec<_> = [
                    enabled.map(|on| if on { "enable" } else { "disable" }),
                    active.map(|on| if on { "start" } else { "stop" }),
                ]
                .into_iter()
                .flatten()
                .collect();
                write!(f, "{} `{name}`", verbs.join(" and "))
            }
            Self::RestartService { name, disrupts } if disrupts.is_empty() => {
                write!(f, "restart `{name}`")
            }
            Self::RestartService { name, disrupts } => {
                write!(f, "restart `{name}`, which stops {}", quoted(disrupts))
            }
            Self::Sysctl { key, value } => write!(f, "set `{key}` to `{value}`, now and at boot"),
            Self::KernelModule { name } => write!(f, "load module `{name}`, now and at boot"),
            Self::ContainerOption { key, value, others: Others::Merged } => {
                write!(f, "set `{value}` among the `{key}` of the container")
            }
            Self::ContainerOption { key, value, .. } => {
                write!(f, "set `{key} = {value}` in the container's configuration")
            }
            Self::ContainerOptionAbsent { key, value } => {
                let line = if key.is_empty() { value.clone() } else { format!("{key} = {value}") };
                write!(
                    f,
                    "remove the line `{}` from the container's configuration",
                    shown::name(&line)
                )
            }
            Self::AppArmorProfile { name, .. } => write!(f, "load AppArmor profile `{name}`"),
            Self::RestartContainer => f.write_str("restart the container"),
            Self::Command { about, undo: Some(_), .. } => f.write_str(about),
            Self::Command { about, undo: None, .. } => write!(f, "{about} (cannot be undone)"),
        }
    }
}

fn quoted<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
