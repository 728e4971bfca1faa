//! Steps and what they require of each other, before it is known on which targets they run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use phoenix_sdk::Scope;

use super::{GRAPH_INVALID, cycle};
use crate::error::{Error, ErrorKind, Result};

/// A step as the graph sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepNode {
    /// Its name.
    pub name: String,
    /// On which targets it has units.
    pub scope: Scope,
    /// The steps that come before it.
    pub requires: Vec<String>,
    /// What people are told of it besides, in a few words; mostly nothing.
    pub note: String,
}

impl StepNode {
    pub(super) fn on_host(&self) -> bool {
        matches!(self.scope, Scope::Host | Scope::HostAndContainers)
    }

    pub(super) fn in_containers(&self) -> bool {
        matches!(self.scope, Scope::Container | Scope::HostAndContainers)
    }
}

/// The steps so that each comes after all that it requires; where that leaves a choice, by name.
/// Requirements are named once each, in the order of names.
///
/// # Errors
/// `GRAPH-INVALID` for a name that is given twice, a requirement that is not there, or a circle.
pub(super) fn in_order(steps: &[StepNode]) -> Result<Vec<StepNode>> {
    let invalid = |what: String| Error::new(ErrorKind::Internal, GRAPH_INVALID, what);
    let mut requires: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for step in steps {
        let required = step.requires.iter().map(String::as_str).collect();
        if requires.insert(&step.name, required).is_some() {
            return Err(invalid(format!("the step `{}` is given twice", step.name)));
        }
    }
    let mut dependants: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (step, required) in &requires {
        for &one in required {
            if !requires.contains_key(one) {
                let what = format!("`{step}` requires `{one}`, which is not among the steps");
                return Err(invalid(what));
            }
            dependants.entry(one).or_default().push(step);
        }
    }

    let nodes: BTreeMap<&str, &StepNode> =
        steps.iter().map(|step| (step.name.as_str(), step)).collect();
    let mut missing: BTreeMap<&str, usize> =
        requires.iter().map(|(step, required)| (*step, required.len())).collect();
    let mut ready: BinaryHeap<Reverse<&str>> =
        missing.iter().filter(|(_, count)| **count == 0).map(|(step, _)| Reverse(*step)).collect();
    let mut order = Vec::with_capacity(steps.len());
    while let Some(Reverse(name)) = ready.pop() {
        order.push(StepNode {
            requires: requires[name].iter().map(|&one| one.to_owned()).collect(),
            ..nodes[name].clone()
        });
        for dependant in dependants.get(name).into_iter().flatten() {
            if let Some(count) = missing.get_mut(dependant) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse(dependant));
                }
            }
        }
    }
    if order.len() < steps.len() {
        let edges = requires
            .iter()
            .flat_map(|(step, required)| required.iter().map(move |one| (*step, *one)));
        let path = cycle(edges).unwrap_or_default().join(" -> ");
        return Err(invalid(format!("steps require each other in a circle: `{path}`")));
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::super::testing::node;
    use super::*;

    fn order(steps: &str) -> Result<String> {
        let steps: Vec<_> = steps.split_whitespace().map(node).collect();
        let names: Vec<_> = in_order(&steps)?.into_iter().map(|step| step.name).collect();
        Ok(names.join(" "))
    }

    #[test]
    fn requirements_come_first_and_names_decide_the_rest() {
        for (steps, expected) in [
            ("", ""),
            ("b:h a:h", "a b"),
            ("a:h>c b:h c:h", "b c a"),
            ("a:h>b,b b:h", "b a"),
            ("d:h>a c:h>a b:h>d a:h", "a c d b"),
        ] {
            assert_eq!(order(steps).unwrap(), expected, "{steps}");
        }
    }

    #[test]
    fn what_cannot_be_ordered_is_an_error() {
        for (steps, message) in [
            ("a:h>b", "`a` requires `b`, which is not among the steps"),
            ("a:h a:c", "the step `a` is given twice"),
            ("a:h>b b:h>a c:h", "steps require each other in a circle: `a -> b -> a`"),
        ] {
            let error = order(steps).unwrap_err();
            assert_eq!((error.code.as_str(), error.message.as_str()), (GRAPH_INVALID, message));
        }
    }
}
