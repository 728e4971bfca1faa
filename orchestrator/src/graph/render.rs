//! The steps and what they require, for `graph --format text|dot|mermaid`. Containers are left out: they
//! all look the same.

use std::collections::BTreeMap;
use std::fmt::Write;

use phoenix_sdk::Scope;

use super::{StepNode, build::Graph};

impl Graph {
    /// One line for each step in the order in which they run, under the number of its level: steps of
    /// one level do not require each other.
    pub fn render_text(&self) -> String {
        let name = |name: &str| escaped(name, |_| None);
        let widest = self.steps.iter().map(|step| name(&step.name).chars().count()).max();
        let widest = widest.unwrap_or_default();
        let widest_place = self.steps.iter().map(|step| place(step, ": ").chars().count()).max();
        let widest_place = widest_place.unwrap_or_default().max(25);
        let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
        let mut lines = Vec::new();
        for step in &self.steps {
            let required = step.requires.iter().filter_map(|name| levels.get(name.as_str()));
            let level = 1 + required.max().copied().unwrap_or_default();
            levels.insert(&step.name, level);
            let after: Vec<_> = step.requires.iter().map(|step| name(step)).collect();
            let after = if after.is_empty() {
                String::new()
            } else {
                format!("after {}", after.join(", "))
            };
            let line = format!(
                "{level:>2}  {:widest$}  {:widest_place$}  {after}",
                name(&step.name),
                place(step, ": ")
            );
            lines.push((level, line.trim_end().to_owned()));
        }
        // Stable: within a level the steps stay in the order in which they run.
        lines.sort_by_key(|(level, _)| *level);
        lines.into_iter().map(|(_, line)| line + "\n").collect()
    }

    /// The same for Graphviz: an arrow leads from a step to one that comes after it.
    pub fn render_dot(&self) -> String {
        // In a quoted string of DOT only the quote and the backslash mean something.
        let name = |name: &str| {
            escaped(name, |char| matches!(char, '"' | '\\').then(|| format!("\\{char}")))
        };
        let mut out = "digraph steps {\n    rankdir = LR;\n    node [shape = box];\n".to_owned();
        for step in &self.steps {
            let (step, scope) = (name(&step.name), place(step, "\\n"));
            let _ = writeln!(out, "    \"{step}\" [label = \"{step}\\n{scope}\"];");
        }
        for step in &self.steps {
            for required in &step.requires {
                let _ = writeln!(out, "    \"{}\" -> \"{}\";", name(required), name(&step.name));
            }
        }
        out + "}\n"
    }

    /// The same for Mermaid, which Markdown viewers draw.
    pub fn render_mermaid(&self) -> String {
        // Mermaid knows no escapes but entities; `#` begins one.
        let name = |name: &str| {
            escaped(name, |char| {
                (!char.is_alphanumeric() && !"-_. ".contains(char))
                    .then(|| format!("#{};", u32::from(char)))
            })
        };
        // Steps are numbered, for words such as `end` cannot be the name of a node.
        let numbers: BTreeMap<&str, usize> =
            self.steps.iter().enumerate().map(|(at, step)| (step.name.as_str(), at)).collect();
        let mut out = "flowchart LR\n".to_owned();
        for (at, step) in self.steps.iter().enumerate() {
            let scope = place(step, "<br>");
            let _ = writeln!(out, "    s{at}[\"{}<br>{scope}\"]", name(&step.name));
        }
        for (at, step) in self.steps.iter().enumerate() {
            for required in step.requires.iter().filter_map(|name| numbers.get(name.as_str())) {
                let _ = writeln!(out, "    s{required} --> s{at}");
            }
        }
        out
    }
}

/// Where it works and, behind this, what else is said of it.
pub(super) fn place(step: &StepNode, between: &str) -> String {
    let scope = scope_name(step.scope);
    if step.note.is_empty() { scope.to_owned() } else { format!("{scope}{between}{}", step.note) }
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Host => "host",
        Scope::Container => "each container",
        Scope::HostAndContainers => "host, then each container",
    }
}

/// The name with what means something to the reader escaped, and controls made visible everywhere.
pub(super) fn escaped(name: &str, escape: impl Fn(char) -> Option<String>) -> String {
    name.chars()
        .map(|char| match escape(char) {
            _ if char.is_control() => '\u{fffd}'.to_string(),
            Some(escaped) => escaped,
            None => char.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{build, node};
    use super::*;

    const STEPS: &str = "host-tunables:h profile:b>host-tunables overlay:c>profile \
        docker:c>overlay,profile alone:c";

    #[test]
    fn text() {
        insta::assert_snapshot!(build(STEPS, &[]).render_text(), @r"
         1  alone          each container
         1  host-tunables  host
         2  profile        host, then each container  after host-tunables
         3  overlay        each container             after profile
         4  docker         each container             after overlay, profile
        ");
        assert_eq!(build("", &[]).render_text(), "");
    }

    #[test]
    fn dot() {
        insta::assert_snapshot!(build(STEPS, &[]).render_dot(), @r#"
        digraph steps {
            rankdir = LR;
            node [shape = box];
            "alone" [label = "alone\neach container"];
            "host-tunables" [label = "host-tunables\nhost"];
            "profile" [label = "profile\nhost, then each container"];
            "overlay" [label = "overlay\neach container"];
            "docker" [label = "docker\neach container"];
            "host-tunables" -> "profile";
            "profile" -> "overlay";
            "overlay" -> "docker";
            "profile" -> "docker";
        }
        "#);
    }

    #[test]
    fn mermaid() {
        insta::assert_snapshot!(build(STEPS, &[]).render_mermaid(), @r#"
        flowchart LR
            s0["alone<br>each container"]
            s1["host-tunables<br>host"]
            s2["profile<br>host, then each container"]
            s3["overlay<br>each container"]
            s4["docker<br>each container"]
            s1 --> s2
            s2 --> s3
            s3 --> s4
            s2 --> s4
        "#);
    }

    #[test]
    fn a_note_stands_beside_the_scope() {
        let mut script = node("nvidia:c>host-tunables");
        "script with no check, verify".clone_into(&mut script.note);
        let graph = Graph::build(&[script, node("host-tunables:h")], &[]).unwrap();
        insta::assert_snapshot!(graph.render_text(), @r"
         1  host-tunables  host
         2  nvidia         each container: script with no check, verify  after host-tunables
        ");
        assert!(graph.render_dot().contains(r"each container\nscript with no check, verify"));
        assert!(graph.render_mermaid().contains("each container<br>script with no check, verify"));
    }

    #[test]
    fn odd_names_mean_nothing() {
        let mut step = node("x:h");
        step.name = "a\"];b\\\u{1b}<i>#\n".to_owned();
        let graph = Graph::build(&[step], &[]).unwrap();
        assert!(graph.render_text().starts_with(" 1  a\"];b\\\u{fffd}<i>#\u{fffd}  host"));
        assert!(graph.render_dot().contains("\"a\\\"];b\\\\\u{fffd}<i>#\u{fffd}\""));
        assert!(
            graph
                .render_mermaid()
                .contains("[\"a#34;#93;#59;b#92;\u{fffd}#60;i#62;#35;\u{fffd}<br>")
        );
    }
}
