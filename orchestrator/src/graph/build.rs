//! From steps and containers to units and what each waits for.

use std::collections::{BTreeSet, HashMap};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Bfs, Walker};

use super::TARGET_NAME_TAKEN;
use super::steps::{StepNode, in_order};
use super::unit::{HOST, Unit};
use crate::error::{Error, ErrorKind, Result};

/// All units of a run, and what each waits for.
///
/// A node's number is its place in [`Graph::order`]; an edge leads from a unit to one that waits for it.
#[derive(Debug, Clone)]
pub struct Graph {
    pub(super) steps: Vec<StepNode>,
    pub(super) units: DiGraph<Unit, ()>,
    /// The host, if it has units, and the containers that have any, in the order they were given.
    pub(super) lanes: Vec<Lane>,
    /// Of each unit, the place of its target in `lanes`.
    pub(super) lane_of: Vec<usize>,
    numbers: HashMap<Unit, NodeIndex>,
}

/// A target, and its units in the order in which they run, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub(super) target: String,
    pub(super) units: Vec<NodeIndex>,
}

impl Graph {
    /// The units of these steps on the host and these containers. A container that is given twice
    /// counts once.
    ///
    /// # Errors
    /// As [`Self::build_where`].
    pub fn build(steps: &[StepNode], containers: &[String]) -> Result<Self> {
        Self::build_where(steps, containers, &|_, _| true)
    }

    /// The same with only those units in containers that are wanted, by the names of step and container.
    ///
    /// A step that works on the host has one unit there, and one that works in containers has one in
    /// each; if it does both, its units in containers wait for the one on the host. Where `b` requires
    /// `a`, a unit of `b` waits for the one of `a` on the same target and for the one on the host. A
    /// step of the host alone that requires one of containers alone waits for it in all of them. What is
    /// required and not wanted in a container is not waited for there.
    ///
    /// # Errors
    /// `GRAPH-INVALID` for steps that cannot be ordered: [`crate::config`] has refused those already.
    /// `TARGET-NAME-TAKEN` for a container that is called like the host.
    pub fn build_where(
        steps: &[StepNode],
        containers: &[String],
        wanted: &dyn Fn(&str, &str) -> bool,
    ) -> Result<Self> {
        if containers.iter().any(|container| container == HOST) {
            let message = format!("a container is called `{HOST}`, which means the host itself");
            return Err(Error::new(ErrorKind::Config, TARGET_NAME_TAKEN, message)
                .hint("Rename the container, or name the others with `--target`."));
        }
        let mut seen = BTreeSet::new();
        let containers: Vec<&String> =
            containers.iter().filter(|container| seen.insert(*container)).collect();
        let mut graph = Self {
            steps: in_order(steps)?,
            units: DiGraph::new(),
            lanes: Vec::new(),
            lane_of: Vec::new(),
            numbers: HashMap::new(),
        };
        let placed = graph.add_units(&containers, wanted);
        graph.add_edges(&placed);
        Ok(graph)
    }

    /// Adds the units step by step, so that their numbers are a topological order.
    fn add_units(
        &mut self,
        containers: &[&String],
        wanted: &dyn Fn(&str, &str) -> bool,
    ) -> Vec<Placed> {
        let mut host = Lane::new(HOST);
        let mut inside: Vec<Lane> = containers.iter().map(|name| Lane::new(name)).collect();
        let mut placed = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let mut add = |lane: &mut Lane| {
                let unit = Unit::new(&step.name, &lane.target);
                let number = self.units.add_node(unit.clone());
                self.numbers.insert(unit, number);
                lane.units.push(number);
                number
            };
            placed.push(Placed {
                host: step.on_host().then(|| add(&mut host)),
                inside: if step.in_containers() {
                    let unit =
                        |lane: &mut Lane| wanted(&step.name, &lane.target).then(|| add(lane));
                    inside.iter_mut().map(unit).collect()
                } else {
                    Vec::new()
                },
            });
        }
        self.lanes =
            [host].into_iter().chain(inside).filter(|lane| !lane.units.is_empty()).collect();
        self.lane_of = vec![0; self.units.node_count()];
        for (index, lane) in self.lanes.iter().enumerate() {
            for unit in &lane.units {
                self.lane_of[unit.index()] = index;
            }
        }
        placed
    }

    fn add_edges(&mut self, placed: &[Placed]) {
        let places: HashMap<&str, &Placed> =
            self.steps.iter().map(|step| step.name.as_str()).zip(placed).collect();
        for (step, own) in self.steps.iter().zip(placed) {
            if let Some(host) = own.host {
                for &unit in own.inside.iter().flatten() {
                    self.units.add_edge(host, unit, ());
                }
            }
            // Checked by `in_order`: whatever is required is among the steps.
            for required in step.requires.iter().filter_map(|name| places.get(name.as_str())) {
                if let Some(host) = required.host {
                    for &unit in own.host.iter().chain(own.inside.iter().flatten()) {
                        self.units.add_edge(host, unit, ());
                    }
                }
                // Both have a place for every container, or one of them has none at all.
                for places in required.inside.iter().zip(&own.inside) {
                    if let (&Some(before), &Some(after)) = places {
                        self.units.add_edge(before, after, ());
                    }
                }
                if let (Some(host), None, []) = (own.host, required.host, own.inside.as_slice()) {
                    for &before in required.inside.iter().flatten() {
                        self.units.add_edge(before, host, ());
                    }
                }
            }
        }
    }

    /// All units, each after those that it waits for: step by step, the host first, and then the
    /// containers in the order they were given.
    pub fn order(&self) -> impl Iterator<Item = &Unit> {
        self.units.node_weights()
    }

    /// Of each unit in the order of [`Self::order`], the places of those that it waits for itself, in that order too.
    pub fn waits_for(&self) -> Vec<Vec<usize>> {
        self.units
            .node_indices()
            .map(|unit| {
                let before = self.units.neighbors_directed(unit, Direction::Incoming);
                let places: BTreeSet<usize> = before.map(NodeIndex::index).collect();
                places.into_iter().collect()
            })
            .collect()
    }

    /// All that waits for a unit, also through others, in the order of [`Self::order`]; none for an
    /// unknown unit.
    pub fn dependants(&self, unit: &Unit) -> Vec<&Unit> {
        let Some(number) = self.number(unit) else { return Vec::new() };
        let reached = Bfs::new(&self.units, number).iter(&self.units);
        self.sorted(reached.filter(|&reached| reached != number))
    }

    fn sorted(&self, numbers: impl Iterator<Item = NodeIndex>) -> Vec<&Unit> {
        let numbers: BTreeSet<_> = numbers.collect();
        numbers.into_iter().map(|number| &self.units[number]).collect()
    }

    pub(super) fn number(&self, unit: &Unit) -> Option<NodeIndex> {
        self.numbers.get(unit).copied()
    }
}

/// To look at what was built.
#[cfg(test)]
impl Graph {
    /// The targets that have units: the host first, and then the containers in the order they were
    /// given.
    pub(super) fn targets(&self) -> impl ExactSizeIterator<Item = &str> {
        self.lanes.iter().map(|lane| lane.target.as_str())
    }

    /// The units of a target in the order in which they run; none for an
    /// unknown target.
    pub(super) fn target_order(&self, target: &str) -> Vec<&Unit> {
        let lane = self.lanes.iter().find(|lane| lane.target == target);
        lane.into_iter().flat_map(|lane| &lane.units).map(|&number| &self.units[number]).collect()
    }

    /// What a unit itself waits for, in the order of [`Self::order`]; none for an unknown unit.
    pub(super) fn dependencies(&self, unit: &Unit) -> Vec<&Unit> {
        let Some(number) = self.number(unit) else { return Vec::new() };
        self.sorted(self.units.neighbors_directed(number, Direction::Incoming))
    }
}

/// The units of one step.
struct Placed {
    host: Option<NodeIndex>,
    /// Empty for a step of the host alone; else a place for each container, and a unit where it is wanted.
    inside: Vec<Option<NodeIndex>>,
}

impl Lane {
    fn new(target: &str) -> Self {
        Self { target: target.to_owned(), units: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{build, node};
    use super::*;

    fn names<'a>(units: impl IntoIterator<Item = &'a Unit>) -> Vec<String> {
        units.into_iter().map(Unit::to_string).collect()
    }

    /// The four steps that we ship, and two containers.
    fn docker() -> Graph {
        build("tunables:h profile:b>tunables overlay:c>profile docker:c>overlay", &["web", "db"])
    }

    #[test]
    fn each_step_has_its_units_and_each_unit_what_it_waits_for() {
        let graph = docker();
        let expected = [
            ("tunables@host", ""),
            ("profile@host", "tunables@host"),
            ("profile@web", "tunables@host profile@host"),
            ("profile@db", "tunables@host profile@host"),
            ("overlay@web", "profile@host profile@web"),
            ("overlay@db", "profile@host profile@db"),
            ("docker@web", "overlay@web"),
            ("docker@db", "overlay@db"),
        ];
        let found: Vec<_> = graph
            .order()
            .map(|unit| (unit.to_string(), names(graph.dependencies(unit)).join(" ")))
            .collect();
        let found: Vec<_> = found.iter().map(|(unit, waits)| (&**unit, &**waits)).collect();
        assert_eq!(found, expected);
        assert_eq!(Vec::from_iter(graph.targets()), ["host", "web", "db"]);
        assert_eq!(names(graph.target_order("db")), ["profile@db", "overlay@db", "docker@db"]);
        assert_eq!(names(graph.target_order("gone")), [""; 0]);
    }

    #[test]
    fn dependants_are_found_through_others() {
        let graph = docker();
        let dependants =
            |step: &str, target: &str| names(graph.dependants(&Unit::new(step, target)));
        assert_eq!(dependants("profile", "web"), ["overlay@web", "docker@web"]);
        assert_eq!(dependants("tunables", "host").len(), 7);
        assert_eq!(dependants("docker", "web"), [""; 0]);
        assert_eq!(dependants("docker", "host"), [""; 0]);
    }

    #[test]
    fn a_step_of_the_host_waits_for_all_containers() {
        let graph = build("a:c b:h>a", &["x", "y"]);
        assert_eq!(names(graph.dependencies(&Unit::new("b", "host"))), ["a@x", "a@y"]);
        // One that also works in containers waits there for its own container only.
        let graph = build("a:c b:b>a", &["x", "y"]);
        assert_eq!(names(graph.dependencies(&Unit::new("b", "host"))), [""; 0]);
        assert_eq!(names(graph.dependencies(&Unit::new("b", "x"))), ["a@x", "b@host"]);
    }

    #[test]
    fn a_container_has_only_the_steps_that_are_wanted_in_it() {
        let steps: Vec<_> = "host:h options:c profile:b>host,options docker:c>profile other:c"
            .split_whitespace()
            .map(node)
            .collect();
        let containers = ["web", "db", "gpu"].map(str::to_owned);
        let wanted = |step: &str, container: &str| match container {
            "web" => step != "other",
            "db" => !["other", "options"].contains(&step),
            _ => step == "other",
        };
        let graph = Graph::build_where(&steps, &containers, &wanted).unwrap();
        let order = |target: &str| {
            let units = graph.target_order(target);
            units.into_iter().map(|unit| unit.step.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(order("host"), ["host", "profile"]);
        assert_eq!(order("web"), ["options", "profile", "docker"]);
        assert_eq!(order("db"), ["profile", "docker"]);
        assert_eq!(order("gpu"), ["other"]);
        let waits = |step: &str, target: &str| names(graph.dependencies(&Unit::new(step, target)));
        assert_eq!(waits("profile", "web"), ["host@host", "options@web", "profile@host"]);
        assert_eq!(waits("profile", "db"), ["host@host", "profile@host"]);
        assert_eq!(waits("profile", "host"), ["host@host"]);
    }

    #[test]
    fn odd_containers() {
        assert_eq!(names(build("a:c", &["x", "x"]).order()), ["a@x"]);
        assert_eq!(names(build("a:c b:h", &[]).order()), ["b@host"]);
        let error = Graph::build(&[node("a:c")], &["host".to_owned()]).unwrap_err();
        assert_eq!(error.code, TARGET_NAME_TAKEN);
    }
}
