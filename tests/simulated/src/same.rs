//! The same plan twice: with what a step will ask for looked at beforehand, and without.

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use phoenix_orch::{
    engine::{self, Body, Event, Job, Sink, Transcripts},
    error::Error,
    graph::Unit,
    journal::Journal,
};
use phoenix_sdk::testing::Transcript;

use crate::scene::{Scene, told};

/// What came of both.
#[derive(Debug)]
pub struct Plans {
    /// What the checks said where every request was asked, by unit.
    pub asked: Vec<Body>,
    /// What they said where most answers were there before.
    pub foreseen: Vec<Body>,
    /// How many requests there were where every one was asked.
    pub requests: usize,
}

/// Plans so many containers twice. Whoever wants transcripts gets every request of a step, so that nothing is looked at
/// beforehand for them.
///
/// # Errors
/// When a step cannot be loaded, or a sink fails.
pub fn plans(containers: usize, catalogue: &Path, libraries: &Path) -> Result<Plans> {
    let scene = Scene::new(containers, Duration::ZERO, catalogue, libraries)?;
    let (fleet, state_dir) = (scene.fleet(), tempfile::tempdir()?);
    let journal = Journal::open(state_dir.path()).map_err(told)?;
    let (interrupted, counter) = (AtomicBool::new(false), Counter(AtomicUsize::new(0)));
    let reports = |transcripts| {
        let heard = Mutex::new(Vec::new());
        let job = Job { transcripts, ..scene.job(&fleet, &journal, &interrupted) };
        engine::run(&job, vec![&mut Reports(&heard)]).map_err(told)?;
        let mut reports = heard.into_inner().unwrap_or_else(PoisonError::into_inner);
        reports.sort_by_key(|body| match body {
            Body::Checked { unit, .. } => Some(unit.clone()),
            _ => None,
        });
        anyhow::Ok(reports)
    };
    let (asked, foreseen) = (reports(Some(&counter as &dyn Transcripts))?, reports(None)?);
    Ok(Plans { asked, foreseen, requests: counter.0.into_inner() })
}

struct Counter(AtomicUsize);

impl Transcripts for Counter {
    fn keep(&self, _: &Unit, transcript: &Transcript) -> Result<(), Error> {
        self.0.fetch_add(transcript.exchanges.len(), Ordering::Relaxed);
        Ok(())
    }
}

struct Reports<'a>(&'a Mutex<Vec<Body>>);

impl Sink for Reports<'_> {
    fn hear(&mut self, event: &Event) -> Result<(), Error> {
        if matches!(event.body, Body::Checked { .. }) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.body.clone());
        }
        Ok(())
    }
}
