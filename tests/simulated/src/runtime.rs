//! A runtime whose containers are in memory, and all alike.

use std::{sync::Arc, time::Duration};

use phoenix_orch::{
    error::Result,
    runtime::{Config, Edit, Runtime},
    transport::Mutator,
};
use phoenix_sdk::{ContainerState, Manager};

use crate::{
    converged::{LABEL, OPTIONS},
    machine::{Machine, Tree, unchangeable},
};

/// So many containers, each with the same on it.
pub struct Simulated {
    names: Vec<String>,
    tree: Arc<Tree>,
    latency: Duration,
}

impl Simulated {
    /// With names that sort as they are counted; a round trip into each takes so long.
    pub fn new(count: usize, tree: Tree, latency: Duration) -> Self {
        let names = (0..count).map(|number| format!("ct{number:06}")).collect();
        Self { names, tree: Arc::new(tree), latency }
    }
}

impl Runtime for Simulated {
    fn list(&self) -> Result<Vec<String>> {
        Ok(self.names.clone())
    }

    fn state(&self, _: &str) -> Result<ContainerState> {
        Ok(ContainerState { running: true, unprivileged: true, label: Some(LABEL.to_owned()) })
    }

    fn config(&self, container: &str) -> Result<Config> {
        let text = OPTIONS.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        Ok(Config { path: format!("/var/lib/lxc/{container}/config"), text })
    }

    fn values(&self, config: &Config, key: &str) -> Vec<String> {
        let entries = config.text.lines().filter_map(|line| line.split_once(" = "));
        entries.filter(|(found, _)| *found == key).map(|(_, value)| value.to_owned()).collect()
    }

    fn edited(&self, config: &Config, _: Edit<'_>) -> Result<Config> {
        Err(unchangeable(&config.path))
    }

    fn edit(&self, container: &str, _: &mut dyn FnMut(&Config) -> Result<Config>) -> Result<()> {
        Err(unchangeable(container))
    }

    fn clean(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn lock(&self, _: &str) -> Result<Option<String>> {
        Ok(None)
    }

    fn editable(&self, container: &str) -> Result<()> {
        Err(unchangeable(container))
    }

    fn pending(&self, _: &str) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn manager(&self) -> Manager {
        Manager::Lxc
    }

    fn restart(&self, container: &str, _: &mut dyn FnMut(&str)) -> Result<()> {
        Err(unchangeable(container))
    }

    fn finish_restart(&self, container: &str, _: &mut dyn FnMut(&str)) -> Result<()> {
        Err(unchangeable(container))
    }

    fn attach(&self, container: &str) -> Vec<String> {
        vec!["false".to_owned(), container.to_owned()]
    }

    fn init(&self, _: &str) -> Option<u32> {
        None
    }

    fn machine(&self, _: &str) -> Box<dyn Mutator> {
        Box::new(Machine::new(Arc::clone(&self.tree), self.latency))
    }
}
