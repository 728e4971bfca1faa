//! A world with changes taken back.

use std::collections::BTreeMap;

use crate::{Change, Kind, world::World};

/// Takes back what can be taken back: the world before, but for what a restart or an installation set
/// off by itself. Used by the laws.
pub(in super::super) fn undo(before: &World, after: &World, changes: &[Change]) -> World {
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
            Kind::ContainerOption { .. } | Kind::ContainerOptionAbsent { .. } => {
                world.options = before.options.clone()
            }
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
