//! Brings things back: from the image that a change left to the one that was there before it.
//!
//! What this module does not do: it does not decide whether that may be done. Files are replaced only if
//! they still are what `from` says, whoever asks.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Hands, Source, Vault, apparmor_profile, file,
    image::{FileImage, Image, Node},
    kernel,
    observe::needs_container,
    packages_restore, service,
    vault::text,
};
use crate::{
    error::{Error, ErrorKind, Result},
    runtime::Config,
    transport::{Exec, Mutator, WriteFile, printable},
};

/// Brings an item from one image to another. What had to be left as it is, and why, goes to `left`.
///
/// # Errors
/// Why it could not be done. Files are then as they were; packages and services may be half-way, which
/// the next look finds out.
pub fn restore(
    hands: Hands<'_>,
    vault: &dyn Vault,
    from: &Image,
    to: &Image,
    line: &mut dyn FnMut(&str),
) -> Result<Vec<String>> {
    let machine = hands.own;
    let mut left = Vec::new();
    match (from, to) {
        (Image::File(from), Image::File(to)) => bring_file(machine, vault, from, to)?,
        (Image::Packages(from), Image::Packages(to)) => {
            left = packages_restore::restore(&mut Source::of(hands), vault, from, to, line)?;
        }
        (Image::Service(from), Image::Service(to)) => {
            let enabled = (from.enabled != to.enabled).then_some(to.enabled);
            let active = (from.active != to.active).then_some(to.active);
            service::set(machine, &to.name, enabled, active, line)?;
        }
        (
            Image::Sysctl { value: now, file: from, .. },
            Image::Sysctl { key, value: Some(value), file: to },
        ) => {
            if now.as_ref() != Some(value) {
                kernel::set_now(machine, key, value, line)?;
            }
            bring_file(machine, vault, from, to)?;
        }
        (
            Image::KernelModule { loaded: now, file: from, .. },
            Image::KernelModule { name, loaded, file: to },
        ) => {
            bring_file(machine, vault, from, to)?;
            match (now, loaded) {
                (true, false) if !kernel::unload(machine, name, line)? => {
                    left.push(format!("module `{name}` stays loaded, because it is in use"));
                }
                (false, true) => kernel::load(machine, name, line)?,
                _ => {}
            }
        }
        (Image::Config { content: from }, Image::Config { content: to }) => {
            let (runtime, name) =
                hands.container.ok_or_else(|| needs_container("a configuration"))?;
            let [from, to] = [from, to].map(|digest| text(vault, digest));
            let (from, to) = (from?, to?);
            runtime.edit(name, &mut |now| {
                let text = merged(&from, &now.text, &to).ok_or_else(|| conflicting(&now.path))?;
                Ok(Config { path: now.path.clone(), text })
            })?;
        }
        (Image::Profile { file: from, .. }, Image::Profile { name, file: to, loaded }) => {
            bring_file(machine, vault, from, to)?;
            if *loaded && to.node == Node::Absent {
                left.push(format!(
                    "what the kernel enforced as `{name}` had no file, and is not known"
                ));
            } else {
                apparmor_profile::reload_or_unload(machine, name, *loaded, line)?;
            }
        }
        (Image::Running { .. }, Image::Running { .. }) => super::container::restart(hands, line)?,
        _ => {}
    }
    Ok(left)
}

/// Whether a restoration could be made now. For a plan: whoever asks passes on the packages that are `going`
/// with what comes before it.
///
/// # Errors
/// `ROLLBACK-CONFLICT` when something that came since stands in the way.
pub fn feasible(
    hands: Hands<'_>,
    from: &Image,
    to: &Image,
    going: &mut BTreeSet<String>,
) -> Result<()> {
    match (from, to) {
        (Image::Packages(from), Image::Packages(to)) => {
            packages_restore::feasible(hands.own, from, to, going)
        }
        _ => Ok(()),
    }
}

/// What a configuration becomes when the difference between two of its texts is taken back: the other
/// changes that were made to it since stay. Nothing if they touch the same lines.
pub(super) fn merged(from: &str, now: &str, to: &str) -> Option<String> {
    if now == from { Some(to.to_owned()) } else { diffy::merge(from, now, to).ok() }
}

fn conflicting(path: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "ROLLBACK-CONFLICT",
        format!("`{}` was changed since in the same lines", printable(path)),
    )
    .hint("Bring it back by hand; it is left exactly as it is.")
}

/// Brings what is at a path from one image to another.
pub(super) fn bring_file(
    machine: &dyn Mutator,
    vault: &dyn Vault,
    from: &FileImage,
    to: &FileImage,
) -> Result<()> {
    let path = to.path.as_str();
    match (&from.node, &to.node) {
        (now, then) if now == then => {}
        (_, Node::Absent) => machine.remove_file(path)?,
        (
            Node::Regular { content: now, xattrs: kept, .. },
            Node::Regular { content, permissions, xattrs },
        ) if now == content && kept == xattrs => {
            let owner = (permissions.uid, permissions.gid);
            machine.set_permissions(path, Some(permissions.mode), Some(owner))?;
        }
        (now, Node::Regular { content, permissions, xattrs }) => {
            let content = vault.fetch(content)?;
            let expected = match now {
                Node::Regular { content, .. } => Some(vault.fetch(content)?),
                Node::Absent => None,
                _ => {
                    machine.remove_file(path)?;
                    None
                }
            };
            machine.write_file(&WriteFile {
                path: path.to_owned(),
                content: content.clone(),
                mode: permissions.mode,
                owner: (permissions.uid, permissions.gid),
                expected,
            })?;
            // A replacement keeps what was there; what was taken away by a removal comes from the image.
            if !xattrs.is_empty() && super::xattrs::read(machine, path)? != *xattrs {
                super::xattrs::write(machine, path, &content, *permissions, xattrs)?;
            }
        }
        (now, Node::Symlink { target }) => {
            if *now != Node::Absent {
                machine.remove_file(path)?;
            }
            let exec = Exec::new(["ln", "-s", "--", target, path]).within(Duration::from_secs(30));
            file::succeeded(machine, &exec, path)?;
        }
        (Node::Device { .. }, Node::Device { permissions, .. })
        | (Node::Folder { .. }, Node::Folder { permissions }) => {
            let owner = (permissions.uid, permissions.gid);
            machine.set_permissions(path, Some(permissions.mode), Some(owner))?;
        }
        (Node::Absent, Node::Folder { permissions }) => {
            let mode = format!("{:04o}", permissions.mode);
            file::succeeded(machine, &Exec::new(["mkdir", "-m", &mode, "--", path]), path)?;
            let owner = (permissions.uid, permissions.gid);
            machine.set_permissions(path, None, Some(owner))?;
        }
        (now, then) => {
            return Err(Error::new(
                ErrorKind::Step,
                "RESTORE-IMPOSSIBLE",
                format!("`{}` cannot be brought back", printable(path)),
            )
            .cause(format!("it is {} and was {}", now.describe(), then.describe()))
            .hint("Bring it back by hand."));
        }
    }
    // The folders that were made for the file go with it, unless somebody has put something into them.
    if to.node == Node::Absent {
        for folder in to.missing_folders.iter().rev() {
            machine.exec(&Exec::new(["rmdir", "--", folder]), &mut |_| {})?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    fn what_others_wrote_since_stays() {
        let (from, to) = ("a = 1\nb = 2\nours = 1\nc = 3\n", "a = 1\nb = 2\nc = 3\n");
        assert_eq!(merged(from, from, to).as_deref(), Some(to));
        let since = "mine = 0\na = 1\nb = 2\nours = 1\nc = 3\n";
        assert_eq!(merged(from, since, to).as_deref(), Some("mine = 0\na = 1\nb = 2\nc = 3\n"));
        assert_eq!(merged(from, "a = 1\nb = 2\nours = 2\nc = 3\n", to), None);
    }
}
