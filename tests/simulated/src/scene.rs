//! What a run over simulated containers needs, as the command line puts it together.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use anyhow::Result;
use phoenix_orch::{
    catalog::{self, Acquaintances, Loaded},
    config::{self, Manifest},
    engine::{self, Fleet, Job, Memory, Mode, OnFailure},
    graph::{Graph, StepNode},
    runtime::Runtime as _,
};

use crate::{converged, machine::Machine, runtime::Simulated};

/// Steps, containers, and the units that they make.
pub(crate) struct Scene {
    manifest: Manifest,
    steps: BTreeMap<String, Loaded>,
    graph: Graph,
    runtime: Arc<Simulated>,
    containers: Vec<String>,
}

impl Scene {
    /// With the feature `docker` of this catalogue and the steps in this folder.
    ///
    /// # Errors
    /// When a step cannot be loaded.
    pub(crate) fn new(
        containers: usize,
        latency: Duration,
        catalogue: &Path,
        libraries: &Path,
    ) -> Result<Self> {
        let manifest = config::load(catalogue).map_err(told)?;
        let names = manifest.select(&["docker".to_owned()]).map_err(told)?;
        let steps = catalog::load_all(&manifest, &names, libraries, &Acquaintances::none());
        let steps = steps.map_err(told)?;
        let runtime = Arc::new(Simulated::new(containers, converged::container(), latency));
        let containers = runtime.list().map_err(told)?;
        let graph = Graph::build(&nodes(&manifest, &steps), &containers).map_err(told)?;
        Ok(Self { manifest, steps, graph, runtime, containers })
    }

    /// The targets.
    pub(crate) fn fleet(&self) -> Fleet {
        let host = Machine::new(Arc::new(converged::host()), Duration::ZERO);
        let runtime = Arc::clone(&self.runtime);
        Fleet::of(Box::new(host), runtime, &self.containers)
    }

    /// A plan of it all.
    pub(crate) fn job<'a>(
        &'a self,
        fleet: &'a Fleet,
        memory: &'a dyn Memory,
        interrupted: &'a AtomicBool,
    ) -> Job<'a> {
        Job {
            run: engine::run_name(),
            mode: Mode::Plan { check: true },
            features: vec!["docker".to_owned()],
            manifest: &self.manifest,
            steps: &self.steps,
            graph: &self.graph,
            fleet,
            apparmor: self.manifest.policy.apparmor,
            consents: BTreeSet::new(),
            ask: None,
            transcripts: None,
            jobs: 8,
            memory,
            on_failure: OnFailure::Stop,
            interrupted,
        }
    }
}

fn nodes(manifest: &Manifest, steps: &BTreeMap<String, Loaded>) -> Vec<StepNode> {
    let before = |name: &str| {
        let after = manifest.after(name).filter(|step| steps.contains_key(*step));
        manifest.requires(name).chain(after).cloned().collect()
    };
    let node = |(name, step): (&String, &Loaded)| StepNode {
        name: name.clone(),
        scope: step.scope(),
        requires: before(name),
        note: step.note(),
    };
    steps.iter().map(node).collect()
}

/// An error with its causes, which the orchestrator shows in a way of its own.
pub(crate) fn told(error: phoenix_orch::error::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:?}")
}
