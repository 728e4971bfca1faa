//! The life of a unit whose step is a script: it acts by itself, on the host, and nobody knows what it does.
//! Its check says whether it has to, and its verify whether it worked; where it has none, that is said, and
//! never taken for a yes.

mod ends;
mod words;

use std::sync::{Mutex, PoisonError, TryLockError};

use phoenix_sdk::{Change, Consent, Evidence, Kind};

use super::{
    Deed, Job, Mode, ask,
    doer::Doer,
    event::{Body, Outcome, Planned},
    evidence::must_hold,
    obstacle,
    recorder::Recorder,
};
use crate::{
    catalog::{LoadedScript, Ran, Verb},
    error::Result,
    graph::{HOST, Unit},
};
use ends::{Answer, answer, applied, not_converged};

/// The scripts were written for an orchestrator that never ran two of them at once.
static TURN: Mutex<()> = Mutex::new(());

/// Takes a unit through its life.
pub(super) fn live(
    job: &Job<'_>,
    recorder: &Recorder<'_>,
    unit: &Unit,
    script: &LoadedScript,
) -> Result<Outcome> {
    // A container that steps cannot work in is none for a script either.
    job.fleet.target(&unit.target)?;
    let life = Life { job, recorder, unit, script };
    match job.mode {
        Mode::Plan { .. } => life.plan(),
        Mode::Run => life.run(),
        Mode::Verify => life.prove(),
    }
}

struct Life<'a, 'r> {
    job: &'a Job<'a>,
    recorder: &'a Recorder<'r>,
    unit: &'a Unit,
    script: &'a LoadedScript,
}

/// What a look has given.
struct Looked {
    /// What is to be done.
    wanted: Option<Change>,
    /// What its check has left, if it has one.
    checked: Option<Ran>,
}

impl<'r> Life<'_, 'r> {
    fn plan(&self) -> Result<Outcome> {
        Ok(match self.look(1)?.wanted {
            None => Outcome::Unchanged,
            Some(_) => Outcome::WouldChange { changes: 1 },
        })
    }

    fn run(&self) -> Result<Outcome> {
        let mut looked = self.look(1)?;
        let wanted = looked.wanted.take();
        if let Some(change) = &wanted {
            let deed = Deed::Change(change.clone());
            ask::consent(&self.job.consents, self.job.ask, self.unit, std::iter::once(&deed))?;
            self.apply(change)?;
            if looked.checked.is_some() {
                // One round only: what a script does the second time is nobody's guess.
                looked = self.look(2)?;
                if looked.wanted.is_some() {
                    return Err(not_converged(&self.script.script.name));
                }
            }
        }
        let owed = wanted.is_some() || self.job.memory.owes(self.unit)?;
        let proven = owed && self.can_prove() && {
            self.verify(looked.checked.as_ref())?;
            self.job.memory.settle(self.unit)?;
            true
        };
        Ok(match (wanted, looked.checked) {
            (Some(_), None) => Outcome::Ran { proven },
            (Some(_), Some(_)) => Outcome::Changed { changes: 1 },
            (None, _) if proven => Outcome::Verified,
            (None, _) => Outcome::Unchanged,
        })
    }

    /// The verb `verify`.
    fn prove(&self) -> Result<Outcome> {
        if self.can_prove() {
            return self.verify(None).map(|()| Outcome::Verified);
        }
        self.recorder.emit(Body::Verified {
            unit: self.unit.clone(),
            evidence: Vec::new(),
            warnings: vec![words::no_evidence(&self.script.script.name)],
        })?;
        Ok(Outcome::Unproven)
    }

    fn can_prove(&self) -> bool {
        [Verb::Verify, Verb::Check].iter().any(|verb| self.script.call(*verb).is_some())
    }

    /// Whether it has to be run; without a check it always has.
    fn look(&self, round: u32) -> Result<Looked> {
        let checked = self.call(Verb::Check)?;
        let answer = match &checked {
            None => Answer::NotAsked,
            Some(ran) => answer(&self.script.script.name, ran)?,
        };
        let wanted = (answer != Answer::AsWanted).then(|| self.change(answer));
        let obstacle = match (self.job.mode, &wanted) {
            (Mode::Plan { .. }, Some(change)) => {
                let target = self.job.fleet.target(&self.unit.target)?;
                obstacle::warning(target, std::slice::from_ref(change))?
            }
            _ => None,
        };
        self.recorder.emit(Body::Checked {
            unit: self.unit.clone(),
            round,
            changes: wanted.iter().cloned().map(planned).collect(),
            notes: wanted.is_none().then(words::as_wanted).into_iter().collect(),
            warnings: obstacle.into_iter().collect(),
        })?;
        Ok(Looked { wanted, checked })
    }

    /// Running it, as a change. Its effects are opaque, so nothing can take it back.
    fn change(&self, answer: Answer) -> Change {
        let script = &self.script.script;
        let argv = script.apply.argv(&self.unit.target);
        let asked = answer == Answer::NotAsked;
        let kind = Kind::Command {
            about: words::about(&argv),
            argv,
            unless: Vec::new(),
            undo: None,
            consent: asked.then_some(Consent::Scripts),
            time_limit_s: u32::try_from(script.time_limit.as_secs()).ok(),
        };
        Change::new(kind).because(words::why(answer))
    }

    fn apply(&self, change: &Change) -> Result<()> {
        let _turn = self.turn();
        self.recorder.checkpoint()?;
        self.script.must_not_run_yet(&self.unit.target)?;
        let own = self.can_prove().then_some(self.unit);
        let owing: Vec<&Unit> =
            self.job.graph.dependants(self.unit).into_iter().chain(own).collect();
        if !owing.is_empty() {
            self.job.memory.owe(&owing, self.recorder.run())?;
        }
        let outcome = self.doer()?.by_itself(change, |line| {
            let ran = self.script.run(Verb::Apply, &self.unit.target, line)?;
            ran.map_or(Ok(()), |ran| applied(&self.script.script.name, &ran))
        });
        // It may have restarted the container: what comes next enters it anew.
        self.job.fleet.hands(&self.unit.target)?.own.reconnect();
        outcome
    }

    /// Waits until no other script acts.
    fn turn(&self) -> std::sync::MutexGuard<'static, ()> {
        match TURN.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.say("waits until another script has ended");
                TURN.lock().unwrap_or_else(PoisonError::into_inner)
            }
        }
    }

    /// Evidence from its verify or, without one, from its check, which may have been asked just now.
    fn verify(&self, checked: Option<&Ran>) -> Result<()> {
        let name = &self.script.script.name;
        let evidence: Option<Evidence> = match (self.call(Verb::Verify)?, checked) {
            (Some(ran), _) => Some(words::evidence(name, Verb::Verify, &ran)),
            (None, Some(ran)) => Some(words::evidence(name, Verb::Check, ran)),
            (None, None) => match self.call(Verb::Check)? {
                Some(ran) => {
                    // That it cannot tell is neither a yes nor a no.
                    answer(name, &ran)?;
                    Some(words::evidence(name, Verb::Check, &ran))
                }
                None => None,
            },
        };
        let evidence: Vec<Evidence> = evidence.into_iter().collect();
        self.recorder.emit(Body::Verified {
            unit: self.unit.clone(),
            evidence: evidence.clone(),
            warnings: Vec::new(),
        })?;
        must_hold(&evidence)
    }

    fn call(&self, verb: Verb) -> Result<Option<Ran>> {
        self.script.run(verb, &self.unit.target, &mut |line| self.say(line))
    }

    /// The script acts on the host, whatever its unit's target is.
    fn doer(&self) -> Result<Doer<'_, 'r>> {
        Ok(Doer {
            fleet: self.job.fleet,
            memory: self.job.memory,
            recorder: self.recorder,
            unit: self.unit,
            hands: self.job.fleet.hands(HOST)?,
        })
    }

    /// A sink that cannot show a line of output is no reason to break off a script.
    fn say(&self, line: &str) {
        let output = Body::Output { unit: self.unit.clone(), line: line.to_owned() };
        let _ = self.recorder.emit(output);
    }
}

fn planned(change: Change) -> Planned {
    Planned {
        summary: change.kind.to_string(),
        consent: change.kind.consent(),
        deed: Deed::Change(change),
        diff: None,
        forecast: None,
    }
}
