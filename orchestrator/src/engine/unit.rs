//! One unit's life: check and apply until check is empty, then verify.

use std::sync::Mutex;

use phoenix_sdk::{
    Change, CheckReport, Kind, Meta, testing,
    wire::{Checked, FORM, Input, Look, MachineId, Target as WireTarget},
};
use serde_json::Value;

use super::{
    Deed, Job, Mode, Target, ask,
    doer::step,
    event::{Body, Forecast, Outcome, Planned},
    evidence::must_hold,
    foresight::Foresight,
    obstacle,
    recorder::Recorder,
    script,
    unit_host::{Phase, UnitHost},
};
use crate::{
    catalog::{Applied, Loaded, Seat},
    effect,
    error::{Error, ErrorKind, Result},
    graph::Unit,
};

/// How many rounds of check and apply a unit may need.
const ROUNDS: u32 = 3;

/// Takes a unit through its life.
pub(super) fn live(
    job: &Job<'_>,
    recorder: &Recorder<'_>,
    foresight: &Foresight,
    unit: &Unit,
) -> Result<Outcome> {
    let loaded = match job.step(unit)? {
        Loaded::Plugin(loaded) => loaded,
        Loaded::Script(loaded) => return script::live(job, recorder, unit, loaded),
    };
    let life = Life {
        job,
        recorder,
        foresight,
        unit,
        meta: &loaded.meta,
        seat: loaded.seat(),
        target: job.fleet.target(&unit.target)?,
        params: job.params(unit),
    };
    match job.mode {
        Mode::Plan { .. } => life.plan(),
        Mode::Run => life.run(),
        Mode::Verify => life.verify().map(|()| Outcome::Verified),
    }
}

struct Life<'a, 'r> {
    job: &'a Job<'a>,
    recorder: &'a Recorder<'r>,
    foresight: &'a Foresight,
    unit: &'a Unit,
    meta: &'a Meta,
    seat: Seat<'a>,
    target: Target<'a>,
    params: Value,
}

impl<'r> Life<'_, 'r> {
    fn plan(&self) -> Result<Outcome> {
        let report = self.check(1, None)?;
        Ok(match report.changes.len() {
            0 => Outcome::Unchanged,
            changes => Outcome::WouldChange { changes },
        })
    }

    fn run(&self) -> Result<Outcome> {
        let mut report = self.check(1, None)?;
        let (mut performed, mut round, mut rounds) = (0, 1, ROUNDS);
        while !report.changes.is_empty() && round <= rounds {
            // What the host would refuse half-way is known before anything is done.
            obstacle::require_none(self.target, &report.changes)?;
            self.consent(&report.changes)?;
            let (changes, applied) = self.apply(&report)?;
            performed += changes;
            round += 1;
            report = match applied {
                Applied::Whole => self.check(round, None)?,
                Applied::CutOff(error) => {
                    // It happens once: from then on the unit has a process of its own.
                    rounds += 1;
                    self.check(round, Some(cut_off(&error)))?
                }
            };
        }
        if let Some(change) = report.changes.first() {
            return Err(Error::new(
                ErrorKind::Step,
                "NOT-CONVERGED",
                format!("after {ROUNDS} rounds the step still wants to {}", change.kind),
            )
            .cause(change.why.clone())
            .hint("Find out what undoes the change, or report it to the step's author."));
        }
        // A converged unit that stands on nothing new is not verified anew: a workload would change the
        // machine each time. `phoenix-orch verify` does that on demand (docs/design/0001-foundation.md).
        let owed = performed > 0 || self.job.memory.owes(self.unit)?;
        if owed {
            self.verify()?;
            self.job.memory.settle(self.unit)?;
        }
        Ok(match (performed, owed) {
            (0, false) => Outcome::Unchanged,
            (0, true) => Outcome::Verified,
            (changes, _) => Outcome::Changed { changes },
        })
    }

    /// One check; what the operator must know of the round before goes with its warnings.
    fn check(&self, round: u32, of_before: Option<String>) -> Result<CheckReport> {
        // What its Docker said before is for checks alone: evidence, and whoever is about to change something, asks anew.
        let host = UnitHost { target: self.target, ..self.host(Phase::Look) };
        let input = Input { looks: self.foreseen(&host), ..self.input(None) };
        let (checked, kept) = self.checked(&host, &input);
        if let Ok(checked) = &checked {
            self.foresight.learn(self.unit, &input.looks, &checked.unused, host.asked());
        }
        let (report, _) = self.settled(host, checked)?.into_parts();
        kept?;
        // Refused in the plan already, not only when it is to be done.
        report.changes.iter().try_for_each(|change| self.meta.allows(change)).map_err(step)?;
        let obstacle = match self.job.mode {
            Mode::Plan { .. } => obstacle::warning(self.target, &report.changes)?,
            Mode::Run | Mode::Verify => None,
        };
        let warnings = of_before.into_iter().chain(report.warnings.iter().cloned()).chain(obstacle);
        let body = Body::Checked {
            unit: self.unit.clone(),
            round,
            changes: self.planned(&report.changes)?,
            notes: report.notes.clone(),
            warnings: warnings.collect(),
        };
        self.recorder.emit(body)?;
        Ok(report)
    }

    /// What the check will most likely ask for. A transcript is to have every request of the step, so that
    /// nothing is looked at beforehand for one.
    fn foreseen(&self, host: &UnitHost<'_, '_>) -> Vec<Look> {
        match self.job.transcripts {
            Some(_) => Vec::new(),
            None => host.foresee(&self.foresight.of(self.unit)),
        }
    }

    /// The step's own `check`, written down for whoever wants that.
    fn checked(&self, host: &UnitHost<'_, '_>, input: &Input) -> (Result<Checked>, Result<()>) {
        let Some(keep) = self.job.transcripts else {
            return (self.seat.check(host, input), Ok(()));
        };
        let recorder = testing::Recorder::new(host);
        let report = self.seat.check(&recorder, input);
        (report, keep.keep(self.unit, &recorder.into_transcript(input.clone())))
    }

    fn apply(&self, report: &CheckReport) -> Result<(usize, Applied)> {
        let hands = self.job.fleet.hands(&self.unit.target)?;
        let host = self.host(Phase::Apply(hands, &report.changes));
        let outcome = self.seat.apply(&host, &self.input(Some(report.clone())));
        let performed = *host.performed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let applied = self.settled(host, outcome)?;
        Ok((performed, applied))
    }

    fn verify(&self) -> Result<()> {
        let host = self.host(Phase::Look);
        let report = self.seat.verify(&host, &self.input(None));
        let report = self.settled(host, report)?;
        self.recorder.emit(Body::Verified {
            unit: self.unit.clone(),
            evidence: report.evidence.clone(),
            warnings: report.warnings.clone(),
        })?;
        if report.evidence.is_empty() {
            return Err(Error::new(
                ErrorKind::Verify,
                "EVIDENCE-MISSING",
                format!("step `{}` gave no evidence", self.unit.step),
            )
            .hint("Report it to the step's author: a `verify` without evidence proves nothing."));
        }
        must_hold(&report.evidence)
    }

    /// An error that came from us keeps its kind; one that the step made itself is a step's error.
    fn settled<T>(&self, host: UnitHost<'_, '_>, outcome: Result<T, Error>) -> Result<T> {
        let ours = host.failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        outcome.map_err(|error| match ours {
            Some(ours) if ours.code == error.code && ours.message == error.message => {
                Error { kind: ours.kind, ..error }
            }
            _ => error,
        })
    }

    fn host<'s>(&'s self, phase: Phase<'s>) -> UnitHost<'s, 'r> {
        UnitHost {
            job: self.job,
            unit: self.unit,
            meta: self.meta,
            target: Target { docker: None, ..self.target },
            phase,
            recorder: self.recorder,
            performed: Mutex::new(0),
            recorded: Mutex::new(0),
            failure: Mutex::new(None),
            asked: Mutex::default(),
        }
    }

    fn input(&self, report: Option<CheckReport>) -> Input {
        Input {
            form: FORM,
            target: WireTarget {
                name: self.unit.target.clone(),
                machine: match self.target.container {
                    None => MachineId::Host,
                    Some(_) => MachineId::Container,
                },
                manager: self.job.fleet.runtime().manager(),
            },
            apparmor: self.job.apparmor,
            params: self.params.clone(),
            own_params: self.job.has_own_params(self.unit),
            report,
            looks: Vec::new(),
        }
    }

    fn consent(&self, changes: &[Change]) -> Result<()> {
        let deeds: Vec<Deed> = changes.iter().cloned().map(Deed::Change).collect();
        ask::consent(&self.job.consents, self.job.ask, self.unit, deeds.iter())
    }

    /// The change in words; a restart brings about whatever else waits for one.
    fn summary(&self, change: &Change) -> Result<String> {
        let summary = change.kind.to_string();
        let (Kind::RestartContainer, Some((runtime, name))) = (&change.kind, self.target.container)
        else {
            return Ok(summary);
        };
        let pending = runtime.pending(name)?;
        Ok(match pending.is_empty() {
            true => summary,
            false => format!("{summary}, with which `{}` change too", pending.join("`, `")),
        })
    }

    fn planned(&self, changes: &[Change]) -> Result<Vec<Planned>> {
        let subjects: Vec<_> = changes
            .iter()
            .filter(|change| effect::diff::has(&change.kind))
            .map(|change| change.kind.subject())
            .collect();
        let eyes = self.target.eyes();
        let mut seen = effect::observe_all(eyes, self.target.own, &subjects)?.into_iter();
        changes
            .iter()
            .map(|change| {
                let before = match effect::diff::has(&change.kind) {
                    true => seen.next().transpose()?,
                    false => None,
                };
                Ok(Planned {
                    deed: Deed::Change(change.clone()),
                    summary: self.summary(change)?,
                    diff: effect::diff::of(eyes, change, before.as_ref())?,
                    consent: change.kind.consent(),
                    forecast: self.forecast(change)?,
                })
            })
            .collect()
    }

    /// Whoever plans wants to know what it will take; whoever does it finds out.
    fn forecast(&self, change: &Change) -> Result<Option<Forecast>> {
        Ok(match (&self.job.mode, &change.kind) {
            (Mode::Plan { .. }, Kind::Packages { names, recommends }) => {
                effect::installation(self.target.own, names, *recommends)
                    .map(Forecast::Installation)
            }
            (Mode::Plan { .. }, Kind::RestartContainer) => {
                self.job.memory.last_restart(&self.unit.target)?.map(Forecast::LastTook)
            }
            _ => None,
        })
    }
}

/// A death in company is nobody's fault yet, and must not go by unseen.
fn cut_off(error: &Error) -> String {
    let why: Vec<&str> = [error.message.as_str()]
        .into_iter()
        .chain(error.causes.iter().map(String::as_str))
        .collect();
    format!(
        "{}; several units were in that process, so this one was checked again in one of its own",
        why.join(": ")
    )
}
