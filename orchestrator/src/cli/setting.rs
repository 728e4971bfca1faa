//! What every verb begins with: the catalogue, the selected steps loaded, the containers, the graph.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::PathBuf,
    sync::Arc,
};

use super::{
    args::{Global, Selection},
    chosen, filtered,
};
use phoenix_sdk::Scope;

use crate::{
    cache::{self, Cache},
    catalog::{self, Acquaintances, Loaded},
    config::{self, Manifest},
    error::{Error, ErrorKind, Result},
    graph::{Graph, HOST, StepNode},
    report,
    runtime::{self, Runtime},
};

/// The catalogue that the command line or its surroundings name.
pub(super) fn manifest(global: &Global) -> Result<Manifest> {
    config::load(&catalogue(global)?)
}

/// Where that is.
pub(super) fn catalogue(global: &Global) -> Result<PathBuf> {
    let cwd = env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    config::locate(global.config.as_deref(), env::var_os(config::ENV).as_deref(), &cwd)
}

/// The folder of this program: libraries are looked for there too.
pub(super) fn exe_dir() -> PathBuf {
    let exe = env::current_exe().ok();
    exe.and_then(|exe| Some(exe.parent()?.to_owned())).unwrap_or_default()
}

/// These steps, loaded, with every requirement met.
pub(super) fn steps(
    global: &Global,
    manifest: &Manifest,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, Loaded>> {
    let acquaintances = Acquaintances::kept_in(&global.state_dir);
    let steps = catalog::load_all(manifest, names, &exe_dir(), &acquaintances)?;
    config::check_versions(manifest, &catalog::versions(&steps)?)?;
    Ok(steps)
}

/// The loaded steps as nodes of the graph.
pub(super) fn nodes(manifest: &Manifest, steps: &BTreeMap<String, Loaded>) -> Vec<StepNode> {
    steps
        .iter()
        .map(|(name, step)| StepNode {
            name: name.clone(),
            scope: step.scope(),
            requires: before(manifest, name, |step| steps.contains_key(step)),
            note: step.note(),
        })
        .collect()
}

/// What comes before a step: all that it requires, and what else of the run it comes `after`.
fn before(manifest: &Manifest, step: &str, in_run: impl Fn(&str) -> bool) -> Vec<String> {
    let after = manifest.after(step).filter(|step| in_run(step));
    manifest.requires(step).chain(after).cloned().collect()
}

/// Whoever looks into machines must be root.
pub(super) fn must_be_root() -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Usage, "NOT-ROOT", "phoenix-orch must run as root")
        .hint("Run it with `sudo`, or from a root shell."))
}

/// The package cache that the catalogue asks for, if it does. Nothing is made for it yet.
pub(super) fn package_cache(manifest: &Manifest) -> Option<Arc<Cache>> {
    let upstreams = manifest.policy.package_cache.clone()?;
    let folder =
        env::var_os(cache::ENV).map_or_else(|| PathBuf::from(cache::FOLDER), PathBuf::from);
    Some(Arc::new(Cache::new(upstreams, folder)))
}

/// Tells of the containers for which the package cache was of no use.
pub(super) fn warn_of_direct_fetches(cache: Option<&Cache>) {
    for (container, why) in cache.map(Cache::given_up).unwrap_or_default() {
        report::warning(&format!(
            "packages for `{container}` did not come through the package cache: {why}"
        ));
    }
}

/// All that a verb which works on machines needs.
pub(super) struct Setting {
    pub(super) manifest: Manifest,
    pub(super) steps: BTreeMap<String, Loaded>,
    pub(super) graph: Graph,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) containers: Vec<String>,
}

impl Setting {
    /// Reads, loads and selects; nothing on any machine is touched.
    pub(super) fn new(global: &Global, selection: &Selection) -> Result<Self> {
        let mut manifest = manifest(global)?;
        let asked = manifest.select(&selection.features)?;
        let chosen = match chosen::inventory(selection)? {
            Some(inventory) => {
                must_be_root()?;
                let runtime = runtime::named(manifest.targets.runtime.as_deref())?;
                Some(chosen::by(&inventory, &mut manifest, &*runtime, selection)?)
            }
            None => None,
        };
        let of_containers = |chosen: &chosen::Chosen| chosen.values().flatten().cloned().collect();
        let names = chosen.as_ref().map_or(asked, of_containers);
        Self::load(global, manifest, &names, chosen, |manifest, runtime| {
            containers(manifest, runtime, selection)
        })
    }

    /// The same with features for each target, of which the host may be one; a feature that the catalogue does not have any more is
    /// told, and left out.
    pub(super) fn of_features(
        global: &Global,
        wanted: impl FnOnce(&dyn Runtime) -> Result<BTreeMap<String, Vec<String>>>,
    ) -> Result<Self> {
        let manifest = manifest(global)?;
        let runtime = runtime::named(manifest.targets.runtime.as_deref())?;
        let (mut chosen, mut asked) = (chosen::Chosen::new(), BTreeSet::new());
        let mut gone = BTreeSet::new();
        for (target, features) in wanted(&*runtime)? {
            let (known, unknown): (Vec<_>, Vec<_>) =
                features.into_iter().partition(|name| manifest.features.contains_key(name));
            gone.extend(unknown);
            let steps = manifest.select(&known)?;
            asked.extend(steps.iter().cloned());
            if target != HOST {
                chosen.insert(target, steps);
            }
        }
        for feature in gone {
            report::warning(&format!(
                "runs have brought the feature `{feature}`, which plugins.toml does not have any more"
            ));
        }
        Self::load(global, manifest, &asked, Some(chosen), |_, _| Ok(Vec::new()))
    }

    fn load(
        global: &Global,
        manifest: Manifest,
        names: &BTreeSet<String>,
        chosen: Option<chosen::Chosen>,
        named: impl FnOnce(&Manifest, &dyn Runtime) -> Result<Vec<String>>,
    ) -> Result<Self> {
        let steps = steps(global, &manifest, names)?;
        must_be_root()?;
        filtered::warn();
        // Their processes start while the rest is looked at.
        steps.values().for_each(Loaded::warm_up);
        let runtime = runtime::named(manifest.targets.runtime.as_deref())?;
        let nodes = nodes(&manifest, &steps);
        let containers = if nodes.iter().all(|node| node.scope == Scope::Host) {
            Vec::new()
        } else if let Some(chosen) = &chosen {
            chosen.keys().cloned().collect()
        } else {
            named(&manifest, &*runtime)?
        };
        warn_of_unknown_overrides(&manifest, &*runtime)?;
        let wanted = |step: &str, container: &str| match &chosen {
            Some(chosen) => chosen.get(container).is_some_and(|steps| steps.contains(step)),
            None => true,
        };
        let graph = Graph::build_where(&nodes, &containers, &wanted)?;
        Ok(Self { manifest, steps, graph, runtime, containers })
    }
}

/// An override for a container that is not there does nothing: most likely its name is misspelt.
fn warn_of_unknown_overrides(manifest: &Manifest, runtime: &dyn Runtime) -> Result<()> {
    let mut known: Option<Vec<String>> = None;
    for plugin in manifest.plugins.values() {
        for target in plugin.overrides.keys().filter(|target| *target != HOST) {
            let known = match &mut known {
                Some(known) => known,
                None => known.insert(runtime.list()?),
            };
            if !known.contains(target) {
                report::warning(&format!(
                    "`{}` has parameters for container `{target}`, which is not on this host",
                    plugin.name
                ));
            }
        }
    }
    Ok(())
}

/// All containers of this host but templates, which never run.
pub(super) fn all(runtime: &dyn Runtime) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for name in runtime.list()? {
        if !runtime::is_template(runtime, &runtime.config(&name)?) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Which containers are meant. A name that the runtime does not know ends everything before it begins.
fn containers(
    manifest: &Manifest,
    runtime: &dyn Runtime,
    selection: &Selection,
) -> Result<Vec<String>> {
    let listed = manifest.targets.containers.as_ref();
    let mut names = match listed {
        _ if !selection.target.is_empty() => selection.target.clone(),
        Some(listed) => listed.clone(),
        None if selection.all => all(runtime)?,
        None => {
            let known = runtime.list()?;
            return Err(Error::new(
                ErrorKind::Usage,
                "TARGETS-MISSING",
                "neither the command line nor plugins.toml says which containers are meant",
            )
            .cause(format!("containers of this host: {}", known.join(", ")))
            .hint(
                "Use `--target NAME` or `--all`, or list them under `[targets]` in plugins.toml.",
            ));
        }
    };
    names.sort();
    names.dedup();
    // The host is in every run; whoever names it means it alone, or along with those containers.
    if !selection.target.is_empty() {
        names.retain(|name| name != HOST);
    }
    for name in &names {
        runtime.config(name)?;
    }
    Ok(names)
}
