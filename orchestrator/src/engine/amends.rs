//! What an earlier run had stopped by a change and did not live to bring back, is brought back.

use std::collections::BTreeSet;

use super::{Deed, Effect, Fleet, Memory, doer::Doer, recorder::Recorder, reverse::restart};
use crate::{
    effect::{self, Image},
    error::Result,
};

/// Takes back, on a target whose lock this run holds and where nothing is in doubt any more, what units of runs that were
/// cut off have done since they were last verified, if what ran before a restart does not run now. A run that lives does the same
/// at once.
///
/// # Errors
/// When something cannot be taken back, or does not run afterwards either.
pub(super) fn make_amends(
    fleet: &Fleet,
    memory: &dyn Memory,
    recorder: &Recorder<'_>,
    target: &str,
) -> Result<()> {
    for unit in memory.cut_off(target, recorder.run())? {
        let effects = memory.unverified(&unit, recorder.run())?;
        let Some((last, services)) = stopped(&effects) else { continue };
        let before = Image::Running { running: true, services };
        let hands = fleet.hands(target)?;
        match effect::all_back(hands, &before) {
            Ok(()) => continue,
            Err(error) if error.code == "SERVICE-NOT-BACK" => {}
            // Whether it runs is not known, so nothing is taken back for it.
            Err(error) => return Err(error),
        }
        let doer = Doer { fleet, memory, recorder, unit: &unit, hands };
        bring_back(&doer, &effects, last)?;
        effect::all_back(hands, &before)?;
    }
    Ok(())
}

fn bring_back(doer: &Doer<'_, '_>, effects: &[Effect], last: &Effect) -> Result<()> {
    doer.say(&format!("run {} was cut off before it took this back", last.run));
    // Where all is as before already, only the restart is missing.
    if doer.reverse(effects)? == 0
        && let Some(change) = restart(last)
    {
        doer.deed(&Deed::Change(change))?;
    }
    Ok(())
}

/// The last restart of the run that was cut off that failed, or of whose end nobody heard, and the services that ran before any
/// such. What earlier runs stopped they have brought back themselves.
fn stopped(effects: &[Effect]) -> Option<(&Effect, BTreeSet<String>)> {
    let run = &effects.last()?.run;
    let may_have_failed = |effect: &&Effect| {
        effect.run == *run && restart(effect).is_some() && (effect.failed || !effect.ended)
    };
    let restarts: Vec<&Effect> = effects.iter().filter(may_have_failed).collect();
    let services: BTreeSet<String> = restarts
        .iter()
        .flat_map(|effect| match &effect.before {
            Image::Service(service) if service.active => vec![service.name.clone()],
            Image::Running { services, .. } => services.iter().cloned().collect(),
            _ => Vec::new(),
        })
        .collect();
    restarts.last().filter(|_| !services.is_empty()).map(|last| (*last, services))
}
