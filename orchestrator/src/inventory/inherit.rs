//! What a container has in the end: its own, else of those that it was cloned from, else of the file's root.
//!
//! A clone on Proxmox takes over all of its source's configuration and everything installed in it, so every key that
//! is used here is inherited but `name`. A list is inherited whole or not at all, as the scripts had it.

use std::collections::BTreeMap;

use super::{
    Container, Warning,
    entry::{Field, Own, Settings},
    path,
};
use crate::{
    config::shown,
    error::{Error, ErrorKind, Result},
    graph,
};

/// All containers, in the order in which they were given.
///
/// # Errors
/// `INVENTORY-CYCLE` with the path.
pub(super) fn resolved(
    entries: &[(String, Own)],
    defaults: &Settings,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Container>> {
    let by_id: BTreeMap<&str, &Own> = entries.iter().map(|(id, own)| (id.as_str(), own)).collect();
    let edges = entries.iter().filter_map(|(id, own)| match &own.source {
        Field::Is(source) => Some((id.as_str(), source.as_str())),
        Field::Open | Field::Untold(_) => None,
    });
    if let Some(path) = graph::cycle(edges) {
        return Err(cycle(&path));
    }
    for (id, own) in entries {
        if let Field::Is(source) = &own.source
            && !by_id.contains_key(source.as_str())
        {
            let at = path::member(&path::entry(id), "clone_from_ctid");
            let what =
                format!("the file has no `{}`, so nothing is inherited from it", shown(source));
            warnings.push(Warning::of(id, &at, &what));
        }
    }
    Ok(entries.iter().map(|(id, own)| container(id, own, &by_id, defaults)).collect())
}

fn container(id: &str, own: &Own, by_id: &BTreeMap<&str, &Own>, defaults: &Settings) -> Container {
    let mut chain: Vec<(&str, &Own)> = vec![(id, own)];
    let mut untold = None;
    while let Some((_, last)) = chain.last() {
        let source = match &last.source {
            Field::Open => break,
            Field::Untold(why) => {
                untold = Some(why.clone());
                break;
            }
            Field::Is(source) => source,
        };
        let Some((source, next)) = by_id.get_key_value(source.as_str()) else { break };
        chain.push((source, next));
    }
    let settings: Vec<&Settings> =
        chain.iter().map(|(_, own)| &own.settings).chain([defaults]).collect();
    let features = first(&settings, |settings| &settings.features, &mut untold);
    let pct_options = first(&settings, |settings| &settings.pct_options, &mut untold);
    let lxc_options = first(&settings, |settings| &settings.lxc_options, &mut untold);
    let profile = first(&settings, |settings| &settings.profile, &mut untold);
    let nesting = first(&settings, |settings| &settings.manages_nesting, &mut untold);
    let unprivileged = first(&settings, |settings| &settings.unprivileged, &mut untold);
    Container {
        id: id.to_owned(),
        name: own.name.clone(),
        sources: chain.iter().skip(1).map(|(id, _)| (*id).to_owned()).collect(),
        features: features.unwrap_or_default(),
        pct_options: pct_options.unwrap_or_default(),
        lxc_options: lxc_options.unwrap_or_default(),
        profile,
        manages_nesting: nesting.unwrap_or_default(),
        unprivileged,
        untold,
    }
}

/// The first that is given, the nearest first.
fn first<T: Clone>(
    settings: &[&Settings],
    field: impl Fn(&Settings) -> &Field<T>,
    untold: &mut Option<String>,
) -> Option<T> {
    for settings in settings {
        match field(settings) {
            Field::Open => {}
            Field::Is(value) => return Some(value.clone()),
            Field::Untold(why) => {
                untold.get_or_insert_with(|| why.clone());
                return None;
            }
        }
    }
    None
}

fn cycle(path: &[&str]) -> Error {
    /// More are no clearer.
    const MOST: usize = 12;
    let mut names: Vec<_> = path.iter().map(|id| shown(id)).collect();
    if names.len() > MOST {
        names.splice(MOST - 2..names.len() - 1, ["...".to_owned()]);
    }
    let path = names.join(" -> ");
    let message = format!("containers are cloned from each other in a circle: `{path}`");
    Error::new(ErrorKind::Config, "INVENTORY-CYCLE", message)
        .hint("Correct `clone_from_ctid` in one of them.")
}
