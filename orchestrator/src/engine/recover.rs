//! What an earlier run had begun on a target and did not end: looked at before anything else is done
//! there, by the three-way rule.

use std::collections::BTreeMap;

use super::{
    Effect, Fleet, Memory, conflict::conflict, deed::Restore, event::Body, recorder::Recorder,
};
use crate::{
    effect::{self, Hands, Image, Item, Judgement},
    error::{Error, Result},
    graph::Unit,
};

/// Settles a target, whose lock this run holds. What is in conflict is an error for its own unit, once: a
/// further run takes what is there then for granted.
pub(super) fn recover(
    fleet: &Fleet,
    memory: &dyn Memory,
    recorder: &Recorder<'_>,
    target: &str,
) -> Result<BTreeMap<Unit, Error>> {
    let mut conflicts = BTreeMap::new();
    let mut doubtful = memory.in_doubt(target, recorder.run())?;
    // A container that was being restarted may be down, or not up yet: nothing else can be looked at then.
    let restarts = |effect: &Effect| effect.before.item() == Item::Running;
    if doubtful.iter().any(restarts) {
        effect::finish_restart(fleet.hands_on_any(target)?, &mut |_| {})?;
    }
    doubtful.sort_by_key(|effect| !restarts(effect));
    for effect in doubtful {
        let hands = fleet.hands(target)?;
        if let Some(error) = settle(memory, recorder, hands, &effect)? {
            conflicts.insert(effect.unit.clone(), error);
        }
    }
    Ok(conflicts)
}

fn settle(
    memory: &dyn Memory,
    recorder: &Recorder<'_>,
    hands: Hands<'_>,
    effect: &Effect,
) -> Result<Option<Error>> {
    let item = effect.before.item();
    let now = effect::capture(hands, memory, &item)?;
    effect::clean(hands, &effect.before)?;
    let expected = effect.expected.clone().or_else(|| effect::begun(&effect.before, &now));
    let found = match &expected {
        Some(expected) => effect::judge_with(memory, &effect.before, expected, &now)?,
        None => effect::judge(&effect.before, None, &now),
    };
    let after = match (found, &now) {
        // Of packages only those count that the dead run was about to install.
        (Judgement::AsAfter, Image::Packages(_)) => expected.clone().unwrap_or_else(|| now.clone()),
        _ => now.clone(),
    };
    recorder.emit(Body::Settled {
        unit: effect.unit.clone(),
        of: effect.run.clone(),
        effect: effect.number,
        about: effect.deed.to_string(),
        found,
        after,
    })?;
    if found != Judgement::Conflict {
        return Ok(None);
    }
    let restore = Restore {
        run: effect.run.clone(),
        effects: vec![effect.number],
        from: expected.unwrap_or_else(|| effect.before.clone()),
        to: effect.before.clone(),
        in_doubt: true,
    };
    let mut error = conflict(memory, &restore, &now);
    "RECOVERY-CONFLICT".clone_into(&mut error.code);
    error.message = format!(
        "run {} was cut off while it was about to {}, and somebody has changed it since",
        effect.run, effect.deed
    );
    error.hints = vec!["Look at what is there now; run again to go on from it.".to_owned()];
    Ok(Some(error))
}
