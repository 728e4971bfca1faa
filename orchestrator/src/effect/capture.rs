//! Takes images: what is there now of whatever a change can alter.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use phoenix_sdk::{FileState, Observed, ServiceState, Subject};

use super::{
    Eyes, Hands, Vault, apparmor_profile, container,
    image::{FileImage, Image, Item, Node, ServiceImage},
    kernel, observe, observe_all, packages_image, xattrs,
};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Reader},
};

/// What is there now of this item; contents go into the vault.
///
/// # Errors
/// When it cannot be looked at or kept: then it must not be changed either.
pub fn capture(hands: Hands<'_>, vault: &dyn Vault, item: &Item) -> Result<Image> {
    let machine = hands.own;
    Ok(match item {
        Item::File { path } => Image::File(file(machine, vault, path)?),
        Item::Packages => Image::Packages(packages_image::take(machine, vault)?),
        Item::Service { name } => Image::Service(service(machine, name)?),
        Item::Sysctl { key } => {
            let seen = one(hands, Subject::Sysctl { key: key.clone() })?;
            let Observed::Sysctl { value, .. } = seen else { return Err(garbled(item)) };
            let file = file(machine, vault, &kernel::sysctl_file(key))?;
            Image::Sysctl { key: key.clone(), value, file }
        }
        Item::KernelModule { name } => {
            let Observed::KernelModule { available, .. } = kernel::observe_module(machine, name)?
            else {
                return Err(garbled(item));
            };
            let file = file(machine, vault, &kernel::module_file(name))?;
            Image::KernelModule { name: name.clone(), loaded: available, file }
        }
        Item::Config => {
            let (runtime, name) =
                hands.container.ok_or_else(|| observe::needs_container("a configuration"))?;
            Image::Config { content: vault.keep(runtime.config(name)?.text.as_bytes())? }
        }
        Item::Profile { name } => {
            let Observed::AppArmorProfile { mode, .. } = apparmor_profile::observe(machine, name)?
            else {
                return Err(garbled(item));
            };
            let file = file(machine, vault, &apparmor_profile::path(name))?;
            Image::Profile { name: name.clone(), file, loaded: mode.is_some() }
        }
        Item::Running => running(hands)?,
        Item::Unseen => Image::Unseen,
    })
}

fn one(hands: Hands<'_>, subject: Subject) -> Result<Observed> {
    let eyes = Eyes { host: hands.own, container: hands.container };
    let seen = observe_all(eyes, hands.own, &[subject])?;
    seen.into_iter().next().unwrap_or_else(|| Err(garbled(&Item::Unseen)))
}

fn garbled(item: &Item) -> Error {
    let message = format!("what was seen does not fit {item:?}");
    Error::new(ErrorKind::Internal, "OBSERVATION-MISMATCH", message)
        .hint("This is a defect of phoenix-orch; please report it.")
}

/// What is at a path, and which of the folders above it are missing.
pub(super) fn file(machine: &dyn Reader, vault: &dyn Vault, path: &str) -> Result<FileImage> {
    let state = states(machine, &[path.to_owned()])?.pop().unwrap_or(FileState::Absent);
    let mut missing_folders = Vec::new();
    if state == FileState::Absent {
        let above = folders_above(path);
        let seen = states(machine, &above)?;
        let missing = above.into_iter().zip(seen).filter(|(_, seen)| *seen == FileState::Absent);
        missing_folders.extend(missing.map(|(folder, _)| folder));
    }
    let xattrs = match state {
        FileState::Regular { .. } => xattrs::read(machine, path)?,
        _ => BTreeMap::new(),
    };
    let node = match state {
        FileState::Absent => Node::Absent,
        FileState::Regular { content, permissions } => {
            Node::Regular { content: vault.keep(&content.0)?, permissions, xattrs }
        }
        FileState::Folder { permissions } => Node::Folder { permissions },
        FileState::Symlink { target } => Node::Symlink { target },
        FileState::Device { block, major, minor, permissions } => {
            Node::Device { block, major, minor, permissions }
        }
        other => Node::Other { what: other.kind().to_owned() },
    };
    Ok(FileImage { path: path.to_owned(), node, missing_folders })
}

/// `/a`, `/a/b` for `/a/b/c`.
fn folders_above(path: &str) -> Vec<String> {
    path.match_indices('/').skip(1).map(|(at, _)| path[..at].to_owned()).collect()
}

fn states(machine: &dyn Reader, paths: &[String]) -> Result<Vec<FileState>> {
    observe::files(machine, paths)
}

fn service(machine: &dyn Reader, name: &str) -> Result<ServiceImage> {
    let subject = Subject::Service { name: name.to_owned() };
    let eyes = Eyes { host: machine, container: None };
    let state = match observe_all(eyes, machine, &[subject])?.into_iter().next().transpose()? {
        Some(Observed::Service(state)) => state,
        _ => ServiceState::not_found(),
    };
    Ok(ServiceImage {
        name: name.to_owned(),
        exists: state.exists(),
        enabled: state.is_enabled(),
        active: state.is_active(),
    })
}

/// Whether the container runs, and which services are active in it. Services that end by themselves are
/// not among them.
fn running(hands: Hands<'_>) -> Result<Image> {
    let seen = container::observe(Eyes { host: hands.own, container: hands.container })?;
    let Observed::Container(state) = seen else { return Err(garbled(&Item::Running)) };
    let mut services = BTreeSet::new();
    if state.running {
        let argv = ["systemctl", "list-units", "--type=service", "--state=running", "--plain"];
        let exec = Exec::new(argv.into_iter().chain(["--no-legend", "--no-pager"]));
        match hands.own.probe(&exec.within(Duration::from_secs(60))) {
            Ok(output) if output.success() => {
                let text = output.stdout.to_text();
                let names = text.lines().filter_map(|line| line.split_whitespace().next());
                services.extend(names.map(str::to_owned));
            }
            Err(error) if error.kind == ErrorKind::Unreachable => return Err(error),
            // A container without systemd has no services to lose.
            _ => {}
        }
    }
    Ok(Image::Running { running: state.running, services })
}

#[cfg(test)]
mod tests {
    use super::folders_above;

    #[test]
    fn folders_from_the_root_on() {
        assert_eq!(folders_above("/etc/docker/daemon.json"), ["/etc", "/etc/docker"]);
        assert_eq!(folders_above("/file"), Vec::<String>::new());
    }
}
