//! `rollback`: take back what a run has changed.

use std::{collections::BTreeSet, io::Write as _, sync::Arc, time::Duration};

use phoenix_sdk::Consent;

use super::{
    args::{Global, Output, Rollback as Verb},
    ask::Terminal,
    filtered,
    setting::{manifest, must_be_root, package_cache, warn_of_direct_fetches},
    signals,
};
use crate::{
    config::{Manifest, Restart},
    engine::{self, Ask, Claims, Effect, Fleet, Rollback, Sink},
    error::{Error, ErrorKind, Result},
    graph::HOST,
    journal::{Journal, JournalSink},
    lock::Locks,
    report::{self, Human, JsonLines, Progress},
    runtime,
    transport::printable,
};

/// Shows the plan, and carries it out unless only the plan was asked for.
pub(super) fn run(global: &Global, verb: &Verb) -> Result<u8> {
    must_be_root()?;
    filtered::warn();
    let journal = Journal::open(&global.state_dir)?;
    let of = journal.run(&verb.run)?.run;
    let effects = effects(&journal, &of, &verb.target)?;
    // A run can be taken back when its plugins and even its catalogue are gone.
    let manifest: Option<Manifest> = manifest(global).ok();
    let name = manifest.as_ref().and_then(|manifest| manifest.targets.runtime.clone());
    let runtime = runtime::named(name.as_deref())?;
    let containers: Vec<String> =
        targets_of(&effects).into_iter().filter(|target| target != HOST).collect();
    let mut consents: BTreeSet<Consent> =
        verb.allow.iter().map(|allow| Consent::from(*allow)).collect();
    let cache = manifest.as_ref().and_then(package_cache);
    if manifest.is_some_and(|manifest| manifest.policy.restart == Restart::Allow) {
        consents.insert(Consent::Restart);
    }
    let run = engine::run_name();
    let mut fleet = Fleet::new(Arc::clone(&runtime), &containers).fetching_through(cache.clone());
    if !verb.plan {
        let locks = Locks::new(&global.state_dir, &run);
        let wait = Duration::from_secs(verb.patience.wait.into());
        fleet = fleet.claimed(Claims::new(locks, wait));
    }
    let asked = signals::listen()?;
    let terminal = Terminal::new(verb.show.output, &asked.interrupted);
    let job = Rollback {
        run,
        of,
        effects,
        fleet: &fleet,
        memory: &journal,
        consents,
        ask: terminal.as_ref().map(|terminal| terminal as &dyn Ask),
        plan_only: verb.plan,
        interrupted: &asked.interrupted,
    };
    let view = verb.show.view(global);
    let mut human = Human::new(anstream::stdout(), view);
    let mut progress = Progress::new(view);
    let mut json = JsonLines::new(std::io::stdout());
    let mut record = JournalSink(&journal);
    let mut sinks: Vec<&mut dyn Sink> = match (verb.show.output, verb.plan) {
        (Output::Json, _) => vec![&mut json],
        (Output::Human, true) => vec![&mut progress],
        (Output::Human, false) => vec![&mut human, &mut progress],
    };
    if !verb.plan {
        sinks.insert(0, &mut record);
    }
    let result = engine::roll_back(&job, sinks);
    asked.yield_to_the_end();
    warn_of_direct_fetches(cache.as_deref());
    let (state, exit) = result?;
    if verb.plan && verb.show.output == Output::Human {
        // Only a reader who stopped reading makes this fail, and all is said and done by now.
        let _ = anstream::stdout().write_all(report::plan(&state, view).as_bytes());
    }
    Ok(exit)
}

/// The targets that these effects are on, each once.
fn targets_of(effects: &[Effect]) -> BTreeSet<String> {
    effects.iter().map(|effect| effect.unit.target.clone()).collect()
}

fn effects(journal: &Journal, run: &str, targets: &[String]) -> Result<Vec<Effect>> {
    let mut effects = journal.effects(run)?;
    let known = targets_of(&effects);
    effects.retain(|effect| targets.is_empty() || targets.contains(&effect.unit.target));
    if effects.is_empty() {
        let error = Error::new(
            ErrorKind::Usage,
            "ROLLBACK-NOTHING",
            format!(
                "run {run} has changed nothing{}",
                if targets.is_empty() { "" } else { " there" }
            ),
        )
        .hint("`phoenix-orch runs show` shows what a run did, and on which targets.");
        return Err(match known.is_empty() {
            true => error,
            false => {
                let known: Vec<String> = known.iter().map(|name| printable(name)).collect();
                error.cause(format!("it has changed: {}", known.join(", ")))
            }
        });
    }
    Ok(effects)
}
