//! Brings back, entry by entry, what maintainer scripts wrote: only what still is as they left it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Vault,
    area::{self, Entry},
    image::{FileImage, Node, PackagesImage},
    restore::bring_file,
};
use crate::{
    error::Result,
    transport::{Mutator, Reader, printable},
};

/// What is to become of one path.
#[derive(Debug, PartialEq, Eq)]
enum Fate<'a> {
    /// From this to that.
    Back(&'a Node, &'a Node),
    /// Somebody has changed it since.
    Theirs,
}

/// The paths that are not as an image has them.
pub(super) fn since(
    machine: &dyn Reader,
    vault: &dyn Vault,
    image: &PackagesImage,
) -> Result<BTreeSet<String>> {
    let then = area::fetch(vault, &image.area)?;
    let now = area::entries(&area::take(machine)?)?;
    Ok(differing(&then, &now))
}

fn differing(one: &BTreeMap<String, Entry>, other: &BTreeMap<String, Entry>) -> BTreeSet<String> {
    let paths = one.keys().chain(other.keys());
    paths.filter(|path| one.get(*path) != other.get(*path)).cloned().collect()
}

/// The paths that a restoration would bring back, as things are now.
pub(super) fn pending(
    vault: &dyn Vault,
    from: &PackagesImage,
    to: &PackagesImage,
    now: &PackagesImage,
) -> Result<Vec<String>> {
    let before = area::fetch(vault, &to.area)?;
    let after = area::fetch(vault, &from.area)?;
    let now = area::fetch(vault, &now.area)?;
    let theirs = differing(&after, &now);
    let fates = fates(&before, &after, &now, &theirs).into_iter();
    Ok(fates.filter(|(_, fate)| *fate != Fate::Theirs).map(|(path, _)| path.to_owned()).collect())
}

/// Brings the area from one image to another; says what had to be left: the paths that were `theirs`
/// before anything was removed.
pub(super) fn restore(
    machine: &dyn Mutator,
    vault: &dyn Vault,
    from: &PackagesImage,
    to: &PackagesImage,
    theirs: &BTreeSet<String>,
) -> Result<Vec<String>> {
    let before = area::fetch(vault, &to.area)?;
    let after = area::fetch(vault, &from.area)?;
    let now = area::entries(&area::take(machine)?)?;
    let mut left = Vec::new();
    for (path, fate) in fates(&before, &after, &now, theirs) {
        let Fate::Back(is, was) = fate else {
            left.push(format!("`{}` stays, because it was changed since", printable(path)));
            continue;
        };
        for entry in [before.get(path), now.get(path)].into_iter().flatten() {
            if let Some(content) = &entry.content {
                vault.keep(content)?;
            }
        }
        let image = |node: &Node| FileImage {
            path: path.to_owned(),
            node: node.clone(),
            missing_folders: Vec::new(),
        };
        if let (Node::Folder { .. }, Node::Absent) = (is, was) {
            // A folder that others have put something into stays, which is no conflict.
            let exec = crate::transport::Exec::new(["rmdir", "--", path]);
            machine.exec(&exec, &mut |_| {})?;
            continue;
        }
        bring_file(machine, vault, &image(is), &image(was))?;
    }
    Ok(left)
}

/// Folders come before what is in them, and go after it.
fn fates<'a>(
    before: &'a BTreeMap<String, Entry>,
    after: &'a BTreeMap<String, Entry>,
    now: &'a BTreeMap<String, Entry>,
    theirs: &BTreeSet<String>,
) -> Vec<(&'a str, Fate<'a>)> {
    let node = |of: &'a BTreeMap<String, Entry>, path: &str| {
        of.get(path).map_or(&Node::Absent, |entry| &entry.node)
    };
    let paths: BTreeSet<&str> =
        before.keys().chain(after.keys()).chain(now.keys()).map(String::as_str).collect();
    let (mut come, mut go) = (Vec::new(), Vec::new());
    for path in paths {
        let (was, left, is) = (node(before, path), node(after, path), node(now, path));
        let theirs = theirs.contains(path);
        // Either it is as it was, or the installation had nothing to do with what was changed since.
        if is == was || (left == was && theirs) {
            continue;
        }
        let fate = if theirs { Fate::Theirs } else { Fate::Back(is, was) };
        if *was == Node::Absent { go.push((path, fate)) } else { come.push((path, fate)) }
    }
    go.reverse();
    come.into_iter().chain(go).collect()
}

#[cfg(test)]
mod tests {
    use phoenix_sdk::Permissions;

    use super::{super::Digest, BTreeMap, Entry, Fate, Node, differing, fates};

    fn area(entries: &[(&str, &str)]) -> BTreeMap<String, Entry> {
        let permissions = Permissions { mode: 0o644, uid: 0, gid: 0 };
        let entry = |(path, text): &(&str, &str)| {
            let node = match *text {
                "/" => Node::Folder { permissions },
                text => Node::Regular {
                    content: Digest::of(text.as_bytes()),
                    permissions,
                    xattrs: BTreeMap::new(),
                },
            };
            ((*path).to_owned(), Entry { node, content: None })
        };
        entries.iter().map(entry).collect()
    }

    #[test]
    fn only_what_is_as_it_was_left_goes_back_in_an_order_that_works() {
        let before = area(&[("/group", "1"), ("/mine", "1"), ("/gone", "x")]);
        let after =
            area(&[("/group", "2"), ("/mine", "1"), ("/d", "/"), ("/d/f", "1"), ("/e", "1")]);
        let now = area(&[("/group", "2"), ("/mine", "9"), ("/d", "/"), ("/d/f", "1"), ("/e", "9")]);
        let theirs = differing(&after, &now);
        let seen: Vec<_> = fates(&before, &after, &now, &theirs)
            .into_iter()
            .map(|(path, fate)| (path, fate == Fate::Theirs))
            .collect();
        assert_eq!(
            seen,
            [("/gone", false), ("/group", false), ("/e", true), ("/d/f", false), ("/d", false)]
        );
    }
}
