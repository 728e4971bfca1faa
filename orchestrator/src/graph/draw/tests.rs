//! What holds for every drawing, tried on many.

use proptest::prelude::*;

use super::{
    Drawing, Edge, Node, Place, Tone,
    layout::{Box, Layout},
    picture,
    picture::placed,
    reduced,
};

fn node(band: usize, name: &str, lines: usize) -> Node {
    let lines = vec!["a line".to_owned(); lines];
    Node { band, name: name.to_owned(), lines, tone: Tone::Good }
}

fn drawings() -> impl Strategy<Value = Drawing> {
    let node = (0..3_usize, "[a-z]{1,20}", 0..3_usize);
    let edge = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>());
    let nodes = proptest::collection::vec(node, 1..14);
    (nodes, proptest::collection::vec(edge, 0..24), any::<bool>()).prop_map(
        |(nodes, edges, framed)| {
            let nodes: Vec<Node> =
                nodes.iter().map(|(band, name, lines)| self::node(*band, name, *lines)).collect();
            let ends = edges
                .iter()
                .map(|(a, b, drawn)| (a.index(nodes.len()), b.index(nodes.len()), *drawn));
            let edges = ends
                .filter(|(from, to, _)| from < to)
                .map(|(from, to, drawn)| Edge { from, to, drawn })
                .collect();
            let bands = ["one", "two", "three"]
                .map(|name| if framed { name.to_owned() } else { String::new() });
            Drawing { title: "t".into(), about: "a".into(), bands: bands.into(), nodes, edges }
        },
    )
}

fn apart(a: &Box, b: &Box) -> bool {
    a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y
}

fn within(inner: &Box, outer: &Box) -> bool {
    inner.x >= outer.x
        && inner.y >= outer.y
        && inner.x + inner.width <= outer.x + outer.width
        && inner.y + inner.height <= outer.y + outer.height
}

/// A curve between two points with level ends stays between their heights, so its two ends stand for it where it passes
/// no column; through a column lines are straight.
fn through(route: &[(f64, f64)], place: &Box) -> bool {
    route.windows(2).any(|ends| {
        let (left, right) = (ends[0].0, ends[1].0);
        let (high, low) = (ends[0].1.min(ends[1].1), ends[0].1.max(ends[1].1));
        left < place.x + place.width
            && right > place.x
            && high < place.y + place.height
            && low > place.y
    })
}

proptest! {
    #[test]
    fn nothing_lies_on_anything_else(drawing in drawings()) {
        let Layout { width, height, boxes, frames, routes } = placed(&drawing);
        let paper = Box { x: 0.0, y: 0.0, width, height };
        for (at, place) in boxes.iter().enumerate() {
            prop_assert!(within(place, &frames[drawing.nodes[at].band]));
            prop_assert!(within(place, &paper));
            prop_assert!(boxes[at + 1..].iter().all(|other| apart(place, other)), "{boxes:?}");
            prop_assert!(routes.iter().all(|route| !through(route, place)), "{place:?} {routes:?}");
        }
        for (at, frame) in frames.iter().enumerate() {
            prop_assert!(frames[at + 1..].iter().all(|other| apart(frame, other)), "{frames:?}");
        }
    }

    #[test]
    fn each_line_leads_from_its_box_to_the_right(drawing in drawings()) {
        let Layout { boxes, routes, .. } = placed(&drawing);
        for edge in &drawing.edges {
            prop_assert!(boxes[edge.from].x + boxes[edge.from].width < boxes[edge.to].x);
        }
        let drawn: Vec<_> = drawing.edges.iter().filter(|edge| edge.drawn).collect();
        prop_assert_eq!(drawn.len(), routes.len());
        for (edge, route) in drawn.iter().zip(&routes) {
            let (from, to) = (&boxes[edge.from], &boxes[edge.to]);
            prop_assert_eq!(route[0], (from.x + from.width, from.y + from.height / 2.0));
            prop_assert_eq!(route[route.len() - 1], (to.x, to.y + to.height / 2.0));
            prop_assert!(route.is_sorted_by(|a, b| a.0 < b.0), "{route:?}");
        }
    }

    #[test]
    fn a_reduction_says_the_same_with_the_fewest_lines(
        edges in proptest::collection::vec((0..9_usize, 0..9_usize), 0..30),
    ) {
        let reach = |edges: &[(usize, usize)]| {
            let mut reach = [[false; 9]; 9];
            for &(from, to) in edges.iter().filter(|(from, to)| from < to) {
                reach[from][to] = true;
            }
            for over in 0..9 {
                for from in 0..9 {
                    for to in 0..9 {
                        reach[from][to] |= reach[from][over] && reach[over][to];
                    }
                }
            }
            reach
        };
        let few = reduced(9, edges.iter().copied());
        prop_assert_eq!(reach(&few), reach(&edges));
        for left_out in 0..few.len() {
            let mut fewer = few.clone();
            fewer.remove(left_out);
            prop_assert_ne!(reach(&fewer), reach(&edges));
        }
    }
}

#[test]
fn a_chain_is_a_straight_line() {
    let nodes = vec![node(0, "one", 0), node(0, "two", 2), node(0, "three", 1)];
    let edges = vec![Edge { from: 0, to: 1, drawn: true }, Edge { from: 1, to: 2, drawn: true }];
    let drawing = Drawing { bands: vec![String::new()], nodes, edges, ..Drawing::default() };
    let routes = placed(&drawing).routes;
    let heights: Vec<f64> = routes.iter().flatten().map(|point| point.1).collect();
    assert!(heights.iter().all(|height| *height == heights[0]), "{routes:?}");
}

#[test]
fn lines_are_untangled() {
    // Each leads to what stands opposite in the other column at first.
    let nodes = ["a", "b", "c", "x", "y", "z"].map(|name| node(0, name, 0)).into();
    let edges = [(0, 5), (1, 4), (2, 3)].map(|(from, to)| Edge { from, to, drawn: true }).into();
    let drawing = Drawing { bands: vec![String::new()], nodes, edges, ..Drawing::default() };
    for route in placed(&drawing).routes {
        assert_eq!(route[0].1, route[1].1, "{route:?}");
    }
}

#[test]
fn an_empty_drawing_is_a_picture_too() {
    let svg = picture(&Drawing::default(), Place::Alone).into_string();
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>"), "{svg}");
}

#[test]
fn names_are_escaped() {
    let drawing = Drawing {
        title: "<script>".into(),
        bands: vec!["a&b\"".into()],
        nodes: vec![node(0, "</text><script>", 0)],
        ..Drawing::default()
    };
    let svg = picture(&drawing, Place::Page { id: "g" }).into_string();
    assert!(!svg.contains("<script>"), "{svg}");
    assert!(svg.contains("a&amp;b") && svg.contains("&lt;/text&gt;&lt;script&gt;"), "{svg}");
}
