//! A difference of texts, coloured; its signs stay, so the colours are no more than a help.

use maud::{Markup, html};

use super::{super::style::count, words::line_of};

/// A longer one is folded at first.
const SHORT: usize = 40;

pub(super) fn diff(text: &str) -> Markup {
    let mut inside = false;
    let lines: Vec<(&str, &str)> = text
        .lines()
        .map(|line| {
            inside |= line.starts_with("@@");
            (class(line, inside), line)
        })
        .collect();
    let number = |wanted: &str| lines.iter().filter(|(class, _)| *class == wanted).count();
    html! {
        details class="diff" open[lines.len() <= SHORT] {
            summary {
                // Of an installation taken back it is the paths that it touches.
                @if inside { "Difference: " (number("add")) " added, " (number("del")) " removed" }
                @else { "Touches " (count(lines.len(), "path")) }
            }
            pre {
                @for (class, line) in &lines { span class=(class) { (line_of(line)) "\n" } }
            }
        }
    }
}

/// Before the first hunk come the names.
fn class(line: &str, inside: bool) -> &'static str {
    match line.chars().next() {
        Some('@') => "hunk",
        _ if !inside => "names",
        Some('+') => "add",
        Some('-') => "del",
        _ => "kept",
    }
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn lines_have_their_classes_and_keep_their_signs() {
        let page =
            diff("--- /x\n+++ /x\n@@ -1,2 +1,2 @@\n kept\n--- gone\n+<new>\u{7}\n").into_string();
        for part in [
            "1 added, 1 removed",
            "<span class=\"names\">--- /x\n</span>",
            "<span class=\"hunk\">@@ -1,2 +1,2 @@\n</span>",
            "<span class=\"kept\"> kept\n</span>",
            "<span class=\"del\">--- gone\n</span>",
            "<span class=\"add\">+&lt;new&gt;\\u{7}\n</span>",
            "<details class=\"diff\" open>",
        ] {
            assert!(page.contains(part), "no `{part}`: {page}");
        }
    }

    #[test]
    fn a_long_one_is_folded() {
        let text = format!("--- a\n+++ a\n@@ -0,0 +1,99 @@\n{}", "+x\n".repeat(99));
        assert!(
            diff(&text)
                .into_string()
                .starts_with("<details class=\"diff\"><summary>Difference: 99 added")
        );
    }
}
