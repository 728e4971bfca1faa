//! `--inventory`: which steps run in which container, and with which options, by the old scripts' file.

use std::collections::{BTreeMap, BTreeSet};

use super::{args::Selection, setting};
use crate::{
    config::{self, Manifest},
    error::{Error, ErrorKind, Result},
    graph::HOST,
    inventory::{self, Host, Inventory, Wish},
    report,
    runtime::Runtime,
};

/// The steps of each container.
pub(super) type Chosen = BTreeMap<String, BTreeSet<String>>;

/// The inventory that is to say it; none either for somebody who means the host alone.
pub(super) fn inventory(selection: &Selection) -> Result<Option<Inventory>> {
    let only_host =
        !selection.target.is_empty() && selection.target.iter().all(|name| name == HOST);
    match &selection.inventory {
        Some(path) if !only_host => inventory::load(path).map(Some),
        _ => Ok(None),
    }
}

/// What the inventory says for this host. Options go into the manifest, as parameters for their container; what was
/// odd is told.
pub(super) fn by(
    inventory: &Inventory,
    manifest: &mut Manifest,
    runtime: &dyn Runtime,
    selection: &Selection,
) -> Result<Chosen> {
    let containers = runtime.list()?;
    let running = setting::all(runtime)?;
    let templates: Vec<_> =
        containers.iter().filter(|name| !running.contains(name)).cloned().collect();
    let targets: Vec<_> = selection.target.iter().filter(|name| *name != HOST).cloned().collect();
    let wish = Wish {
        features: &selection.features,
        targets: &targets,
        provided: &|name| manifest.features.contains_key(name),
    };
    let host = Host { containers: &containers, templates: &templates };
    let choice = inventory.choose(&wish, &host)?;
    for warning in &choice.warnings {
        report::warning(warning);
    }
    let mut chosen = Chosen::new();
    for (name, container) in choice.containers {
        runtime.config(&name)?;
        let mut steps = manifest.select(&container.features)?;
        if let Some(params) = &container.params {
            if !manifest.plugins.contains_key(inventory::STEP) {
                return Err(no_step(manifest, &name));
            }
            steps.extend(manifest.with_required([inventory::STEP]));
            manifest.add_params(inventory::STEP, &name, params);
        }
        chosen.insert(name, steps);
    }
    Ok(chosen)
}

fn no_step(manifest: &Manifest, container: &str) -> Error {
    let file = config::shown(&manifest.path.to_string_lossy());
    let step = inventory::STEP;
    let message = format!("`{file}` has no step `{step}` for the options that the inventory has");
    Error::new(ErrorKind::Config, "INVENTORY-NO-STEP", message)
        .cause(format!("container `{container}` is to have some, and they would silently not apply"))
        .hint(format!(
            "Add `[plugins.{step}]` as in the plugins.toml that comes with phoenix-orch, and `after = [\"{step}\"]` to \
             `[plugins.apparmor-profile]`."
        ))
}
