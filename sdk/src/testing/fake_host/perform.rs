//! What a change makes of a world.

use std::collections::BTreeSet;

use super::observe::observe;
use crate::{
    Bytes, Change, FileState, Kind, Others, Permissions, Result, StepError, Verdict,
    change::{json_keys, properties},
    world::{FakeMachine, Trigger, World},
};

pub(super) fn perform(world: &mut World, change: &Change) -> Result<()> {
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
            let mut value = value.clone();
            if *others == Others::Merged {
                let present = world.options.iter().find(|(have, _)| have == key);
                value = properties::merged(present.map_or("", |(_, present)| present), &value);
            }
            if *others != Others::Kept {
                world.options.retain(|(have, _)| have != key);
            }
            world.options.push((key.clone(), value));
        }
        Kind::ContainerOptionAbsent { key, value } => {
            world.options.retain(|option| option != &(key.clone(), value.clone()));
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
