//! Events in the log, for whoever reads that instead of the journal: the same facts in a line each. Which run, target and
//! step it is about is known from the spans.

use tracing::{Span, debug, info, info_span, warn};

use super::event::{Body, Outcome};
use crate::{graph::Unit, transport::printable};

/// All that happens in a run.
pub(super) fn run(name: &str) -> Span {
    info_span!("run", run = name)
}

/// All that happens in a unit of that run, whichever thread it is in.
pub(super) fn unit(run: &Span, unit: &Unit) -> Span {
    let (target, step) = (printable(&unit.target), printable(&unit.step));
    info_span!(parent: run, "unit", %target, %step)
}

/// Logs one event. Nothing of it is computed where nobody listens.
pub(super) fn event(body: &Body) {
    match body {
        Body::RunStarted { verb, version, features, units, takes_back, .. } => {
            let takes_back = takes_back.as_deref();
            let of = || features.join(",");
            info!(
                verb,
                version,
                features = of(),
                units = units.len(),
                takes_back,
                "the run begins"
            );
        }
        Body::UnitStarted { .. } => debug!("the unit begins"),
        Body::Checked { round, changes, warnings, .. } => {
            debug!(round, changes = changes.len(), warnings = warnings.len(), "checked");
        }
        Body::Intended { effect, deed, .. } => {
            info!(effect, deed = %printable(&deed.to_string()), "changing")
        }
        // What commands print is in the events, and of no use line by line here.
        Body::Output { .. } => {}
        Body::Done { effect, .. } => debug!(effect, "changed"),
        Body::EffectFailed { effect, error, .. } => {
            warn!(effect, code = error.error.code, error = %printable(&error.error.message), "the change failed");
        }
        Body::Settled { of, effect, about, found, .. } => {
            info!(of, effect, about = %printable(about), ?found, "settled what a run that was cut off had begun");
        }
        Body::Recorded { name, content, .. } => {
            debug!(name = %printable(name), sha256 = content.as_str(), "kept a document");
        }
        Body::Verified { evidence, .. } => {
            let holds = evidence.iter().filter(|evidence| evidence.holds).count();
            debug!(evidence = evidence.len(), holds, "verified");
        }
        Body::UnitFinished { outcome, took_ms, .. } => match outcome {
            Outcome::Unchanged | Outcome::Verified => debug!(?outcome, took_ms, "the unit ended"),
            Outcome::Failed { error } => {
                let code = error.error.code.as_str();
                warn!(code, error = %printable(&error.error.message), took_ms, "the unit failed");
            }
            outcome => info!(?outcome, took_ms, "the unit ended"),
        },
        Body::UnitSkipped { unit, because } => {
            let unit = format!("{}: {}", unit.target, unit.step);
            let because = format!("{}: {}", because.target, because.step);
            warn!(unit = %printable(&unit), because = %printable(&because), "the unit is skipped");
        }
        Body::RunFinished { took_ms, exit } => info!(took_ms, exit, "the run ended"),
        Body::Leftovers { target, ended } => {
            warn!(target = %printable(target), ended = ended.len(), "ended what a killed run had left");
        }
    }
}
