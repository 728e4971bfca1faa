//! The three-way rule where only the contents decide.

use super::{
    Judgement, Vault, image::Image, judge, packages_restore, restore::merged, vault::text,
};
use crate::error::Result;

/// The three-way rule, for whoever has the vault: the texts of configurations may have been changed in
/// other lines since, and of packages and their scripts' doings each is judged for itself.
///
/// # Errors
/// When a content is not in the vault any more.
pub fn judge_with(
    vault: &dyn Vault,
    before: &Image,
    after: &Image,
    now: &Image,
) -> Result<Judgement> {
    match (before, after, now) {
        (Image::Packages(before), Image::Packages(after), Image::Packages(now)) => {
            let pending = packages_restore::pending(vault, after, before, now)?;
            Ok(if pending.is_empty() { Judgement::AsBefore } else { Judgement::AsAfter })
        }
        (
            Image::Config { content: to },
            Image::Config { content: from },
            Image::Config { content: now },
        ) if judge(before, Some(after), &Image::Config { content: now.clone() })
            == Judgement::Conflict =>
        {
            let merges =
                merged(&text(vault, from)?, &text(vault, now)?, &text(vault, to)?).is_some();
            Ok(if merges { Judgement::AsAfter } else { Judgement::Conflict })
        }
        _ => Ok(judge(before, Some(after), now)),
    }
}
