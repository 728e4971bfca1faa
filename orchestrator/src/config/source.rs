//! The text of the file, and how an error points into it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::shown::masked;
use crate::error::{Error, ErrorKind};

/// How many characters of one line are shown before and after the place; the rest is cut away, so that
/// a file that is one line of a megabyte costs nothing to point into.
const SIDE: usize = 200;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The text of a file that would be at this path.
    pub fn new(path: &Path, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// An error about this place, given in bytes. The label says in a few words what is wrong there;
    /// it may be empty.
    pub fn error(
        &self,
        place: Range<usize>,
        code: &str,
        message: impl Into<String>,
        label: &str,
    ) -> Error {
        let mut error = Error::new(ErrorKind::Config, code, message);
        error.excerpt = Some(self.excerpt(place, label));
        error
    }

    /// The line of a place with a caret under it, and the line before, in plain text. No control
    /// character of the file is in it.
    pub(super) fn excerpt(&self, place: Range<usize>, label: &str) -> String {
        let place = self.first_line_of(place);
        let line_start = |at: usize| self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let start = line_start(place.start);
        let shown_from = line_start(start.saturating_sub(1));
        let line = 1 + self.text[..shown_from].bytes().filter(|&byte| byte == b'\n').count();

        let mut text = String::new();
        if shown_from < start {
            let above = self.text[shown_from..start].trim_end_matches(['\r', '\n']);
            text = masked(&cut(above)) + "\n";
        }
        let before = &self.text[start..place.start];
        let too_much = before.chars().count().saturating_sub(SIDE);
        text += &masked(&before.chars().skip(too_much).collect::<String>());
        let under = masked(&cut(&self.text[place.clone()]));
        let caret = text.len()..text.len() + under.len();
        let after = self.text[place.end..].lines().next().unwrap_or_default();
        text = text + &under + &masked(&cut(after));

        let path = masked(&self.path.display().to_string()).replace('\n', "\u{240a}");
        let label = masked(label);
        let snippet = Snippet::source(text).line_start(line).path(path).fold(false).annotation(
            AnnotationKind::Primary.span(caret).label((!label.is_empty()).then_some(label)),
        );
        Renderer::plain().render(&[Group::with_level(Level::ERROR).element(snippet)])
    }

    /// The part of a place that is on its first line, on character boundaries: a caret under many lines
    /// is harder to read than one under the first.
    fn first_line_of(&self, place: Range<usize>) -> Range<usize> {
        // The end of the file is a place behind the last character; what was expected there is missing
        // from the last line that has anything on it.
        let start = if place.start >= self.text.len() {
            self.text.trim_end().len()
        } else {
            self.text.floor_char_boundary(place.start)
        };
        let end = self.text.ceil_char_boundary(place.end.clamp(start, self.text.len()));
        let line = self.text[start..end].lines().next().unwrap_or_default();
        start..start + line.len()
    }
}

/// What fits on a screen.
fn cut(text: &str) -> String {
    text.chars().take(SIDE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &str, place: Range<usize>) -> String {
        Source::new(Path::new("plugins.toml"), text).excerpt(place, "here")
    }

    #[test]
    fn it_shows_the_line_the_caret_and_what_is_around() {
        insta::assert_snapshot!(excerpt("one = 1\ntwo = 2\nthree = 3\nfour = 4\n", 14..15), @r"
         --> plugins.toml:2:7
          |
        1 | one = 1
        2 | two = 2
          |       ^ here
        ");
    }

    #[test]
    fn the_end_of_the_file_is_a_place_too() {
        insta::assert_snapshot!(excerpt("one = 1\ntwo = \n\n", 16..16), @r"
         --> plugins.toml:2:6
          |
        1 | one = 1
        2 | two = 
          |      ^ here
        ");
    }

    #[test]
    fn what_a_hostile_file_holds_does_not_reach_the_terminal() {
        let text = "# \u{1b}]0;gotcha\u{7}\r\nname = \"\u{1b}[31m\u{202e}\u{9b}J\"\r\n";
        let excerpt = excerpt(text, text.find('"').unwrap_or(0)..text.len() - 2);
        assert!(!excerpt.contains(|c: char| c.is_control() && c != '\n'), "{excerpt:?}");
        assert!(!excerpt.contains('\u{202e}'));
        insta::assert_snapshot!(excerpt, @r#"
         --> plugins.toml:2:8
          |
        1 | # ␛]0;gotcha␇
        2 | name = "␛[31m��J"
          |        ^^^^^^^^^^ here
        "#);
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut() {
        let text = format!("a = \"{}\" oops {}", "x".repeat(500_000), "y".repeat(500_000));
        let at = text.find("oops").unwrap_or(0);
        assert!(excerpt(&text, at..at + 4).len() < 2_000);
    }

    #[test]
    fn no_place_however_odd_makes_it_panic() {
        for text in ["", "\n", "\n\n\n", "ä", "a\n\u{1f600}\r\n", "\r"] {
            for start in 0..text.len() + 2 {
                for end in start..text.len() + 3 {
                    excerpt(text, start..end);
                }
            }
        }
    }
}
