//! Graphs in one line, for tests.

use phoenix_sdk::Scope;

use super::{Graph, StepNode};

/// A step from `name:scope>required,required`, where the scope is `h`ost, `c`ontainer or `b`oth.
pub(super) fn node(text: &str) -> StepNode {
    let (head, requires) = text.split_once('>').unwrap_or((text, ""));
    let (name, scope) = head.split_once(':').unwrap();
    StepNode {
        name: name.to_owned(),
        scope: match scope {
            "h" => Scope::Host,
            "c" => Scope::Container,
            _ => Scope::HostAndContainers,
        },
        requires: requires.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        note: String::new(),
    }
}

/// The graph of these steps, separated by spaces.
pub(super) fn build(steps: &str, containers: &[&str]) -> Graph {
    let steps: Vec<_> = steps.split_whitespace().map(node).collect();
    let containers: Vec<_> = containers.iter().map(|&name| name.to_owned()).collect();
    Graph::build(&steps, &containers).unwrap()
}
