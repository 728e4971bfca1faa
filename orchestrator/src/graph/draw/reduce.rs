//! Lines that say nothing new are left out.

use std::collections::BTreeSet;

/// The edges without those that others imply: where `a` comes before `b` and `b` before `c`, that `a` comes before `c`
/// goes without saying. Each edge leads to a later node; others are left out.
pub fn reduced(
    nodes: usize,
    edges: impl IntoIterator<Item = (usize, usize)>,
) -> Vec<(usize, usize)> {
    let mut after: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); nodes];
    for (from, to) in edges {
        if from < to && to < nodes {
            after[from].insert(to);
        }
    }
    // What can be reached from each node, from the last one on.
    let mut reached: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); nodes];
    let mut kept = Vec::new();
    for from in (0..nodes).rev() {
        let mut all = BTreeSet::new();
        // The nearest first: whatever leads to another one comes before that.
        for &to in &after[from] {
            if all.insert(to) {
                kept.push((from, to));
                all.extend(&reached[to]);
            }
        }
        reached[from] = all;
    }
    kept.sort_unstable();
    kept
}
