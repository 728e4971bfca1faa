//! What a change will lead to, as far as that can be known before it is made: for whoever finds it begun
//! and not ended.

use std::collections::BTreeMap;

use phoenix_sdk::{Change, Kind, Observed};

use super::{
    Digest, Hands, Source, Vault, capture, container, file,
    image::{FileImage, Image, Item, Node, ServiceImage},
    kernel, packages, packages_image,
};
use crate::error::Result;

/// What is there before a change, with all that is needed to take it back.
///
/// # Errors
/// When it cannot be looked at or kept: then the change must not be made.
pub fn before(
    hands: Hands<'_>,
    vault: &dyn Vault,
    change: &Change,
    line: &mut dyn FnMut(&str),
) -> Result<Image> {
    if let Kind::Packages { names, .. } = &change.kind {
        packages::prepare(&mut Source::of(hands), names, line)?;
    }
    let mut image = capture(hands, vault, &Item::of(&change.kind))?;
    if let (Kind::Packages { names, recommends }, Image::Packages(packages)) =
        (&change.kind, &mut image)
    {
        packages.planned = packages_image::planned(hands.own, names, *recommends)?;
    }
    Ok(image)
}

/// What will be there after it; nothing where only the doing shows.
///
/// # Errors
/// When the change cannot be computed.
pub fn expected(
    hands: Hands<'_>,
    vault: &dyn Vault,
    change: &Change,
    observed: Option<&Observed>,
    before: &Image,
) -> Result<Option<Image>> {
    let text = |file: &FileImage, text: &str| -> Result<FileImage> {
        let content = vault.keep(text.as_bytes())?;
        Ok(FileImage { node: regular(&file.node, content, None, None), ..file.clone() })
    };
    Ok(match (&change.kind, before) {
        (Kind::Absent { .. }, Image::File(file)) => {
            Some(Image::File(FileImage { node: Node::Absent, ..file.clone() }))
        }
        (kind @ (Kind::File { .. } | Kind::JsonKeys { .. }), Image::File(file)) => {
            let (mode, owner) = match kind {
                Kind::File { mode, owner, .. } => (*mode, *owner),
                _ => (None, None),
            };
            let node = match file::after(kind, observed)? {
                Some(content) => regular(&file.node, vault.keep(&content)?, mode, owner),
                None => with_permissions(&file.node, mode, owner),
            };
            Some(Image::File(FileImage { node, ..file.clone() }))
        }
        (Kind::Service { enabled, active, .. }, Image::Service(service)) => {
            Some(Image::Service(ServiceImage {
                enabled: enabled.unwrap_or(service.enabled),
                active: active.unwrap_or(service.active),
                ..service.clone()
            }))
        }
        (Kind::Sysctl { key, value }, Image::Sysctl { file, .. }) => Some(Image::Sysctl {
            key: key.clone(),
            value: Some(value.clone()),
            file: text(file, &kernel::sysctl_text(key, value))?,
        }),
        (Kind::KernelModule { name }, Image::KernelModule { file, .. }) => {
            let file = text(file, &kernel::module_text(name))?;
            Some(Image::KernelModule { name: name.clone(), loaded: true, file })
        }
        (Kind::AppArmorProfile { name, text: wanted }, Image::Profile { file, .. }) => {
            let file = text(file, wanted)?;
            Some(Image::Profile { name: name.clone(), file, loaded: true })
        }
        (
            kind @ (Kind::ContainerOption { .. } | Kind::ContainerOptionAbsent { .. }),
            Image::Config { .. },
        ) => match container::edited(hands.container, kind)? {
            Some((_, after)) => Some(Image::Config { content: vault.keep(after.text.as_bytes())? }),
            None => None,
        },
        (Kind::RestartService { .. } | Kind::RestartContainer, before) => Some(before.clone()),
        _ => None,
    })
}

fn regular(before: &Node, content: Digest, mode: Option<u32>, owner: Option<(u32, u32)>) -> Node {
    let (now, xattrs) = match before {
        Node::Regular { permissions, xattrs, .. } => (Some(*permissions), xattrs.clone()),
        _ => (None, BTreeMap::new()),
    };
    Node::Regular { content, permissions: file::permissions(now, mode, owner), xattrs }
}

fn with_permissions(before: &Node, mode: Option<u32>, owner: Option<(u32, u32)>) -> Node {
    let mut node = before.clone();
    if let Node::Regular { permissions, .. }
    | Node::Folder { permissions }
    | Node::Device { permissions, .. } = &mut node
    {
        *permissions = file::permissions(Some(*permissions), mode, owner);
    }
    node
}
