//! Reads what is known of a container: its configuration and its profile on the host, and, in one session,
//! what is in it.

use phoenix_sdk::{Manager, dev_fuse};

use super::{
    Container, docker, driver, fuse, nesting, overlay, place, runc, settings::Settings, target,
};
use crate::{
    doctor::{
        finding::Finding,
        host::Host,
        look::{Ask, Known, Look, reason},
    },
    runtime::Runtime,
    transport::{LocalMachine, Reader},
};

/// All that is found about a container. Whatever goes wrong is a finding.
pub(in super::super) fn examine(runtime: &dyn Runtime, host: &Host, name: &str) -> Vec<Finding> {
    let config = match runtime.config(name) {
        Ok(config) => config,
        Err(error) => {
            let todo = error.hints.join(" ");
            let finding = target::TARGET.blocks(error.message.clone());
            let finding = error.causes.iter().fold(finding, |finding, cause| finding.seen(cause));
            return vec![if todo.is_empty() { finding } else { finding.todo(todo) }];
        }
    };
    let state = runtime.state(name).map_err(|error| reason(&error));
    let unprivileged = state.as_ref().is_ok_and(|state| state.unprivileged);
    let proxmox = runtime.manager() == Manager::Pve;
    let settings =
        Settings::new(&config, proxmox, unprivileged, |config, key| runtime.values(config, key));
    let mut container = Container {
        name: name.to_owned(),
        settings,
        state,
        editable: runtime.editable(name).map_err(|error| reason(&error)),
        pending: runtime.pending(name).map_err(|error| reason(&error)),
        outside: Look::default(),
        inside: None,
    };
    container.outside = outside(&container);
    // A privileged container is not entered: what is in it has no reason to be trusted with that.
    if container.runs() && unprivileged {
        let machine = runtime.machine(name);
        container.inside = Some(inside(&*machine, &container, host));
    }
    container.judge(host)
}

/// The text of the profile.
fn outside(container: &Container) -> Look {
    let folder = runc::generated_folder(container);
    let mut asks = vec![Ask::Folder(folder.clone())];
    asks.extend(runc::profile_path(container.settings.profile()).map(Ask::File));
    // What cannot be looked at at all stays unknown, and is found to be so.
    let mut look = Look::at(&LocalMachine, &asks).unwrap_or_default();
    if let Ok(Some(names)) = look.folder(&folder) {
        let asks: Vec<Ask> =
            names.iter().map(|name| Ask::file(format!("{folder}/{name}"))).collect();
        look.extend(Look::at(&LocalMachine, &asks).unwrap_or_default());
    }
    look
}

/// Two round trips of one session: where Docker's data is decides the second.
fn inside(machine: &dyn Reader, container: &Container, host: &Host) -> Known<Look> {
    let version = |command| Ask::command(command, &[command, "--version"]);
    let mut asks: Vec<Ask> = [nesting::MOUNTS, nesting::INIT, driver::PATH, dev_fuse::PATH]
        .into_iter()
        .chain(target::RELEASES)
        .map(Ask::file)
        .collect();
    asks.extend([
        Ask::Folder(target::BOOTED.to_owned()),
        version(docker::COMMAND),
        version(docker::CONTAINERD_COMMAND),
        version(runc::COMMAND),
        version(fuse::COMMAND),
        Ask::command(fuse::WHERE, &["/bin/sh", "-c", "command -v fuse-overlayfs"]),
        Ask::script(fuse::OPENED, include_str!("open_fuse.sh"), &[]),
        Ask::script(driver::RUNNING, include_str!("docker_info.sh"), &[]),
    ]);
    let mut look = Look::at(machine, &asks).map_err(|error| reason(&error))?;
    let root = driver::data_root(&look);
    let mut asks = vec![Ask::command(place::RESOLVED, &["readlink", "-f", "--", &root])];
    if overlay::reason_against(container, host) == Ok(None) {
        asks.push(Ask::script(overlay::TRIED, include_str!("overlay.sh"), &[&root]));
    }
    look.extend(Look::at(machine, &asks).map_err(|error| reason(&error))?);
    Ok(look)
}
