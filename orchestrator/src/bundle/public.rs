//! Which files everybody may read, as far as a run has seen them.

use std::collections::BTreeMap;

use phoenix_sdk::{Kind, Permissions};

use crate::{
    effect::{FileImage, Image, Node},
    engine::{Body, Deed, Event},
    secret,
};

/// That all users of a machine may read a file.
const READ_BY_ALL: u32 = 0o004;

/// What a run has seen of the rights of files, by target and path.
#[derive(Debug, Default)]
pub(super) struct Public(BTreeMap<(String, String), bool>);

impl Public {
    /// Of all events of a run.
    pub(super) fn of(events: &[Event]) -> Self {
        let mut seen = Self::default();
        for event in events {
            match &event.body {
                Body::Intended { unit, deed, before, expected, .. } => {
                    let restored = match &**deed {
                        Deed::Restore(restore) => vec![&restore.from, &restore.to],
                        Deed::Change(_) => Vec::new(),
                    };
                    let images = [&**before].into_iter().chain(expected.as_deref()).chain(restored);
                    images.for_each(|image| seen.image(&unit.target, image));
                }
                Body::Done { unit, after, .. }
                | Body::Settled { unit, after, .. }
                | Body::EffectFailed { unit, after: Some(after), .. } => {
                    seen.image(&unit.target, after);
                }
                _ => {}
            }
        }
        seen
    }

    fn image(&mut self, target: &str, image: &Image) {
        if let Some(file) = file(image)
            && let Node::Regular { permissions: Permissions { mode, .. }, .. } = &file.node
        {
            let by_all = mode & READ_BY_ALL != 0;
            let known = self.0.entry((target.to_owned(), file.path.clone())).or_insert(true);
            // Once private, its contents stay private.
            *known &= by_all;
        }
    }

    /// Whether the lines of a file may be told. Of one whose rights nobody has seen they may not.
    pub(super) fn may_tell(&self, target: &str, path: &str, wanted: Option<u32>) -> bool {
        let seen = self.0.get(&(target.to_owned(), path.to_owned())).copied();
        let wanted = wanted.map(|mode| mode & READ_BY_ALL != 0);
        !secret::is_private(path) && seen.or(wanted) == Some(true) && wanted != Some(false)
    }

    /// Whether what a deed does to a text may be told: the path if not.
    pub(super) fn untold(&self, target: &str, deed: &Deed) -> Option<String> {
        let (path, wanted) = match deed {
            Deed::Change(change) => match &change.kind {
                Kind::File { path, mode, .. } => (path, *mode),
                Kind::Absent { path } | Kind::JsonKeys { path, .. } => (path, None),
                // The configuration of containers and profiles are what this is all about.
                _ => return None,
            },
            Deed::Restore(restore) => match (file(&restore.from), file(&restore.to)) {
                (Some(from), Some(to)) => {
                    let modes = [from, to].map(mode).into_iter().flatten();
                    (&to.path, modes.reduce(|one, other| one & other))
                }
                _ => return None,
            },
        };
        (!self.may_tell(target, path, wanted)).then(|| path.clone())
    }
}

fn mode(file: &FileImage) -> Option<u32> {
    match &file.node {
        Node::Regular { permissions, .. } => Some(permissions.mode),
        _ => None,
    }
}

/// The file that an image is of, if it is of one. Profiles, settings and modules have files that phoenix-orch makes for
/// everybody to read.
fn file(image: &Image) -> Option<&FileImage> {
    match image {
        Image::File(file) => Some(file),
        _ => None,
    }
}
