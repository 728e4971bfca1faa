//! Which unit may run now. What it does not do: run it, or decide how many run at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::Direction;
use petgraph::graph::NodeIndex;

use super::build::Graph;
use super::unit::Unit;

/// The units that have not run yet.
///
/// Guarantees, whatever succeeds or fails in whatever order:
/// - a unit is given out once, after all that it waits for succeeded;
/// - at most one unit of a target is out at a time, and the order within a target is always that of
///   the order of the steps;
/// - a unit that waits, also through others, for one that failed is never given out: it is skipped, once;
/// - as long as every unit that was given out is finished in the end, so is the queue.
///
/// Of several units that may run, the one on the earliest target comes first, so that containers are
/// completed one by one instead of all being begun. All together costs time linear in units and edges.
#[derive(Debug, Clone)]
pub struct Queue<'g> {
    graph: &'g Graph,
    states: Vec<State>,
    /// Of each unit, how many others it still waits for.
    waits_for: Vec<usize>,
    /// Of each target, the place of its first unit that is not settled.
    heads: Vec<usize>,
    /// Units that may run, by target.
    ready: BinaryHeap<Reverse<(usize, NodeIndex)>>,
    /// How many units are not settled.
    open: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    /// In `ready`.
    Ready,
    /// Given out and not finished.
    Out,
    /// Finished or skipped.
    Settled,
}

impl<'g> Queue<'g> {
    /// A queue of all units of a graph.
    pub fn new(graph: &'g Graph) -> Self {
        let count = graph.units.node_count();
        let mut waits_for = vec![0; count];
        for edge in graph.units.raw_edges() {
            waits_for[edge.target().index()] += 1;
        }
        let mut queue = Self {
            graph,
            states: vec![State::Waiting; count],
            waits_for,
            heads: vec![0; graph.lanes.len()],
            ready: BinaryHeap::new(),
            open: count,
        };
        for lane in 0..graph.lanes.len() {
            queue.offer(lane);
        }
        queue
    }

    /// A unit that may run now; it counts as running until it is finished. Nothing when all that is left
    /// waits for units that run, or nothing is left.
    pub fn next_ready(&mut self) -> Option<&'g Unit> {
        let Reverse((_, number)) = self.ready.pop()?;
        self.states[number.index()] = State::Out;
        Some(&self.graph.units[number])
    }

    /// A unit that was given out has succeeded, or has not. Returns the units that are skipped for that,
    /// each with the one that failed, in the order of [`Graph::order`].
    ///
    /// A unit that is not out changes nothing.
    pub fn finish(&mut self, unit: &Unit, ok: bool) -> Vec<(Unit, Unit)> {
        let Some(number) = self.graph.number(unit) else { return Vec::new() };
        if self.states[number.index()] != State::Out {
            return Vec::new();
        }
        self.settle(number);
        let mut touched = vec![self.graph.lane_of[number.index()]];
        let mut skipped = Vec::new();
        if ok {
            for next in self.graph.units.neighbors_directed(number, Direction::Outgoing) {
                self.waits_for[next.index()] -= 1;
                touched.push(self.graph.lane_of[next.index()]);
            }
        } else {
            skipped = self.skip_dependants(number);
            touched.extend(skipped.iter().map(|skipped| self.graph.lane_of[skipped.index()]));
        }
        for lane in touched {
            self.offer(lane);
        }
        skipped
            .into_iter()
            .map(|skipped| (self.graph.units[skipped].clone(), unit.clone()))
            .collect()
    }

    fn settle(&mut self, number: NodeIndex) {
        self.states[number.index()] = State::Settled;
        self.open -= 1;
    }

    /// Settles all that waits for a unit, also through others. None of them is out or ready, because
    /// each waits for something that did not succeed.
    fn skip_dependants(&mut self, failed: NodeIndex) -> Vec<NodeIndex> {
        let mut skipped = Vec::new();
        let mut open = vec![failed];
        while let Some(number) = open.pop() {
            for next in self.graph.units.neighbors_directed(number, Direction::Outgoing) {
                if self.states[next.index()] != State::Settled {
                    self.settle(next);
                    skipped.push(next);
                    open.push(next);
                }
            }
        }
        skipped.sort_unstable();
        skipped
    }

    /// Makes the first unsettled unit of a target ready, if it waits for nothing more.
    fn offer(&mut self, lane: usize) {
        let units = &self.graph.lanes[lane].units;
        let head = &mut self.heads[lane];
        while units.get(*head).is_some_and(|unit| self.states[unit.index()] == State::Settled) {
            *head += 1;
        }
        let Some(&unit) = units.get(*head) else { return };
        if self.states[unit.index()] == State::Waiting && self.waits_for[unit.index()] == 0 {
            self.states[unit.index()] = State::Ready;
            self.ready.push(Reverse((lane, unit)));
        }
    }
}

/// To look at what is left.
#[cfg(test)]
impl<'g> Queue<'g> {
    /// Whether every unit is finished or skipped.
    pub(super) fn is_done(&self) -> bool {
        self.open == 0
    }

    /// The units that are neither finished nor skipped, in the order of [`Graph::order`]: what is left
    /// when a run is interrupted.
    pub(super) fn left(&self) -> impl Iterator<Item = &'g Unit> {
        let states = self.states.iter();
        self.graph
            .order()
            .zip(states)
            .filter(|(_, state)| **state != State::Settled)
            .map(|(unit, _)| unit)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::build;
    use super::*;

    /// Runs with `jobs` at once, the oldest finishing first; what happened, in words.
    fn run(graph: &Graph, jobs: usize, failing: &[&str]) -> Vec<String> {
        let mut queue = Queue::new(graph);
        let mut running = std::collections::VecDeque::new();
        let mut log = Vec::new();
        loop {
            while running.len() < jobs
                && let Some(unit) = queue.next_ready()
            {
                log.push(unit.to_string());
                running.push_back(unit);
            }
            let Some(unit) = running.pop_front() else { break };
            for (skipped, because) in
                queue.finish(unit, !failing.contains(&unit.to_string().as_str()))
            {
                log.push(format!("not {skipped} because of {because}"));
            }
        }
        assert!(queue.is_done());
        assert_eq!(queue.left().count(), 0);
        log
    }

    #[test]
    fn containers_are_completed_one_by_one() {
        let graph = build("a:h b:c>a c:c>b", &["x", "y"]);
        assert_eq!(run(&graph, 1, &[]), ["a@host", "b@x", "c@x", "b@y", "c@y"]);
        assert_eq!(run(&graph, 2, &[]), ["a@host", "b@x", "b@y", "c@x", "c@y"]);
    }

    #[test]
    fn what_waits_for_a_failure_is_skipped_and_the_rest_goes_on() {
        let graph = build("a:h b:c>a c:c>b d:c", &["x", "y"]);
        assert_eq!(
            run(&graph, 1, &["b@x"]),
            ["a@host", "b@x", "not c@x because of b@x", "d@x", "b@y", "c@y", "d@y"]
        );
        assert_eq!(
            run(&graph, 1, &["a@host"]),
            [
                "a@host",
                "not b@x because of a@host",
                "not b@y because of a@host",
                "not c@x because of a@host",
                "not c@y because of a@host",
                "d@x",
                "d@y"
            ]
        );
    }

    #[test]
    fn a_unit_that_is_not_out_changes_nothing() {
        let graph = build("a:h b:c>a", &["x"]);
        let mut queue = Queue::new(&graph);
        assert!(queue.finish(&Unit::new("b", "x"), false).is_empty());
        assert!(queue.finish(&Unit::new("a", "nowhere"), false).is_empty());
        assert!(queue.finish(&Unit::new("a", "host"), false).is_empty());
        let unit = queue.next_ready().unwrap();
        assert_eq!(queue.next_ready(), None);
        assert!(queue.finish(unit, true).is_empty());
        assert!(queue.finish(unit, false).is_empty());
        assert_eq!(Vec::from_iter(queue.left()), [&Unit::new("b", "x")]);
    }

    #[test]
    fn ten_thousand_containers_are_no_trouble() {
        let containers: Vec<String> = (0..10_000).map(|number| format!("c{number}")).collect();
        let names: Vec<&str> = containers.iter().map(String::as_str).collect();
        let graph = build("a:h b:b>a c:c>b d:c>c", &names);
        let log = run(&graph, 64, &["c@c17"]);
        assert_eq!(log.len(), 2 + 3 * 10_000);
        let log = run(&graph, 64, &["a@host"]);
        assert_eq!(log.len(), 2 + 3 * 10_000);
    }
}
