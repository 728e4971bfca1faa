//! Colours. `anstream` leaves them out where they are not wanted.

use anstyle::{AnsiColor, Style};

pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARN: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const QUIET: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const ADDED: Style = AnsiColor::Green.on_default();
pub(super) const REMOVED: Style = AnsiColor::Red.on_default();

/// A word in a style.
pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A status word, right-aligned to twelve columns, as cargo writes it.
pub(super) fn status(style: Style, word: &str) -> String {
    format!("{style}{word:>12}{style:#}")
}

/// The diff's lines, coloured, each behind this margin.
pub(super) fn diff(text: &str, margin: &str) -> String {
    text.lines()
        .map(|line| {
            let line = crate::transport::printable(line);
            let style = match line.chars().next() {
                Some('+') => ADDED,
                Some('-') => REMOVED,
                _ => QUIET,
            };
            format!("{margin}{}\n", paint(style, &line))
        })
        .collect()
}

/// `2.3 s`, `1 min 12 s`.
pub(super) fn duration(millis: u64) -> String {
    match millis {
        0..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

/// `1 change`, `2 changes`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
