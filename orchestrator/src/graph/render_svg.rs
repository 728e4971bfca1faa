//! The steps and what they require, as a picture for `graph --format svg`.

use std::collections::BTreeMap;

use super::{
    Graph,
    draw::{Drawing, Edge, Node, Place, Tone, picture, reduced},
    render::{escaped, place},
};

impl Graph {
    /// A line leads from a step to one that comes after it; what other lines say already has none.
    pub fn render_svg(&self) -> String {
        let name = |name: &str| escaped(name, |_| None);
        let numbers: BTreeMap<&str, usize> =
            self.steps.iter().enumerate().map(|(at, step)| (step.name.as_str(), at)).collect();
        let edges = self.steps.iter().zip(0..).flat_map(|(step, to)| {
            let required = step.requires.iter().filter_map(|name| numbers.get(name.as_str()));
            required.map(move |&from| (from, to))
        });
        let edges = reduced(self.steps.len(), edges);
        let about = self.render_text();
        let nodes = self.steps.iter().map(|step| Node {
            band: 0,
            name: name(&step.name),
            lines: place(step, "\n").lines().map(name).collect(),
            tone: Tone::Plain,
        });
        let drawing = Drawing {
            title: "The steps and what comes before what".to_owned(),
            about: about.lines().map(str::trim).collect::<Vec<_>>().join("; "),
            bands: vec![String::new()],
            nodes: nodes.collect(),
            edges: edges.into_iter().map(|(from, to)| Edge { from, to, drawn: true }).collect(),
        };
        picture(&drawing, Place::Alone).into_string() + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::build;

    #[test]
    fn every_step_is_drawn_and_what_goes_without_saying_is_not() {
        let svg = build("a:h b:c>a c:b>a,b", &[]).render_svg();
        for part in ["width=", ">a</text>", ">b</text>", ">each container</text>", "3  c"] {
            assert!(svg.contains(part), "no `{part}`: {svg}");
        }
        assert_eq!(svg.matches("class=\"edge\"").count(), 2);
    }

    #[test]
    fn odd_names_mean_nothing() {
        use super::super::{Graph, testing::node};
        let mut step = node("x:h");
        step.name = "</text><script>\u{1b}".to_owned();
        let svg = Graph::build(&[step], &[]).unwrap().render_svg();
        assert!(svg.contains("&lt;/text&gt;&lt;script&gt;\u{fffd}</text>"), "{svg}");
        assert!(!svg.contains("<script>"));
    }
}
