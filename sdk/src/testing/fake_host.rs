//! An orchestrator in memory: answers requests from a [`World`] and performs changes on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use crate::{
    Bytes, Change, Context, Denials, FileState, HostCalls, Kind, Mark, Meta, Observed, Others,
    Output, Permissions, Result, ServiceState, StepError, Subject, Verdict,
    change::json_keys,
    scope::is_private,
    testing::lock,
    wire::{Answer, FORM, Input, MachineId, Request},
    world::{FakeMachine, Trigger, World},
};

/// A fake host. It refuses what the orchestrator would refuse: probes that the step's metadata does not
/// declare, and changes outside `apply` or beyond the report.
///
/// The laws use it for you (see [`crate::testing::laws`]). It is here for tests of a single claim: what a
/// helper makes of a file, which evidence fails when something is missing.
///
/// ```
/// use phoenix_sdk::{testing::FakeHost, *};
///
/// const META: Meta = Meta::new("banner", "0.1.0", Scope::Container, "a banner");
///
/// let world = World::container("drifted").on_target(|machine| machine.file("/etc/issue", "old\n"));
/// let host = FakeHost::new(world, META);
/// let input = host.input()?;
///
/// // As in `check`: nothing may be changed, so no change is allowed.
/// let report = host.with(&input, &[], |cx| {
///     Wanted::on(cx.machine()).file("/etc/issue", "ours\n").into_report()
/// })?;
/// assert_eq!(report.changes.len(), 1);
///
/// // As in `apply`: what the report announced is performed, on the world in memory.
/// host.with(&input, &report.changes, |cx| cx.perform(&report.changes[0]))?;
/// let after = &host.world().container.files["/etc/issue"];
/// assert_eq!(after.content().map(Bytes::to_text).as_deref(), Some("ours\n"));
/// # Ok::<(), StepError>(())
/// ```
pub struct FakeHost {
    world: Mutex<World>,
    meta: Meta,
    allowed: Mutex<Vec<Change>>,
    /// What was performed in this call, with the world before it.
    performed: Mutex<Vec<(World, Change)>>,
    recorded: Mutex<Vec<(String, Bytes)>>,
}

impl FakeHost {
    /// A host with this world, for a step with this metadata.
    pub fn new(world: World, meta: Meta) -> Self {
        Self {
            world: Mutex::new(world),
            meta,
            allowed: Mutex::new(Vec::new()),
            performed: Mutex::new(Vec::new()),
            recorded: Mutex::new(Vec::new()),
        }
    }

    /// The documents that the step had kept.
    pub fn recorded(&self) -> Vec<(String, Bytes)> {
        lock(&self.recorded).clone()
    }

    /// The world as it is now.
    pub fn world(&self) -> World {
        lock(&self.world).clone()
    }

    /// The input document for this world.
    ///
    /// # Errors
    /// When the world's parameters are not JSON.
    pub fn input(&self) -> Result<Input> {
        let world = self.world();
        let params = if world.params.is_empty() {
            serde_json::Value::Null
        } else {
            serde_json::from_str(&world.params).map_err(|error| {
                StepError::new("PARAMS-INVALID", "the world's parameters are not JSON")
                    .cause(error.to_string())
                    .hint("Correct `World::params`.")
            })?
        };
        Ok(Input {
            form: FORM,
            target: world.target,
            apparmor: world.apparmor,
            params,
            own_params: world.own_params,
            report: None,
        })
    }

    /// Lets a step work with a context: changes are performed only if they are among `allowed`.
    ///
    /// # Errors
    /// Those of the work.
    pub fn with<T>(
        &self,
        input: &Input,
        allowed: &[Change],
        work: impl FnOnce(&Context<'_>) -> Result<T>,
    ) -> Result<T> {
        *lock(&self.allowed) = allowed.to_vec();
        lock(&self.performed).clear();
        let outcome = work(&Context::new(self, input));
        lock(&self.allowed).clear();
        outcome
    }
}

impl HostCalls for FakeHost {
    fn call(&self, request: Request) -> Result<Answer> {
        match request {
            Request::Observe { machine, subjects } => {
                let world = self.world();
                let look = |subject: &Subject| {
                    if let Subject::Command { argv } = subject {
                        self.meta.permitted(machine, argv)?;
                    }
                    let seen = observe(&world, machine, subject)?;
                    self.public(machine, subject, &seen)?;
                    Ok(seen)
                };
                let seen = subjects.iter().map(look).collect();
                Ok(Answer::Observed { seen })
            }
            Request::Probe { machine, argv } => {
                self.meta.permitted(machine, &argv)?;
                Ok(Answer::Ran { output: probe(&self.world(), machine, &argv) })
            }
            Request::Perform { change } => {
                if !lock(&self.allowed).contains(&change) {
                    return Err(StepError::new(
                        "CHANGE-NOT-ANNOUNCED",
                        format!("the step tried to {} without announcing it", change.kind),
                    )
                    .hint("Perform only changes that this round's `check` put into its report."));
                }
                self.meta.allows(&change)?;
                let before = self.world();
                perform(&mut lock(&self.world), &change)?;
                lock(&self.performed).push((before, change));
                Ok(Answer::Done)
            }
            Request::TakeBack => {
                let mut performed = lock(&self.performed);
                while let Some((before, change)) = performed.pop() {
                    let mut world = lock(&self.world);
                    *world = undo(&before, &world, std::slice::from_ref(&change));
                    if let Kind::RestartService { name, .. } = change.kind {
                        world.react(&[Trigger::Start(name)].into());
                    }
                }
                Ok(Answer::Done)
            }
            Request::Record { name, content } => {
                lock(&self.recorded).push((name, content));
                Ok(Answer::Done)
            }
            Request::Progress { .. } => Ok(Answer::Done),
        }
    }
}

fn probe(world: &World, machine: MachineId, argv: &[String]) -> Output {
    let answer = world.machine(machine).probes.iter().find(|probe| {
        argv.starts_with(&probe.argv) && probe.when.iter().all(|fact| world.holds(fact))
    });
    match answer {
        Some(probe) => Output {
            exit: probe.exit,
            stdout: Bytes::from(&probe.stdout),
            stderr: Bytes::from(&probe.stderr),
        },
        None => Output {
            exit: 127,
            stdout: Bytes::default(),
            stderr: format!("{}: not found", argv.first().map_or("", |word| word)).into(),
        },
    }
}

impl FakeHost {
    /// What not everybody may see of the host is not shown to a step for containers.
    fn public(&self, machine: MachineId, subject: &Subject, seen: &Observed) -> Result<()> {
        match (subject, seen) {
            (Subject::File { path }, Observed::File(state @ FileState::Regular { .. }))
                if self.meta.sees_what_is_public(machine) && is_private(state) =>
            {
                Err(self.meta.private(path))
            }
            _ => Ok(()),
        }
    }
}

fn observe(world: &World, id: MachineId, subject: &Subject) -> Result<Observed> {
    let machine = world.machine(id);
    Ok(match subject {
        Subject::File { path } => Observed::File(file(machine, path)),
        Subject::Folder { path } => Observed::Folder { names: folder(machine, path) },
        Subject::Packages { names } => Observed::Packages {
            installed: names
                .iter()
                .filter_map(|name| Some((name.clone(), machine.packages.get(name)?.clone())))
                .collect(),
        },
        Subject::Service { name } => Observed::Service(
            machine.services.get(name).cloned().unwrap_or_else(ServiceState::not_found),
        ),
        Subject::Sysctl { key } => Observed::Sysctl {
            value: machine.sysctls.get(key).cloned(),
            at_boot: machine.sysctls_at_boot.get(key).cloned(),
        },
        Subject::KernelModule { name } => Observed::KernelModule {
            available: machine.modules.contains_key(name),
            at_boot: machine.modules.get(name).copied().unwrap_or_default(),
        },
        Subject::ContainerOption { key } => Observed::ContainerOption {
            values: world
                .options
                .iter()
                .filter(|(have, _)| have == key)
                .map(|(_, value)| value.clone())
                .collect(),
        },
        Subject::Container => Observed::Container(world.state.clone()),
        Subject::AppArmor => Observed::AppArmor(world.kernel_apparmor.clone()),
        Subject::AppArmorProfile { name } => Observed::AppArmorProfile {
            file: file(machine, &format!("/etc/apparmor.d/{name}")),
            mode: world.profiles.get(name).map(|_| "enforce".to_owned()),
            current: world.profiles.get(name).map(|loaded| {
                let file = file(machine, &format!("/etc/apparmor.d/{name}"));
                file.content().is_some_and(|content| content.0 == loaded.as_bytes())
            }),
        },
        Subject::Mark => Observed::Mark(Mark::default()),
        Subject::Denials { .. } => Observed::Denials(denials(world)?),
        Subject::Command { argv } => {
            Observed::Command { succeeded: probe(world, id, argv).success() }
        }
    })
}

/// As the orchestrator: a label without a profile that could deny anything needs no log.
fn denials(world: &World) -> Result<Denials> {
    let label = world.state.label.clone();
    let profile = label.as_deref().map(|label| label.split(" (").next().unwrap_or(label));
    let profiles: Vec<_> =
        profile.filter(|name| *name != "unconfined").map(str::to_owned).into_iter().collect();
    if profiles.is_empty() {
        return Ok(Denials { label, ..Denials::default() });
    }
    if world.logs_unreadable {
        return Err(StepError::new("DENIALS-UNREADABLE", "no log of the host can be read")
            .hint("Make the audit log, the kernel log or the journal readable."));
    }
    Ok(Denials { label, profiles, ..world.denials.clone() })
}

fn file(machine: &FakeMachine, path: &str) -> FileState {
    machine.files.get(path).cloned().unwrap_or(FileState::Absent)
}

fn folder(machine: &FakeMachine, path: &str) -> Option<Vec<String>> {
    let prefix = format!("{}/", path.trim_end_matches('/'));
    let names: BTreeSet<String> = machine
        .files
        .keys()
        .filter_map(|path| path.strip_prefix(&prefix)?.split('/').next().map(str::to_owned))
        .collect();
    (!names.is_empty() || machine.files.contains_key(path)).then(|| names.into_iter().collect())
}

fn perform(world: &mut World, change: &Change) -> Result<()> {
    let id = world.target.machine;
    if let Verdict::Fine(_) = change.compare(&observe(world, id, &change.kind.subject())?)? {
        return Ok(());
    }
    let mut triggers = BTreeSet::new();
    let machine = world.machine_mut(id);
    match &change.kind {
        Kind::File { path, content, mode, owner } => {
            write(machine, path, content.clone(), *mode, *owner);
        }
        Kind::Absent { path } => {
            machine.files.remove(path);
        }
        Kind::JsonKeys { path, keys } => {
            let before = machine.files.get(path).and_then(FileState::content);
            let after = json_keys::merge(path, before, keys)?;
            write(machine, path, Some(after), None, None);
        }
        Kind::Packages { names, .. } => {
            for name in names {
                machine.packages.insert(name.clone(), "1.0".to_owned());
                triggers.insert(Trigger::Install(name.clone()));
            }
        }
        Kind::Service { name, enabled, active } => {
            let state = machine.services.get_mut(name).ok_or_else(|| {
                StepError::new("SERVICE-UNKNOWN", format!("there is no unit `{name}`"))
                    .hint("Let the world's reactions add it when its package is installed.")
            })?;
            if let Some(enabled) = enabled {
                state.enabled = if *enabled { "enabled" } else { "disabled" }.to_owned();
            }
            if let Some(active) = active {
                state.active = if *active { "active" } else { "inactive" }.to_owned();
                if *active {
                    triggers.insert(Trigger::Start(name.clone()));
                }
            }
        }
        Kind::RestartService { name, .. } => {
            triggers.insert(Trigger::Start(name.clone()));
        }
        Kind::Sysctl { key, value } => {
            machine.sysctls.insert(key.clone(), value.clone());
            machine.sysctls_at_boot.insert(key.clone(), value.clone());
        }
        Kind::KernelModule { name } => {
            machine.modules.insert(name.clone(), true);
        }
        Kind::ContainerOption { key, value, others } => {
            if *others == Others::Replaced {
                world.options.retain(|(have, _)| have != key);
            }
            world.options.push((key.clone(), value.clone()));
        }
        Kind::AppArmorProfile { name, text } => {
            write(machine, &format!("/etc/apparmor.d/{name}"), Some(text.into()), None, None);
            world.profiles.insert(name.clone(), text.clone());
        }
        Kind::RestartContainer => {
            triggers.insert(Trigger::RestartContainer);
        }
        Kind::Command { .. } => {}
    }
    world.react(&triggers);
    Ok(())
}

fn write(
    machine: &mut FakeMachine,
    path: &str,
    content: Option<Bytes>,
    mode: Option<u32>,
    owner: Option<(u32, u32)>,
) {
    let now = machine.files.get(path).cloned().unwrap_or(FileState::Absent);
    let mut permissions = now.permissions().unwrap_or(Permissions { mode: 0o644, uid: 0, gid: 0 });
    permissions.mode = mode.unwrap_or(permissions.mode);
    (permissions.uid, permissions.gid) = owner.unwrap_or((permissions.uid, permissions.gid));
    let after = match (content, now) {
        (Some(content), _) => FileState::Regular { content, permissions },
        (None, FileState::Regular { content, .. }) => FileState::Regular { content, permissions },
        (None, FileState::Folder { .. }) => FileState::Folder { permissions },
        (None, FileState::Device { block, major, minor, .. }) => {
            FileState::Device { block, major, minor, permissions }
        }
        (None, other) => other,
    };
    machine.files.insert(path.to_owned(), after);
}

/// Takes back what can be taken back: the world before, but for what a restart or an installation set
/// off by itself. Used by the laws.
pub(super) fn undo(before: &World, after: &World, changes: &[Change]) -> World {
    let mut world = after.clone();
    let id = world.target.machine;
    let paths = |change: &Change| match &change.kind {
        Kind::File { path, .. } | Kind::Absent { path } | Kind::JsonKeys { path, .. } => {
            Some(path.clone())
        }
        Kind::AppArmorProfile { name, .. } => Some(format!("/etc/apparmor.d/{name}")),
        _ => None,
    };
    for path in changes.iter().filter_map(paths) {
        restore(&mut world.machine_mut(id).files, &before.machine(id).files, &path);
    }
    for change in changes {
        let now = world.machine_mut(id);
        let then = before.machine(id);
        match &change.kind {
            Kind::Packages { names, .. } => {
                names.iter().for_each(|name| restore(&mut now.packages, &then.packages, name));
            }
            Kind::Service { name, .. } => restore(&mut now.services, &then.services, name),
            Kind::Sysctl { key, .. } => {
                restore(&mut now.sysctls, &then.sysctls, key);
                restore(&mut now.sysctls_at_boot, &then.sysctls_at_boot, key);
            }
            Kind::KernelModule { name } => restore(&mut now.modules, &then.modules, name),
            Kind::ContainerOption { .. } => world.options = before.options.clone(),
            Kind::AppArmorProfile { name, .. } => {
                restore(&mut world.profiles, &before.profiles, name);
            }
            _ => {}
        }
    }
    world
}

fn restore<T: Clone>(now: &mut BTreeMap<String, T>, then: &BTreeMap<String, T>, key: &str) {
    match then.get(key) {
        Some(value) => now.insert(key.to_owned(), value.clone()),
        None => now.remove(key),
    };
}
