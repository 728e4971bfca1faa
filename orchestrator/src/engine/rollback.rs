//! A rollback: the effects of a run, reversed, and a fresh look make a plan; the plan is run and journaled
//! as a run of its own, so that it can be taken back too.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::AtomicBool,
    time::Instant,
};

use phoenix_sdk::Consent;

use super::{
    Ask, Deed, Effect, Environment, Fleet, Memory, Restore, Reversal, Sink, State, ask,
    claim::claim,
    conflict::conflict,
    doer::{Back, Doer},
    event::{Body, Outcome, Planned, millis},
    recorder::Recorder,
    recover::recover,
    reverse,
};
use crate::{
    effect::{self, Hands, Image, Item, Judgement},
    error::{Error, ErrorKind, Result},
    graph::{HOST, Unit},
    transport::printable,
};

/// All that a rollback needs.
pub struct Rollback<'a> {
    /// Its own name as a run.
    pub run: String,
    /// The run that is taken back.
    pub of: String,
    /// The effects of that run that are to be taken back, in their order.
    pub effects: Vec<Effect>,
    /// The targets.
    pub fleet: &'a Fleet,
    /// What is remembered across runs.
    pub memory: &'a dyn Memory,
    /// What the operator allowed.
    pub consents: BTreeSet<Consent>,
    /// Who can be asked for more.
    pub ask: Option<&'a dyn Ask>,
    /// Only the plan is made.
    pub plan_only: bool,
    /// Set by the first Ctrl-C.
    pub interrupted: &'a AtomicBool,
}

/// What is to be done for one unit, as planned by a fresh look.
struct Step {
    reversal: Reversal,
    planned: Vec<Planned>,
    outcome: Result<()>,
}

/// What a plan has already reckoned with, by target.
#[derive(Default)]
struct Reckoned {
    /// What earlier units will have brought things to by then.
    images: BTreeMap<(String, Item), Image>,
    /// The packages that earlier units will have removed.
    packages: BTreeMap<String, BTreeSet<String>>,
}

/// Takes a run back, and returns where that ended and the exit code. A conflict anywhere ends it before
/// anything is touched.
///
/// # Errors
/// Only when a sink fails; what fails in a unit is in the state.
pub fn roll_back<'a>(job: &Rollback<'a>, sinks: Vec<&'a mut dyn Sink>) -> Result<(State, u8)> {
    let begin = Instant::now();
    let recorder = Recorder::new(job.run.clone(), sinks, job.interrupted);
    let _logged = recorder.logged();
    let reversals = reverse(&job.effects);
    recorder.emit(Body::RunStarted {
        verb: if job.plan_only { "plan" } else { "rollback" }.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        features: Vec::new(),
        units: reversals.iter().map(|reversal| reversal.unit.clone()).collect(),
        waits_for: Vec::new(),
        environment: Some(Box::new(Environment::of_this_host(job.fleet.runtime()))),
        takes_back: Some(job.of.clone()),
    })?;
    job.take_back(&recorder, reversals)?;
    let exit = recorder.state().exit();
    recorder.emit(Body::RunFinished { took_ms: millis(begin.elapsed()), exit })?;
    Ok((recorder.state(), exit))
}

impl Rollback<'_> {
    fn take_back(&self, recorder: &Recorder<'_>, reversals: Vec<Reversal>) -> Result<()> {
        let mut steps = Vec::new();
        let mut reckoned = Reckoned::default();
        let mut settled = BTreeSet::new();
        let standing = self.standing(&reversals)?;
        for mut reversal in reversals {
            let unit = reversal.unit.clone();
            let _logged = recorder.logged_of(&unit);
            recorder.emit(Body::UnitStarted { unit: unit.clone() })?;
            // What another run has begun is settled first. Its conflicts show below, against what is now.
            let first = settled.insert(unit.target.clone()) && !self.plan_only;
            let ready = match first {
                true => claim(self.fleet, recorder, &unit).and_then(|()| {
                    recover(self.fleet, self.memory, recorder, &unit.target).map(drop)
                }),
                false => Ok(()),
            };
            let needed = unit.target == HOST && !standing.is_empty();
            if needed {
                reversal.deeds.clear();
                reversal.kept = true;
                reversal.impossible.push(format!("stays as it is: {standing}"));
            }
            let ready = ready.and_then(|()| match needed && self.only_host() {
                true => Err(still_needed(&standing)),
                false => Ok(()),
            });
            let step = match ready.and_then(|()| self.fleet.hands(&unit.target)) {
                Ok(hands) => self.plan(recorder, hands, reversal, &mut reckoned),
                Err(error) => Step { reversal, planned: Vec::new(), outcome: Err(error) },
            };
            recorder.emit(Body::Checked {
                unit,
                round: 1,
                changes: step.planned.clone(),
                notes: Vec::new(),
                warnings: step.reversal.impossible.clone(),
            })?;
            steps.push(step);
        }
        // The whole plan has been shown by now, and nothing stands in its way: so it can be asked for.
        if !self.plan_only && steps.iter().all(|step| step.outcome.is_ok()) {
            for Step { reversal, planned, outcome } in &mut steps {
                let deeds = planned.iter().map(|one| &one.deed);
                *outcome = ask::consent(&self.consents, self.ask, &reversal.unit, deeds);
            }
        }
        // All or nothing: half a rollback is neither the one state nor the other.
        let blocked = steps.iter().find(|step| step.outcome.is_err());
        let because = blocked.map(|step| step.reversal.unit.clone());
        let mut failed: Option<Unit> = None;
        for step in steps {
            let (begin, unit) = (Instant::now(), step.reversal.unit.clone());
            let _logged = recorder.logged_of(&unit);
            let outcome = match (&because, &failed) {
                (Some(because), _) | (None, Some(because))
                    if *because != unit && step.outcome.is_ok() =>
                {
                    recorder.emit(Body::UnitSkipped { unit, because: because.clone() })?;
                    continue;
                }
                _ => step.outcome.and_then(|()| match self.plan_only {
                    true => Ok(Outcome::WouldChange { changes: step.planned.len() }),
                    false => self.perform(recorder, &step.reversal),
                }),
            };
            let outcome = outcome.unwrap_or_else(|error| {
                failed = Some(unit.clone());
                Outcome::Failed { error: (&error).into() }
            });
            let took_ms = millis(begin.elapsed());
            recorder.emit(Body::UnitFinished { unit, outcome, took_ms })?;
        }
        Ok(())
    }

    fn only_host(&self) -> bool {
        self.effects.iter().all(|effect| effect.unit.target == HOST)
    }

    /// Which containers still stand on what was changed on the host, in words: those with effects of any run
    /// that are not taken back, now or before. Without the profile, its filter or the module they would not
    /// start again. A container that is gone needs nothing.
    fn standing(&self, reversals: &[Reversal]) -> Result<String> {
        let known = self.fleet.runtime().list()?;
        let mine = |run: &str, target: &str| {
            run == self.of && reversals.iter().any(|reversal| reversal.unit.target == target)
        };
        let in_force = self.memory.in_force()?;
        let standing: BTreeSet<String> = in_force
            .iter()
            .filter(|(run, target)| known.contains(target) && !mine(run, target))
            .map(|(run, target)| format!("container `{}` (run {run})", printable(target)))
            .collect();
        Ok(match standing.is_empty() {
            true => String::new(),
            false => {
                let names: Vec<String> = standing.into_iter().collect();
                format!("{} still needs it", names.join(", "))
            }
        })
    }

    fn doer<'s, 'r>(
        &'s self,
        recorder: &'s Recorder<'r>,
        hands: Hands<'s>,
        unit: &'s Unit,
    ) -> Doer<'s, 'r> {
        Doer { fleet: self.fleet, memory: self.memory, recorder, unit, hands }
    }

    /// A fresh look at everything that a unit's effects have touched.
    fn plan(
        &self,
        recorder: &Recorder<'_>,
        hands: Hands<'_>,
        reversal: Reversal,
        reckoned: &mut Reckoned,
    ) -> Step {
        let mut planned = Vec::new();
        let mut outcome = Ok(());
        let doer = self.doer(recorder, hands, &reversal.unit);
        for deed in &reversal.deeds {
            match self.look(&doer, deed, reckoned) {
                Ok(one) => planned.extend(one),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        // Without anything to bring back there is nothing to restart for.
        let restores = planned.iter().any(|one| !is_restart(&one.deed));
        if !restores {
            planned.clear();
        }
        Step { reversal, planned, outcome }
    }

    fn look(
        &self,
        doer: &Doer<'_, '_>,
        deed: &Deed,
        reckoned: &mut Reckoned,
    ) -> Result<Option<Planned>> {
        let Deed::Restore(restore) = deed else {
            let (summary, consent) = (deed.to_string(), deed.consent());
            return Ok(Some(Planned {
                deed: deed.clone(),
                summary,
                diff: None,
                consent,
                forecast: None,
            }));
        };
        let key = (doer.unit.target.clone(), restore.to.item());
        let now = match reckoned.images.get(&key) {
            Some(image) => image.clone(),
            None => effect::capture(doer.hands, self.memory, &key.1)?,
        };
        let from = doer.left(restore, &now);
        match doer.judge(restore, &from, &now)? {
            Judgement::AsBefore => Ok(None),
            Judgement::Conflict => Err(conflict(self.memory, restore, &now)),
            Judgement::AsAfter => {
                let going = reckoned.packages.entry(key.0.clone()).or_default();
                effect::feasible(doer.hands, &from, &restore.to, going)?;
                reckoned.images.insert(key, restore.to.clone());
                let deed =
                    Deed::Restore(Box::new(Restore { from: from.clone(), ..(**restore).clone() }));
                Ok(Some(Planned {
                    summary: deed.to_string(),
                    diff: effect::difference(self.memory, &from, &restore.to)?,
                    consent: None,
                    forecast: None,
                    deed,
                }))
            }
        }
    }

    fn perform(&self, recorder: &Recorder<'_>, reversal: &Reversal) -> Result<Outcome> {
        let unit = &reversal.unit;
        let doer = self.doer(recorder, self.fleet.hands(&unit.target)?, unit);
        let (mut changes, mut kept) = (0, reversal.kept);
        for deed in &reversal.deeds {
            recorder.checkpoint()?;
            // Restarts come last, and only for something.
            if is_restart(deed) && changes == 0 {
                continue;
            }
            match doer.deed(deed)? {
                Back::Now => changes += 1,
                Back::Kept => kept = true,
                Back::Already => {}
            }
        }
        if kept {
            // It is in force, so a later rollback can still be asked for the rest.
            return Ok(Outcome::Kept { changes });
        }
        self.memory.settle(unit)?;
        Ok(match changes {
            0 if !reversal.impossible.is_empty() => Outcome::Irrevocable,
            0 => Outcome::Unchanged,
            changes => Outcome::Changed { changes },
        })
    }
}

fn still_needed(standing: &str) -> Error {
    Error::new(
        ErrorKind::Conflict,
        "HOST-STILL-NEEDED",
        "what was changed on the host cannot be taken back yet",
    )
    .cause(standing)
    .hint("Take those runs back first; nothing was touched.")
}

fn is_restart(deed: &Deed) -> bool {
    use phoenix_sdk::Kind;
    matches!(
        deed,
        Deed::Change(change)
            if matches!(change.kind, Kind::RestartService { .. } | Kind::RestartContainer)
    )
}
