//! What the terminal and the page say in the same words.

use crate::{
    effect::{Image, Judgement},
    engine::state::Counts,
};

/// To how many units what happened, those that did not fail; only what there was.
pub(super) fn ends(counts: &Counts) -> impl Iterator<Item = String> {
    [
        (counts.changed, "changed"),
        (counts.unchanged, "unchanged"),
        (counts.verified, "verified"),
        (counts.ran, "ran without a check"),
        (counts.unproven, "without evidence"),
        (counts.irrevocable, "cannot be taken back"),
        (counts.kept, "kept"),
        (counts.skipped, "skipped"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
}

/// What was found of something that an earlier run had begun.
pub(super) fn found(found: Judgement, after: &Image) -> &'static str {
    match (found, after) {
        (_, Image::Unseen) => "may have been done, in whole or in part; nobody can tell",
        (Judgement::AsBefore, _) => "had not been done yet",
        (Judgement::AsAfter, _) => "had been done, in whole or in part",
        (Judgement::Conflict, _) => "was changed by somebody since",
    }
}
