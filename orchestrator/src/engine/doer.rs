//! Does one thing at a time for one unit: looks, says that it is intended, acts, looks again. Whatever is
//! done to a machine goes through here, whether a step wants it or it is taken back.

use phoenix_sdk::{Change, Kind, Observed, StepError, Verdict};

use super::{
    Deed, Effect, Fleet, Memory, Restore,
    claim::Patient,
    conflict::{conflict, still_used},
    event::Body,
    recorder::Recorder,
    reverse::reverse,
};
use crate::{
    effect::{self, Hands, Image, Item, Judgement},
    error::{Error, ErrorKind, Result},
    graph::Unit,
};

/// The hands of one unit, and who hears of what they do.
#[derive(Clone, Copy)]
pub(super) struct Doer<'a, 'r> {
    pub(super) fleet: &'a Fleet,
    pub(super) memory: &'a dyn Memory,
    pub(super) recorder: &'a Recorder<'r>,
    pub(super) unit: &'a Unit,
    pub(super) hands: Hands<'a>,
}

/// How taking one thing back ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    /// It was as before already.
    Already,
    /// It is as before now.
    Now,
    /// It stays as it is, because something still uses it.
    Kept,
}

impl Doer<'_, '_> {
    /// Performs a change if it is needed, and says whether it was. `owing` are the units that will owe
    /// their verification for it. If a service that ran does not run afterwards, what this unit has done
    /// since it was last verified, by this run or one that was cut off, is taken back before the error
    /// returns.
    pub(super) fn change(&self, change: &Change, owing: &[&Unit]) -> Result<bool> {
        let observed = self.observe(change)?;
        // What an earlier change of the same round has brought about already is not done twice.
        if let Some(observed) = &observed
            && let Verdict::Fine(_) = change.compare(observed).map_err(step)?
        {
            return Ok(false);
        }
        self.undisturbed()?;
        if !owing.is_empty() {
            self.memory.owe(owing, self.recorder.run())?;
        }
        let before = effect::before(self.hands, self.memory, change, &mut |line| self.say(line))?;
        let outcome = self.act(change, observed.as_ref(), &before);
        match outcome {
            Ok(()) => Ok(true),
            Err(error) if self.stopped_something(change, &before) => {
                let mut effects = self.memory.unverified(self.unit, self.recorder.run())?;
                effects.extend(self.recorder.effects_of(self.unit));
                Err(self.undone(error, &effects))
            }
            Err(error) => Err(error),
        }
    }

    /// A task of the host itself comes first.
    fn undisturbed(&self) -> Result<()> {
        let waiting = Patient { recorder: self.recorder, unit: self.unit };
        self.fleet.undisturbed(&self.unit.target, &waiting)
    }

    /// Makes a restart again, without asking whether it is needed.
    fn restart(&self, change: &Change) -> Result<()> {
        if let Kind::RestartService { .. } = change.kind {
            let image = effect::capture(self.hands, self.memory, &Item::of(&change.kind))?;
            // It went with its package.
            if matches!(&image, Image::Service(service) if !service.exists) {
                return Ok(());
            }
        }
        let before = effect::before(self.hands, self.memory, change, &mut |line| self.say(line))?;
        self.act(change, None, &before)
    }

    fn act(&self, change: &Change, observed: Option<&Observed>, before: &Image) -> Result<()> {
        let expected = effect::expected(self.hands, self.memory, change, observed, before)?;
        self.intended(change, before, expected, |line| {
            effect::perform(self.hands, change, observed, line)
                .and_then(|()| effect::all_back(self.hands, before))
        })
    }

    /// Lets something act of which nobody can tell what it does, as one effect.
    pub(super) fn by_itself(
        &self,
        change: &Change,
        act: impl FnOnce(&mut dyn FnMut(&str)) -> Result<()>,
    ) -> Result<()> {
        self.undisturbed()?;
        self.intended(change, &Image::Unseen, None, act)
    }

    /// Says what is intended, does it, and says how it ended.
    fn intended(
        &self,
        change: &Change,
        before: &Image,
        expected: Option<Image>,
        act: impl FnOnce(&mut dyn FnMut(&str)) -> Result<()>,
    ) -> Result<()> {
        let deed = Deed::Change(change.clone());
        let number = self.recorder.intend(self.unit, deed, before, expected)?;
        let outcome = act(&mut |line| self.say(line));
        self.ended(number, &Item::of(&change.kind), outcome.map(|()| Vec::new()))
    }

    /// Brings something back, if it still is as it was left.
    ///
    /// # Errors
    /// `ROLLBACK-CONFLICT` when it is not: nothing was touched then.
    fn restore(&self, restore: &Restore) -> Result<Back> {
        let item = restore.to.item();
        let now = effect::capture(self.hands, self.memory, &item)?;
        let from = self.left(restore, &now);
        match self.judge(restore, &from, &now)? {
            Judgement::AsBefore => return Ok(Back::Already),
            Judgement::Conflict => return Err(conflict(self.memory, restore, &now)),
            Judgement::AsAfter => {}
        }
        let deed = Deed::Restore(Box::new(Restore { from: from.clone(), ..restore.clone() }));
        let number = self.recorder.intend(self.unit, deed, &now, Some(restore.to.clone()))?;
        // What is in a container is its own; what is on the host serves them all.
        let users = match self.hands.container {
            None => still_used(self.fleet, &restore.to)?,
            Some(_) => None,
        };
        let back = if users.is_some() { Back::Kept } else { Back::Now };
        let outcome = match users {
            Some(users) => Ok(vec![users]),
            None => {
                // Files are replaced only as they were seen just now; packages and texts are merged.
                let from = match now {
                    Image::Packages(_) | Image::Config { .. } => &from,
                    _ => &now,
                };
                effect::restore(self.hands, self.memory, from, &restore.to, &mut |line| {
                    self.say(line);
                })
            }
        };
        self.ended(number, &item, outcome).map(|()| back)
    }

    /// What a restoration starts from: what was left or, where nobody came to look, what can be told from
    /// the present.
    pub(super) fn left(&self, restore: &Restore, now: &Image) -> Image {
        let begun = if restore.in_doubt { effect::begun(&restore.to, now) } else { None };
        begun.unwrap_or_else(|| restore.from.clone())
    }

    /// The three-way rule on what is to be brought back.
    pub(super) fn judge(&self, restore: &Restore, from: &Image, now: &Image) -> Result<Judgement> {
        effect::judge_with(self.memory, &restore.to, from, now)
    }

    /// Does what takes something back. An interruption does not end it: half taken back is worse.
    pub(super) fn deed(&self, deed: &Deed) -> Result<Back> {
        self.undisturbed()?;
        match deed {
            Deed::Restore(restore) => self.restore(restore),
            Deed::Change(change) => match change.kind {
                Kind::RestartService { .. } | Kind::RestartContainer => {
                    self.restart(change).map(|()| Back::Now)
                }
                _ => {
                    let before = effect::before(self.hands, self.memory, change, &mut |line| {
                        self.say(line)
                    })?;
                    self.act(change, None, &before).map(|()| Back::Now)
                }
            },
        }
    }

    /// Takes back what this unit has done in this run, newest first.
    pub(super) fn take_back(&self) -> Result<usize> {
        self.reverse(&self.recorder.effects_of(self.unit))
    }

    /// Takes these back, newest first, and says how much of it was not as before already.
    pub(super) fn reverse(&self, effects: &[Effect]) -> Result<usize> {
        let mut done = 0;
        for reversal in reverse(effects) {
            for line in &reversal.impossible {
                self.say(line);
            }
            for deed in &reversal.deeds {
                done += usize::from(self.deed(deed)? == Back::Now);
            }
        }
        Ok(done)
    }

    /// Takes back, and adds to an error how that went.
    pub(super) fn undone(&self, error: Error, effects: &[Effect]) -> Error {
        match self.reverse(effects) {
            Ok(0) => error,
            Ok(_) => error.cause("what this step had changed was taken back at once"),
            Err(failed) => {
                let error = error.cause(format!("it could not be taken back: {failed}"));
                error.hint(format!(
                    "Bring it back with `phoenix-orch rollback {} --target {}`, or by hand.",
                    self.recorder.run(),
                    self.unit.target
                ))
            }
        }
    }

    /// Whether a failed change may have stopped what ran before.
    fn stopped_something(&self, change: &Change, before: &Image) -> bool {
        match (&change.kind, before) {
            (Kind::RestartService { .. }, Image::Service(service)) => service.active,
            (Kind::RestartContainer, Image::Running { running, .. }) => *running,
            _ => false,
        }
    }

    fn ended(&self, effect: u64, item: &Item, outcome: Result<Vec<String>>) -> Result<()> {
        let after = effect::capture(self.hands, self.memory, item);
        let unit = self.unit.clone();
        match outcome {
            Ok(left) => self.recorder.emit(Body::Done { unit, effect, after: after?, left }),
            Err(error) => {
                let after = after.ok();
                let failed = Body::EffectFailed { unit, effect, error: (&error).into(), after };
                self.recorder.emit(failed)?;
                Err(error)
            }
        }
    }

    fn observe(&self, change: &Change) -> Result<Option<Observed>> {
        // Restarts are not judged by how they look: their reason lies elsewhere.
        if matches!(change.kind, Kind::RestartContainer) {
            return Ok(None);
        }
        let subject = [change.kind.subject()];
        let target = self.fleet.target(&self.unit.target)?;
        let seen = effect::observe_all(target.eyes(), target.own, &subject)?;
        seen.into_iter().next().transpose()
    }

    /// A sink that cannot show a line of output is no reason to break off an installation.
    pub(super) fn say(&self, line: &str) {
        let _ = self.recorder.emit(Body::Output { unit: self.unit.clone(), line: line.to_owned() });
    }
}

pub(super) fn step(error: StepError) -> Error {
    Error::from_step(ErrorKind::Step, error)
}
