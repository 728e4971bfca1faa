//! The three-way rule: from what was before, what was after and what is now, decide whether something can
//! be taken back. Pure.

use serde::{Deserialize, Serialize};

use super::image::{FileImage, Image, Node, ServiceImage};

/// What the rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// It is as it was before: nothing happened, or it has been taken back.
    AsBefore,
    /// It is as it was left: it happened, and can be taken back.
    AsAfter,
    /// Somebody has changed it since, and nobody but the operator may decide.
    Conflict,
}

use Judgement::{AsAfter, AsBefore, Conflict};

/// Compares. `after` is what was seen afterwards or, where nobody came to look, what had to be expected;
/// without it only what is as before can be told.
pub fn judge(before: &Image, after: Option<&Image>, now: &Image) -> Judgement {
    match (before, after, now) {
        (Image::File(before), Some(Image::File(after)), Image::File(now)) => {
            file(before, Some(after), now)
        }
        (Image::File(before), _, Image::File(now)) => file(before, None, now),
        (Image::Service(before), after, Image::Service(now)) => {
            let after = match after {
                Some(Image::Service(after)) => Some(after),
                _ => None,
            };
            service(before, after, now)
        }
        (
            Image::Sysctl { value: was, file: before, .. },
            Some(Image::Sysctl { value: wanted, file: after, .. }),
            Image::Sysctl { value, file: now, .. },
        ) => both(part(was, Some(wanted), value), file(before, Some(after), now)),
        (
            Image::KernelModule { loaded: was, file: before, .. },
            Some(Image::KernelModule { loaded: wanted, file: after, .. }),
            Image::KernelModule { loaded, file: now, .. },
        ) => both(part(was, Some(wanted), loaded), file(before, Some(after), now)),
        (
            Image::Profile { loaded: was, file: before, .. },
            Some(Image::Profile { loaded: wanted, file: after, .. }),
            Image::Profile { loaded, file: now, .. },
        ) => both(part(was, Some(wanted), loaded), file(before, Some(after), now)),
        (
            Image::Running { running: true, services },
            _,
            Image::Running { running, services: now },
        ) => {
            if *running && services.is_subset(now) {
                AsBefore
            } else {
                AsAfter
            }
        }
        (Image::Running { running: false, .. }, _, Image::Running { .. }) => AsBefore,
        // Nobody can look at what a command does: begun, it counts as done.
        (Image::Unseen, _, Image::Unseen) => AsAfter,
        (before, after, now) => part(before, after, now),
    }
}

fn part<T: PartialEq>(before: &T, after: Option<&T>, now: &T) -> Judgement {
    if now == before {
        AsBefore
    } else if after == Some(now) {
        AsAfter
    } else {
        Conflict
    }
}

/// Of a thing in two parts, each may have been changed and the other not: a crash came in between.
fn both(one: Judgement, other: Judgement) -> Judgement {
    match (one, other) {
        (Conflict, _) | (_, Conflict) => Conflict,
        (AsBefore, AsBefore) => AsBefore,
        _ => AsAfter,
    }
}

/// Folders above are not compared: others may have put something into them since.
fn file(before: &FileImage, after: Option<&FileImage>, now: &FileImage) -> Judgement {
    let judged = part(&before.node, after.map(|after| &after.node), &now.node);
    // The folders that were made for the file can outlive it, when a crash came between the two.
    let left_over =
        before.node == Node::Absent && now.missing_folders.len() < before.missing_folders.len();
    if judged == AsBefore && left_over { AsAfter } else { judged }
}

/// A service is judged by what can be set: that it failed meanwhile makes it not active, no conflict.
fn service(before: &ServiceImage, after: Option<&ServiceImage>, now: &ServiceImage) -> Judgement {
    let state = |image: &ServiceImage| (image.enabled, image.active);
    if !before.exists || !now.exists || state(now) == state(before) {
        return AsBefore;
    }
    match after {
        // Only what the change itself altered is brought back; the rest is the operator's own doing.
        Some(after) if state(after) == state(before) => AsBefore,
        _ => AsAfter,
    }
}
