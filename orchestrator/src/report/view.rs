//! How much room there is, which characters may be used, and how much is wanted.

use std::io::IsTerminal as _;

use textwrap::{WordSplitter, core::Word};

/// Wider lines are hard to read.
const WIDEST: usize = 120;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// What went wrong, what needs the operator, and how it ended.
    Quiet,
    /// What was changed besides, and the evidence in short.
    Usual,
    /// All that commands print, differences whole, and what was fine already.
    Verbose,
}

/// How text for people is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub(super) detail: Detail,
    /// In columns; nothing where lines are not folded, for a reader that has no columns.
    pub(super) width: Option<usize>,
    pub(super) ascii: bool,
}

impl View {
    /// For standard output as it is. Lines are folded on a terminal only; with `ascii`, or where the locale is not one of
    /// UTF-8, no other characters than those of ASCII are drawn.
    pub fn new(detail: Detail, ascii: bool) -> Self {
        let on_terminal = std::io::stdout().is_terminal();
        let width = on_terminal.then(|| textwrap::termwidth().min(WIDEST));
        let ascii = ascii || !supports_unicode::on(supports_unicode::Stream::Stdout);
        Self { detail, width, ascii }
    }

    /// For a file, in which nothing is folded.
    pub fn of_file(detail: Detail) -> Self {
        Self { detail, width: None, ascii: false }
    }

    /// For messages on standard error.
    pub(super) fn of_messages() -> Self {
        let width = std::io::stderr().is_terminal().then(|| textwrap::termwidth().min(WIDEST));
        Self { detail: Detail::Usual, width, ascii: true }
    }

    pub(super) fn is_quiet(self) -> bool {
        self.detail == Detail::Quiet
    }

    pub(super) fn is_verbose(self) -> bool {
        self.detail == Detail::Verbose
    }

    /// With less room on the left.
    pub(super) fn narrower(self, columns: usize) -> Self {
        Self { width: self.width.map(|width| width.saturating_sub(columns)), ..self }
    }

    /// One of two ways to draw the same.
    pub(super) fn draw<'t>(self, unicode: &'t str, ascii: &'t str) -> &'t str {
        if self.ascii { ascii } else { unicode }
    }

    /// Words behind a label, folded so that they stay below each other behind `margin`, which is as wide as the label. Escape
    /// sequences take no room.
    pub(super) fn folded(self, label: &str, margin: &str, words: &str) -> String {
        let Some(width) = self.width else { return format!("{label}{words}\n") };
        // A path or a name that is broken cannot be copied.
        let options = textwrap::Options::new(width.max(20))
            .initial_indent(label)
            .subsequent_indent(margin)
            .word_splitter(WordSplitter::NoHyphenation)
            .break_words(false);
        textwrap::wrap(words, options).iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// A line of a file, in parts that fit behind a margin of so many columns: it may be broken anywhere, for it is not prose.
    pub(super) fn cut(self, line: &str, margin: usize) -> Vec<String> {
        let Some(width) = self.width else { return vec![line.to_owned()] };
        let whole = Word::from(line);
        let parts = whole.break_apart(width.saturating_sub(margin).max(10));
        parts.map(|part| part.word.to_owned() + part.whitespace).collect()
    }

    /// The names, as many as are pleasant to read.
    pub(super) fn names(self, names: &[String]) -> String {
        const PLEASANT: usize = 8;
        match names.split_at_checked(PLEASANT) {
            Some((first, rest)) if rest.len() > 1 && !self.is_verbose() => {
                format!("{} and {} more", first.join(", "), rest.len())
            }
            _ => names.join(", "),
        }
    }
}
