//! What bringing something back means, in one line and as a difference of texts.

use super::{
    Digest, Vault, diff,
    image::{FileImage, Image, Node},
    packages_area,
    packages_image::added,
};
use crate::error::Result;

/// In the imperative, in one line.
pub fn describe(from: &Image, to: &Image) -> String {
    let file = |from: &FileImage, to: &FileImage| match (&from.node, &to.node) {
        (_, Node::Absent) => format!("remove `{}`", to.path),
        (Node::Absent, _) => format!("put `{}` back", to.path),
        (Node::Regular { content: now, .. }, Node::Regular { content, .. }) if now != content => {
            format!("bring the former contents of `{}` back", to.path)
        }
        _ => format!("bring the former mode and owner of `{}` back", to.path),
    };
    match (from, to) {
        (Image::File(from), Image::File(to)) => file(from, to),
        (Image::Packages(from), Image::Packages(to)) => {
            let names = |names: std::collections::BTreeSet<String>| {
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            };
            let (surplus, lacking) = (added(to, from), added(from, to));
            match (surplus.is_empty(), lacking.is_empty()) {
                (false, true) => format!("remove packages {}", names(surplus)),
                (true, false) => format!("install packages {}", names(lacking)),
                (false, false) => {
                    format!("remove packages {} and install {}", names(surplus), names(lacking))
                }
                (true, true) => "bring back what maintainer scripts changed".to_owned(),
            }
        }
        (Image::Service(from), Image::Service(to)) => {
            let enabled = (from.enabled != to.enabled).then_some(if to.enabled {
                "enable"
            } else {
                "disable"
            });
            let active =
                (from.active != to.active).then_some(if to.active { "start" } else { "stop" });
            let verbs: Vec<_> = [enabled, active].into_iter().flatten().collect();
            format!("{} `{}`", verbs.join(" and "), to.name)
        }
        // Where the kernel has it already, only our file for the next boot is left.
        (Image::Sysctl { value: now, file: from, .. }, Image::Sysctl { key, value, file: to }) => {
            match now == value {
                true => file(from, to),
                false => format!("set `{key}` back to `{}`", value.as_deref().unwrap_or_default()),
            }
        }
        (
            Image::KernelModule { loaded: now, file: from, .. },
            Image::KernelModule { name, loaded, file: to },
        ) => match (now, loaded) {
            (true, false) => format!("unload module `{name}`, and do not load it at boot any more"),
            (false, true) => format!("load module `{name}` again, now and at boot"),
            _ => file(from, to),
        },
        (Image::Config { .. }, _) => "bring the container's former configuration back".to_owned(),
        (Image::Profile { .. }, Image::Profile { name, loaded: false, .. }) => {
            format!("unload AppArmor profile `{name}`")
        }
        (Image::Profile { .. }, Image::Profile { name, .. }) => {
            format!("bring the former AppArmor profile `{name}` back")
        }
        (Image::Running { .. }, _) => "restart the container".to_owned(),
        _ => "nothing that could be seen".to_owned(),
    }
}

/// The difference of texts, where there are any.
///
/// # Errors
/// When a content is not in the vault any more.
pub fn difference(vault: &dyn Vault, from: &Image, to: &Image) -> Result<Option<String>> {
    let text = |digest: Option<&Digest>| -> Result<Option<String>> {
        let Some(digest) = digest else { return Ok(Some(String::new())) };
        Ok(String::from_utf8(vault.fetch(digest)?).ok())
    };
    let (path, from, to) = match (from, to) {
        (Image::Config { content: from }, Image::Config { content: to }) => {
            ("config".to_owned(), text(Some(from))?, text(Some(to))?)
        }
        (Image::File(from), Image::File(to))
        | (Image::Sysctl { file: from, .. }, Image::Sysctl { file: to, .. })
        | (Image::KernelModule { file: from, .. }, Image::KernelModule { file: to, .. })
        | (Image::Profile { file: from, .. }, Image::Profile { file: to, .. }) => {
            (to.path.clone(), text(from.content())?, text(to.content())?)
        }
        // Of an installation it is what scripts changed.
        (Image::Packages(from), Image::Packages(to)) => {
            let paths = packages_area::pending(vault, from, to, from)?;
            let text: String = paths.iter().map(|path| format!(" {path}\n")).collect();
            return Ok((!text.is_empty()).then_some(text));
        }
        _ => return Ok(None),
    };
    let (Some(from), Some(to)) = (from, to) else { return Ok(None) };
    Ok((from != to).then(|| diff::unified(&path, &from, &to)))
}

/// An image in a few words: one of the three that a conflict shows.
pub fn shown(image: &Image) -> String {
    match image {
        Image::File(file) => file.node.describe(),
        Image::Sysctl { value, file, .. } => {
            format!("{}, and {}", value.as_deref().unwrap_or("not there"), file.node.describe())
        }
        Image::KernelModule { loaded, file, .. } | Image::Profile { loaded, file, .. } => {
            let loaded = if *loaded { "loaded" } else { "not loaded" };
            format!("{loaded}, and {}", file.node.describe())
        }
        Image::Service(service) => {
            let word = |on: bool, yes: &'static str, no: &'static str| if on { yes } else { no };
            format!(
                "{}, {}",
                word(service.enabled, "enabled", "disabled"),
                word(service.active, "active", "inactive")
            )
        }
        Image::Config { content } => {
            format!("a text (sha256 {}...)", content.as_str().get(..12).unwrap_or_default())
        }
        Image::Packages(packages) => format!("{} packages", packages.known.len()),
        Image::Running { running: true, .. } => "running".to_owned(),
        Image::Running { running: false, .. } => "not running".to_owned(),
        Image::Unseen => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FileImage, Image, Node, describe};

    fn module(loaded: bool, node: Node) -> Image {
        let file =
            FileImage { path: "/etc/modules-load.d/f".into(), node, missing_folders: vec![] };
        Image::KernelModule { name: "fuse".into(), loaded, file }
    }

    #[test]
    fn only_what_will_be_done_is_said() {
        let link = || Node::Symlink { target: "x".into() };
        let said = describe(&module(true, link()), &module(true, Node::Absent));
        assert_eq!(said, "remove `/etc/modules-load.d/f`");
        let said = describe(&module(true, link()), &module(false, Node::Absent));
        assert_eq!(said, "unload module `fuse`, and do not load it at boot any more");
    }
}
