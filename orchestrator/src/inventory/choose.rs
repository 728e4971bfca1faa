//! Which containers of the file a run works on, with which features and options. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Container, Inventory, Warning, options, path};
use crate::{
    config::{nearest, shown},
    error::{Error, ErrorKind, Result},
};

/// What the command line asks for.
pub struct Wish<'a> {
    /// Those of plugins.toml.
    pub features: &'a [String],
    /// These containers and no others; all of the file if there are none.
    pub targets: &'a [String],
    /// Whether plugins.toml has a feature of this name.
    pub provided: &'a dyn Fn(&str) -> bool,
}

/// What is known of the host.
pub struct Host<'a> {
    /// All containers of it.
    pub containers: &'a [String],
    /// Those of them that are templates.
    pub templates: &'a [String],
}

/// What a run works on.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// By name; never empty.
    pub containers: BTreeMap<String, Chosen>,
    /// What the operator has to know.
    pub warnings: Vec<String>,
}

/// What a container is to have.
#[derive(Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Of those that were asked for, in their order.
    pub features: Vec<String>,
    /// The parameters of [`super::STEP`]; nothing for a container without options.
    pub params: Option<Value>,
}

impl Inventory {
    /// The containers whose features name one of those that are asked for, each with those that it names.
    ///
    /// # Errors
    /// `INVENTORY-TARGET` for a container that was asked for and cannot be worked on, `INVENTORY-NO-CONTAINER` when
    /// none is left. Both tell in their causes what was left out.
    pub fn choose(&self, wish: &Wish<'_>, host: &Host<'_>) -> Result<Choice> {
        self.check_targets(wish)?;
        let meant = |container: &&Container| {
            wish.targets.is_empty() || wish.targets.contains(&container.id)
        };
        let mut warnings = self.file_warnings(wish);
        let by_id = self.containers.iter().map(|container| (container.id.as_str(), container));
        let by_id: BTreeMap<_, _> = by_id.collect();
        let mut containers = BTreeMap::new();
        let mut absent = Vec::new();
        for container in self.containers.iter().filter(meant) {
            if let Some(why) = &container.untold {
                let what = format!("what it is to have cannot be told, so it is left out: {why}");
                warnings.push(Warning::of(&container.id, &path::entry(&container.id), &what));
                continue;
            }
            warnings.extend(Self::not_inherited(container, wish.features, &by_id));
            let features: Vec<_> =
                wish.features.iter().filter(|name| container.names(name)).cloned().collect();
            if features.is_empty() {
                continue;
            }
            // One that was asked for is an error further on, where the runtime knows it best.
            if !host.containers.contains(&container.id) && wish.targets.is_empty() {
                absent.push(format!("`{}`", container.id));
                continue;
            }
            if host.templates.contains(&container.id) {
                let what = "it is a template, which never runs: left out";
                if !wish.targets.is_empty() {
                    return Err(target(&container.id, "is a template, which never runs"));
                }
                warnings.push(Warning::of(&container.id, &path::entry(&container.id), what));
                continue;
            }
            let (params, left_out) = options::params(container);
            warnings.extend(privileged(container));
            warnings.extend(left_out);
            let params = (!params.is_empty()).then_some(Value::Object(params));
            containers.insert(container.id.clone(), Chosen { features, params });
        }
        // What several containers inherit is said once.
        let mut seen = BTreeSet::new();
        let mut warnings: Vec<_> = warnings.into_iter().map(|warning| warning.text).collect();
        warnings.retain(|text| seen.insert(text.clone()));
        if !absent.is_empty() {
            warnings.push(format!(
                "left out, because this host has no such container (or not yet): {}",
                absent.join(", ")
            ));
        }
        if containers.is_empty() {
            return Err(self.none(wish, &warnings));
        }
        warnings.extend(self.not_provided(wish));
        Ok(Choice { containers, warnings })
    }

    fn check_targets(&self, wish: &Wish<'_>) -> Result<()> {
        for name in wish.targets {
            let container = self.containers.iter().find(|container| container.id == *name);
            let Some(container) = container else {
                return Err(self.unknown(name));
            };
            if let Some(why) = &container.untold {
                return Err(target(name, "is to have what cannot be told").cause(why));
            }
            if !wish.features.iter().any(|feature| container.names(feature)) {
                let named: Vec<_> =
                    container.features.iter().map(|given| shown(&given.text)).collect();
                return Err(target(name, "names none of the asked features")
                    .cause(format!("its features are: {}", named.join(", "))));
            }
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Error {
        let error = target(name, "is not in the inventory");
        let called =
            self.containers.iter().find(|container| container.name.as_deref() == Some(name));
        if let Some(container) = called {
            return error.hint(format!("Did you mean `{}`, which is called so?", container.id));
        }
        match nearest(name, self.containers.iter().map(|container| container.id.as_str())) {
            Some(near) => error.hint(format!("Did you mean `{near}`?")),
            None => error,
        }
    }

    /// What was odd about the file, as far as it concerns those that are meant.
    fn file_warnings(&self, wish: &Wish<'_>) -> Vec<Warning> {
        let mut meant: BTreeSet<&str> = wish.targets.iter().map(String::as_str).collect();
        for container in self.containers.iter().filter(|it| wish.targets.contains(&it.id)) {
            meant.extend(container.sources.iter().map(String::as_str));
        }
        let concerns = |warning: &&Warning| match &warning.container {
            Some(container) => meant.is_empty() || meant.contains(container.as_str()),
            None => true,
        };
        self.warnings.iter().filter(concerns).cloned().collect()
    }

    /// A container with a list of its own does not inherit that of its source, and a clone of a container with Docker
    /// has Docker nevertheless: most likely it was forgotten.
    fn not_inherited(
        container: &Container,
        features: &[String],
        by_id: &BTreeMap<&str, &Container>,
    ) -> Vec<Warning> {
        let lost: Vec<_> = features.iter().filter(|feature| !container.names(feature)).collect();
        if lost.is_empty() || container.sources.is_empty() {
            return Vec::new();
        }
        let sources = container.sources.iter().filter_map(|id| by_id.get(id.as_str()));
        let sources: Vec<_> = sources.collect();
        let warning = |feature: &&String| {
            let source = sources.iter().find(|source| source.names(feature))?;
            let at = path::member(&path::entry(&container.id), "features");
            let what = format!(
                "`{feature}` is not in this list, though it is in that of `{}`, which the container is cloned from; it \
                 is left out of `{feature}`, and has to be named here if it is meant",
                source.id
            );
            Some(Warning::of(&container.id, &at, &what))
        };
        lost.iter().filter_map(warning).collect()
    }

    /// The features of the file that plugins.toml has nothing for, in how many containers each.
    fn not_provided(&self, wish: &Wish<'_>) -> Option<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let meant = |it: &&Container| wish.targets.is_empty() || wish.targets.contains(&it.id);
        for container in self.containers.iter().filter(meant) {
            let names: BTreeSet<_> =
                container.features.iter().map(|given| given.text.as_str()).collect();
            for name in names.into_iter().filter(|name| !(wish.provided)(name)) {
                *counts.entry(name).or_default() += 1;
            }
        }
        if counts.is_empty() {
            return None;
        }
        let list = counts.iter().map(|(name, count)| {
            let containers = if *count == 1 { "container" } else { "containers" };
            format!("`{}` ({count} {containers})", shown(name))
        });
        Some(format!(
            "features of the inventory that plugins.toml has nothing for, and that are not looked after here: {}",
            list.collect::<Vec<_>>().join(", ")
        ))
    }

    fn none(&self, wish: &Wish<'_>, warnings: &[String]) -> Error {
        let features: Vec<_> =
            wish.features.iter().map(|name| format!("`{}`", shown(name))).collect();
        let message = format!(
            "no container of this host is to have {} by the inventory",
            features.join(" or ")
        );
        let mut error = Error::new(ErrorKind::Config, "INVENTORY-NO-CONTAINER", message);
        // The most that anybody reads; they are in the order of the file.
        for warning in warnings.iter().rev().take(5).rev() {
            error = error.cause(warning);
        }
        let all = self.containers.iter().flat_map(|container| &container.features);
        let named: BTreeSet<_> = all.map(|given| format!("`{}`", shown(&given.text))).collect();
        let named: Vec<_> = named.into_iter().take(20).collect();
        error.hint(match named.is_empty() {
            true => "No container of the file names any feature.".to_owned(),
            false => format!("Features that are named in the file: {}.", named.join(", ")),
        })
    }
}

fn target(name: &str, what: &str) -> Error {
    let message = format!("`{}` {what}", shown(name));
    Error::new(ErrorKind::Config, "INVENTORY-TARGET", message)
        .hint("Correct the inventory, or leave `--inventory` out for this container.")
}

/// The host's truth decides; but the file is wrong then.
fn privileged(container: &Container) -> Option<Warning> {
    let what = match container.unprivileged {
        Some(true) => return None,
        Some(false) => "the file has it as a privileged container",
        None => "the file does not say that it is unprivileged",
    };
    let at = path::member(&path::entry(&container.id), "unprivileged");
    let what =
        format!("{what}; steps work in unprivileged ones only, and look at what it really is");
    Some(Warning::of(&container.id, &at, &what))
}
