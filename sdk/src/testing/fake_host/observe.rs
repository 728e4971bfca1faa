//! What a look at a world shows.

use std::collections::BTreeSet;

use crate::{
    Bytes, Denials, FileState, Mark, Observed, Output, Result, ServiceState, StepError, Subject,
    wire::MachineId,
    world::{FakeMachine, World},
};

pub(super) fn observe(world: &World, id: MachineId, subject: &Subject) -> Result<Observed> {
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

pub(super) fn probe(world: &World, machine: MachineId, argv: &[String]) -> Output {
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
