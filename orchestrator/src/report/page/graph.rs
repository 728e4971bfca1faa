//! The units as a drawing, with how each ended. Targets that went the same way are drawn once.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::{
    super::style::count,
    story::{Story, finished},
    words::{listed, outcome},
};
use crate::{
    engine::event::Outcome,
    graph::{
        HOST,
        draw::{self, Drawing, Edge, Node, Place, Tone, icon, picture, shortened},
    },
    transport::printable,
};

/// Longer names are cut: they stand in full further down.
const LONGEST: usize = 34;
/// So many names of targets that are drawn once.
const NAMED: usize = 4;

pub(super) fn section(story: &Story) -> Markup {
    let groups = groups(story);
    let drawing = drawing(story, &groups);
    let folded = groups.iter().any(|group| group.targets.len() > 1);
    html! {
        section id="units" aria-labelledby="units-h" {
            h2 id="units-h" { "Units and their order" }
            p.quiet {
                @if story.waits_for.is_empty() { "From left to right in the order of each target." }
                @else { "A line leads from a unit to one that had to wait for it." }
                @if folded { " Targets that went the same way are drawn once." }
            }
            div.scroll role="region" aria-label="Drawing of the units" tabindex="0" {
                (picture(&drawing, Place::Page { id: "drawing" }))
            }
            (legend(story))
        }
    }
}

fn legend(story: &Story) -> Markup {
    let all = (0..story.state.order.len()).map(|at| outcome(story.end(at)));
    let seen: BTreeSet<(Tone, &str)> = all.map(|(tone, word, _)| (tone, word)).collect();
    html! {
        ul.legend aria-label="Signs" {
            @for (tone, word) in seen { li { (icon(tone)) (word) } }
        }
    }
}

/// Targets whose units ended in the same way, step by step.
pub(super) struct Group<'a> {
    pub(super) targets: Vec<&'a str>,
    /// Of the first one.
    pub(super) units: Vec<usize>,
}

pub(super) fn groups(story: &Story) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<Vec<(&str, &str)>, usize> = BTreeMap::new();
    for (target, units) in story.targets() {
        let way =
            units.iter().map(|&at| (story.state.order[at].step.as_str(), outcome(story.end(at)).1));
        match (target, known.get(&way.clone().collect::<Vec<_>>())) {
            (target, Some(&group)) if target != HOST => groups[group].targets.push(target),
            _ => {
                if target != HOST {
                    known.insert(way.collect(), groups.len());
                }
                groups.push(Group { targets: vec![target], units });
            }
        }
    }
    groups
}

/// Nodes stand in the order of the run; each stands for the units of its step in its group.
fn drawing(story: &Story, groups: &[Group<'_>]) -> Drawing {
    let mut places: Vec<(usize, usize)> = groups
        .iter()
        .enumerate()
        .flat_map(|(band, group)| group.units.iter().map(move |&at| (at, band)))
        .collect();
    places.sort_unstable();
    let number: BTreeMap<usize, usize> =
        places.iter().enumerate().map(|(number, (at, _))| (*at, number)).collect();
    let nodes = places.iter().map(|&(at, band)| node(story, at, band, groups[band].targets.len()));
    let mut drawing = Drawing {
        title: "The units of this run".to_owned(),
        about: about(story, groups),
        bands: groups.iter().map(|group| label(group)).collect(),
        nodes: nodes.collect(),
        edges: Vec::new(),
    };
    // What waits for a unit that another one stands for waits for that.
    let stands_for = stand_ins(story, groups, &number);
    let edges = story.waits_for.iter().enumerate().flat_map(|(to, waits_for)| {
        let stands_for = &stands_for;
        waits_for
            .iter()
            .filter_map(move |from| Some((*stands_for.get(from)?, *stands_for.get(&to)?)))
    });
    let edges = draw::reduced(drawing.nodes.len(), edges);
    drawing.edges.extend(edges.into_iter().map(|(from, to)| Edge { from, to, drawn: true }));
    // The units of a target are never at work at the same time.
    for group in groups {
        let pairs = group.units.windows(2);
        drawing.edges.extend(pairs.map(|pair| Edge {
            from: number[&pair[0]],
            to: number[&pair[1]],
            drawn: false,
        }));
    }
    drawing
}

fn stand_ins(
    story: &Story,
    groups: &[Group<'_>],
    number: &BTreeMap<usize, usize>,
) -> BTreeMap<usize, usize> {
    let of: BTreeMap<&str, &Group<'_>> = groups
        .iter()
        .flat_map(|group| group.targets.iter().map(move |target| (*target, group)))
        .collect();
    let order = &story.state.order;
    (0..order.len())
        .filter_map(|at| {
            let group = of.get(order[at].target.as_str())?;
            let drawn = group.units.iter().find(|&&other| order[other].step == order[at].step)?;
            Some((at, number[drawn]))
        })
        .collect()
}

/// A box has room for a word and a number; the rest is said further down.
fn node(story: &Story, at: usize, band: usize, targets: usize) -> Node {
    let (tone, word, _) = outcome(story.end(at));
    let changes = match finished(story.end(at)) {
        Some(
            Outcome::Changed { changes }
            | Outcome::WouldChange { changes }
            | Outcome::Kept { changes },
        ) if targets == 1 => format!(" · {}", count(*changes, "change")),
        _ => String::new(),
    };
    let name = shortened(&printable(&story.state.order[at].step), LONGEST);
    Node { band, name, lines: vec![format!("{word}{changes}")], tone }
}

fn label(group: &Group<'_>) -> String {
    let names = listed(group.targets.iter().copied(), NAMED);
    match group.targets.len() {
        1 => shortened(&names, 2 * LONGEST),
        many => shortened(&format!("{}: {names}", count(many, "container")), 3 * LONGEST),
    }
}

/// The same in words.
fn about(story: &Story, groups: &[Group<'_>]) -> String {
    let texts = groups.iter().map(|group| {
        let units = group.units.iter().map(|&at| {
            format!("{} {}", printable(&story.state.order[at].step), outcome(story.end(at)).1)
        });
        format!("{}: {}.", label(group), units.collect::<Vec<_>>().join(", "))
    });
    texts.collect::<Vec<_>>().join(" ")
}
