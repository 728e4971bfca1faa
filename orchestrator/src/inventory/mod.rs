//! The inventory: `phoenix_lxc_configs.json`, as the shell scripts that came before phoenix-orch read it.
//!
//! Which containers there are, which feature scripts each was made with, and which options its configuration
//! is to have. It is read leniently: what is odd is a warning with its path, and costs at most its own
//! container. What this module does not do: look at a machine, or write the file.

mod choose;
mod codes;
mod entry;
mod inherit;
mod json;
mod known;
mod options;
mod path;
mod pct;

#[cfg(test)]
mod tests;

use std::path::Path as FilePath;

pub use choose::{Choice, Chosen, Host, Wish};
pub use codes::CODES;

use crate::{
    config::{self, Named, Source},
    error::{Error, ErrorKind, Result},
};

/// The step that brings the options of an inventory into a container's configuration.
pub const STEP: &str = "container-options";

const NAMED: Named = Named { what: "phoenix_lxc_configs.json", option: "--inventory FILE" };

/// The containers of the file, and what was odd about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Inventory {
    /// In the order of the file.
    pub containers: Vec<Container>,
    /// In the order in which it was found.
    pub warnings: Vec<Warning>,
}

/// Something odd that is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The container that it is about, or none for the file as a whole.
    pub container: Option<String>,
    /// Where and what, for people.
    pub text: String,
}

/// A container with all that it has of its own, from those that it was cloned from, and from the file's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// As it is called on the host.
    pub id: String,
    /// What people call it.
    name: Option<String>,
    /// Those that it was cloned from, the nearest first.
    sources: Vec<String>,
    features: Vec<Given>,
    pct_options: Vec<Given>,
    lxc_options: Vec<Given>,
    profile: Option<Given>,
    manages_nesting: bool,
    unprivileged: Option<bool>,
    /// Why it cannot be told what the container is to have, if so.
    untold: Option<String>,
}

/// A text, and where in the file it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    path: String,
    text: String,
}

impl Container {
    fn names(&self, feature: &str) -> bool {
        self.features.iter().any(|given| given.text == feature)
    }
}

impl Warning {
    fn of_file(path: &str, what: &str) -> Self {
        Self { container: None, text: format!("`{path}`: {what}") }
    }

    fn of(container: &str, path: &str, what: &str) -> Self {
        Self { container: Some(container.to_owned()), ..Self::of_file(path, what) }
    }
}

/// Reads a file. It is trusted as `plugins.toml` is: what it says is done by root.
///
/// # Errors
/// Those of [`config::read`], `INVENTORY-SYNTAX`, `INVENTORY-SHAPE`, `INVENTORY-CYCLE`.
pub fn load(path: &FilePath) -> Result<Inventory> {
    parse(&config::read(path, NAMED)?)
}

fn parse(source: &Source) -> Result<Inventory> {
    let document = json::parse(source)?;
    let mut warnings: Vec<Warning> = document
        .twice
        .iter()
        .map(|path| Warning::of_file(path, "the key is there twice; the last one counts"))
        .collect();
    let root = document.root.as_object().ok_or_else(|| shape("the file is no JSON object"))?;
    let entries = match root.get("lxc_configs") {
        Some(entries) => {
            entries.as_object().ok_or_else(|| shape("`$.lxc_configs` is no JSON object"))?
        }
        None => return Err(shape("the file has no `lxc_configs`")),
    };
    warnings.extend(known::warnings(root, entries));
    let defaults = entry::defaults(root, &mut warnings);
    let own = entries.iter().filter_map(|(id, value)| {
        let own = entry::own(id, value, &mut warnings)?;
        Some((id.clone(), own))
    });
    let own: Vec<_> = own.collect();
    let containers = inherit::resolved(&own, &defaults, &mut warnings)?;
    Ok(Inventory { containers, warnings })
}

fn shape(message: &str) -> Error {
    Error::new(ErrorKind::Config, "INVENTORY-SHAPE", message).hint(
        "An inventory is `{ \"lxc_configs\": { \"902\": { \"features\": [\"docker\"] } } }`; docs/inventory.md describes it.",
    )
}
