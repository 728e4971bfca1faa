//! A machine as data: what is there, how probes answer, and what follows from a change.
//!
//! It is data and not code so that it can travel in a step's metadata: `phoenix-orch plugins check`
//! rehearses a step's laws in the worlds that its author described.
//!
//! ```
//! use phoenix_sdk::{wire::MachineId::Container, world::*, *};
//!
//! const ACTIVE: Probe = Probe::new("active", argv!["pg_isready"], "Whether it answers");
//!
//! let running = || Fact::Active(Container, "postgresql.service".to_owned());
//! let mut fresh = World::container("fresh")
//!     // What the package does by itself when it is installed:
//!     .reaction(
//!         Trigger::Install("postgresql".to_owned()),
//!         vec![],
//!         vec![Event::Service(Container, "postgresql.service".to_owned(), ServiceState::running())],
//!     );
//! // The first answer whose facts hold is given.
//! fresh.container = fresh
//!     .container
//!     .answers(&ACTIVE, vec![running()], 0, "accepting connections\n")
//!     .answers(&ACTIVE, vec![], 2, "no response\n");
//!
//! // A world in which somebody stopped it, and one in which the step must not go on:
//! let stopped = ServiceState { active: "inactive".to_owned(), ..ServiceState::running() };
//! let mut drifted = fresh.clone().on_target(|machine| {
//!     machine.package("postgresql", "15").service("postgresql.service", stopped)
//! });
//! drifted.name = "stopped by hand".to_owned();
//! let alpine = World::container("another distribution")
//!     .on_target(|machine| machine.file("/etc/os-release", "ID=alpine\n"))
//!     .stops_with("OS-UNSUPPORTED");
//!
//! assert!(!fresh.holds(&running()) && !drifted.holds(&running()));
//! # assert!(alpine.stops_with.is_some());
//! ```

mod machine;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    AppArmorPolicy, AppArmorState, ContainerState, Denials, FileState, ServiceState,
    wire::{MachineId, Manager, Target},
};

pub use machine::{FakeMachine, FakeProbe, regular};

/// A host with one container, a target and parameters: all that a step can see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// What this world is about, for the test's message.
    pub name: String,
    /// Whether the step's unit is that of the host or of the container.
    pub target: Target,
    /// The operator's policy.
    pub apparmor: AppArmorPolicy,
    /// The step's parameters, as JSON text; empty for the defaults.
    pub params: String,
    /// Whether they are for this target alone.
    #[serde(default)]
    pub own_params: bool,
    /// The host.
    pub host: FakeMachine,
    /// The container.
    pub container: FakeMachine,
    /// The container's configuration: keys and values in the order of the file.
    pub options: Vec<(String, String)>,
    /// The container as its runtime sees it.
    pub state: ContainerState,
    /// AppArmor in the kernel.
    pub kernel_apparmor: AppArmorState,
    /// Profiles that the kernel enforces, with their text.
    pub profiles: BTreeMap<String, String>,
    /// What AppArmor denies while a step looks, and how complete the logs are. The label and its
    /// profiles are taken from [`Self::state`].
    #[serde(default)]
    pub denials: Denials,
    /// Whether the host's logs cannot be read.
    #[serde(default)]
    pub logs_unreadable: bool,
    /// What happens by itself.
    pub reactions: Vec<Reaction>,
    /// The code of the error that this world must lead to, for worlds in which the step has to stop.
    pub stops_with: Option<String>,
}

/// Something that holds in a world or does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A package is installed.
    Installed(MachineId, String),
    /// A service runs.
    Active(MachineId, String),
    /// A service starts at boot.
    Enabled(MachineId, String),
    /// Something is at a path.
    Exists(MachineId, String),
    /// A file contains a text.
    Contains(MachineId, String, String),
    /// A path has these permission bits.
    Mode(MachineId, String, u32),
    /// The container's configuration has this value.
    Option(String, String),
    /// The kernel enforces a profile of this name.
    Profile(String),
    /// The kernel enforces a profile of this name that was made from this text.
    Enforces(String, String),
    /// A kernel module is loaded, now and at boot.
    Module(MachineId, String),
    /// A setting of the running kernel has this value.
    Sysctl(MachineId, String, String),
}

/// What happens by itself as soon as its trigger happens and its facts hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// What sets it off.
    pub on: Trigger,
    /// What must hold besides.
    pub when: Vec<Fact>,
    /// What happens.
    pub then: Vec<Event>,
}

/// What sets off a reaction. A [`Trigger`] is about the unit's own target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A package is installed.
    Install(String),
    /// The container is restarted.
    RestartContainer,
    /// A service is started or restarted.
    Start(String),
}

/// What happens in a reaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A file appears or changes.
    File(MachineId, String, FileState),
    /// A service appears or changes.
    Service(MachineId, String, ServiceState),
    /// The container's init gets this AppArmor label.
    Label(String),
}

impl World {
    /// A running, unprivileged Debian 12 container named `ct` on a Debian 12 host with AppArmor, for a
    /// step that works in containers.
    pub fn container(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            target: Target {
                name: "ct".to_owned(),
                machine: MachineId::Container,
                manager: Manager::Lxc,
            },
            apparmor: AppArmorPolicy::Required,
            params: String::new(),
            own_params: false,
            host: FakeMachine::debian_12(),
            container: FakeMachine::debian_12(),
            options: vec![("lxc.uts.name".to_owned(), "ct".to_owned())],
            state: ContainerState {
                running: true,
                unprivileged: true,
                label: Some("unconfined".to_owned()),
            },
            kernel_apparmor: AppArmorState {
                enabled: true,
                stacking: true,
                mounts: Some(true),
                parser: true,
            },
            profiles: BTreeMap::new(),
            denials: Denials::default(),
            logs_unreadable: false,
            reactions: Vec::new(),
            stops_with: None,
        }
    }

    /// The same host, for a step that works there.
    pub fn host(name: &str) -> Self {
        let mut world = Self::container(name);
        world.target = Target { name: "host".to_owned(), machine: MachineId::Host, ..world.target };
        world
    }

    /// The same on Proxmox VE.
    #[must_use]
    pub fn on_pve(mut self) -> Self {
        self.target.manager = Manager::Pve;
        self
    }

    /// The same without AppArmor in the kernel.
    #[must_use]
    pub fn without_apparmor(mut self, policy: AppArmorPolicy) -> Self {
        self.apparmor = policy;
        self.kernel_apparmor =
            AppArmorState { enabled: false, stacking: false, mounts: None, parser: false };
        self.state.label = None;
        self
    }

    /// The same in which the step has to stop with an error of this code.
    #[must_use]
    pub fn stops_with(mut self, code: &str) -> Self {
        self.stops_with = Some(code.to_owned());
        self
    }

    /// The same with something that happens by itself.
    #[must_use]
    pub fn reaction(mut self, on: Trigger, when: Vec<Fact>, then: Vec<Event>) -> Self {
        self.reactions.push(Reaction { on, when, then });
        self
    }

    /// The same with another target machine: `fresh.on_target(|machine| machine.package("bc", "1"))`.
    #[must_use]
    pub fn on_target(mut self, change: impl FnOnce(FakeMachine) -> FakeMachine) -> Self {
        let machine = self.machine_mut(self.target.machine);
        *machine = change(std::mem::take(machine));
        self
    }

    /// The machine of that id.
    pub fn machine_mut(&mut self, id: MachineId) -> &mut FakeMachine {
        match id {
            MachineId::Host => &mut self.host,
            MachineId::Container => &mut self.container,
        }
    }

    /// The machine of that id.
    pub fn machine(&self, id: MachineId) -> &FakeMachine {
        match id {
            MachineId::Host => &self.host,
            MachineId::Container => &self.container,
        }
    }

    /// Whether a fact holds.
    pub fn holds(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Installed(id, name) => self.machine(*id).packages.contains_key(name),
            Fact::Active(id, name) => {
                self.machine(*id).services.get(name).is_some_and(ServiceState::is_active)
            }
            Fact::Enabled(id, name) => {
                self.machine(*id).services.get(name).is_some_and(ServiceState::is_enabled)
            }
            Fact::Exists(id, path) => self.machine(*id).files.contains_key(path),
            Fact::Contains(id, path, text) => {
                let content = self.machine(*id).files.get(path).and_then(FileState::content);
                content.is_some_and(|content| content.to_text().contains(text))
            }
            Fact::Mode(id, path, mode) => {
                let permissions =
                    self.machine(*id).files.get(path).and_then(FileState::permissions);
                permissions.is_some_and(|permissions| permissions.mode == *mode)
            }
            Fact::Profile(name) => self.profiles.contains_key(name),
            Fact::Enforces(name, text) => self.profiles.get(name) == Some(text),
            Fact::Module(id, name) => self.machine(*id).modules.get(name) == Some(&true),
            Fact::Sysctl(id, key, value) => self.machine(*id).sysctls.get(key) == Some(value),
            Fact::Option(key, value) => self.options.contains(&(key.clone(), value.clone())),
        }
    }

    /// Lets happen what these triggers set off.
    pub fn react(&mut self, triggers: &BTreeSet<Trigger>) {
        let due: Vec<Event> = self
            .reactions
            .iter()
            .filter(|reaction| triggers.contains(&reaction.on))
            .filter(|reaction| reaction.when.iter().all(|fact| self.holds(fact)))
            .flat_map(|reaction| reaction.then.clone())
            .collect();
        for event in due {
            match event {
                Event::File(id, path, state) => {
                    self.machine_mut(id).files.insert(path, state);
                }
                Event::Service(id, name, state) => {
                    self.machine_mut(id).services.insert(name, state);
                }
                Event::Label(label) => self.state.label = Some(label),
            }
        }
    }
}
