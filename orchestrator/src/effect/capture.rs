//! Takes images: what is there now of whatever a change can alter.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use phoenix_sdk::{FileState, Observed, Subject};

use super::{
    Eyes, Hands, Vault, apparmor_profile, container,
    image::{FileImage, Image, Item, Node, ServiceImage},
    kernel, observe, observe_all, packages_image, service, xattrs,
};
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Reader, printable},
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
        Item::Service { name } => {
            let seen = one(hands, Subject::Service { name: name.clone() })?;
            let Observed::Service(state) = seen else { return Err(garbled(item)) };
            Image::Service(ServiceImage {
                name: name.clone(),
                exists: state.exists(),
                enabled: state.is_enabled(),
                active: state.is_active(),
            })
        }
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
    let seen = observe_all(eyes, hands.own, std::slice::from_ref(&subject))?;
    seen.into_iter().next().unwrap_or_else(|| Err(observe::garbled(&subject)))
}

fn garbled(item: &Item) -> Error {
    let message = format!("what was seen does not fit {item:?}");
    Error::new(ErrorKind::Internal, "OBSERVATION-MISMATCH", message)
        .hint("This is a defect of phoenix-orch; please report it.")
}

/// What is at a path, and which of the folders above it are missing.
pub(super) fn file(machine: &dyn Reader, vault: &dyn Vault, path: &str) -> Result<FileImage> {
    let state = observe::files(machine, &[path.to_owned()])?.pop().unwrap_or(FileState::Absent);
    let mut missing_folders = Vec::new();
    if state == FileState::Absent {
        let above = folders_above(path);
        let seen = observe::files(machine, &above)?;
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

/// Whether the container runs, and which services are active in it. Services that end by themselves are
/// not among them.
fn running(hands: Hands<'_>) -> Result<Image> {
    let seen = container::observe(Eyes { host: hands.own, container: hands.container })?;
    let Observed::Container(state) = seen else { return Err(garbled(&Item::Running)) };
    let services = if state.running { services(hands.own)? } else { BTreeSet::new() };
    Ok(Image::Running { running: state.running, services })
}

/// The services that run. A container without systemd has none to lose.
fn services(machine: &dyn Reader) -> Result<BTreeSet<String>> {
    let argv = ["systemctl", "list-units", "--type=service", "--state=running", "--plain"];
    let exec = Exec::new(argv.into_iter().chain(["--no-legend", "--no-pager"]));
    let output = match machine.probe(&exec.within(Duration::from_secs(60))) {
        Err(error) if error.code == "EXEC-NOT-FOUND" => return Ok(BTreeSet::new()),
        output => output?,
    };
    if !output.success() {
        let complaint = output.complaint();
        return match output.stderr.to_text().contains("not been booted with systemd") {
            true => Ok(BTreeSet::new()),
            false => Err(service::silent("*.service", printable(&complaint))),
        };
    }
    let text = output.stdout.to_text();
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    Ok(names.map(str::to_owned).collect())
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
