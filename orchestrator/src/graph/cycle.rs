//! Finds a circle among requirements.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// A shortest circle among these edges, each from a name to one that it requires: the path along it,
/// which starts and ends with the same name. Of several, always the same one is found.
pub fn cycle<'a>(edges: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Vec<&'a str>> {
    let edges: BTreeSet<_> = edges.into_iter().collect();
    let names: BTreeSet<&str> = edges.iter().flat_map(|&(from, to)| [from, to]).collect();
    let mut graph: DiGraph<&str, ()> = DiGraph::new();
    let nodes: BTreeMap<&str, NodeIndex> =
        names.into_iter().map(|name| (name, graph.add_node(name))).collect();
    // Backwards, for petgraph walks the edges of a node from the newest to the oldest.
    for (from, to) in edges.iter().rev() {
        graph.add_edge(nodes[from], nodes[to], ());
    }
    // Of the algorithms that find circles this is the one without recursion: a chain of requirements
    // may be as long as the file allows.
    let start = kosaraju_scc(&graph)
        .into_iter()
        .filter(|part| part.len() > 1 || part.iter().any(|&node| graph.contains_edge(node, node)))
        .filter_map(|part| part.into_iter().min())
        .min()?;
    path_back(&graph, start).map(|path| path.into_iter().map(|node| graph[node]).collect())
}

/// The shortest way from a node to itself.
fn path_back(graph: &DiGraph<&str, ()>, start: NodeIndex) -> Option<Vec<NodeIndex>> {
    let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(node) = open.pop_front() {
        for next in graph.neighbors(node) {
            if next == start {
                let mut path = vec![start];
                let mut at = node;
                while at != start {
                    path.push(at);
                    at = *came_from.get(&at)?;
                }
                path.push(start);
                path.reverse();
                return Some(path);
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = came_from.entry(next) {
                entry.insert(node);
                open.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_circle_is_shown_from_its_first_name() {
        for (edges, expected) in [
            (vec![], None),
            (vec![("a", "b"), ("b", "c"), ("a", "c")], None),
            (vec![("a", "a")], Some(vec!["a", "a"])),
            (vec![("b", "a"), ("a", "b")], Some(vec!["a", "b", "a"])),
            (vec![("x", "c"), ("c", "b"), ("b", "a"), ("a", "c")], Some(vec!["a", "c", "b", "a"])),
            (
                vec![("a", "b"), ("b", "c"), ("c", "a"), ("b", "a"), ("y", "z"), ("z", "y")],
                Some(vec!["a", "b", "a"]),
            ),
        ] {
            assert_eq!(cycle(edges.clone()), expected, "{edges:?}");
        }
    }

    #[test]
    fn a_very_long_circle_does_not_exhaust_the_stack() {
        let names: Vec<String> = (0..100_000).map(|number| format!("{number:06}")).collect();
        let edges = (0..names.len()).map(|at| (&*names[at], &*names[(at + 1) % names.len()]));
        assert_eq!(cycle(edges).unwrap().len(), names.len() + 1);
    }
}
