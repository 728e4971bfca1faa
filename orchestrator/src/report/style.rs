//! Colours. `anstream` leaves them out where they are not wanted.

use anstyle::{AnsiColor, Style};

use super::view::View;

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

/// Several words in a style, each by itself: where a fold comes between them, the style does not reach the margin.
pub(super) fn words(style: Style, text: &str) -> String {
    text.split(' ').map(|word| paint(style, word)).collect::<Vec<_>>().join(" ")
}

/// A status word, right-aligned to twelve columns, as cargo writes it.
pub(super) fn status(style: Style, word: &str) -> String {
    format!("{style}{word:>12}{style:#}")
}

/// The diff's lines, coloured, each behind this margin.
pub(super) fn diff(text: &str, margin: &str, view: View) -> String {
    text.lines()
        .map(|line| {
            let line = crate::transport::printable(line);
            let style = match line.chars().next() {
                // Which file it is about, and no line of it.
                _ if line.starts_with("--- /") || line.starts_with("+++ /") => QUIET,
                Some('+') => ADDED,
                Some('-') => REMOVED,
                _ => QUIET,
            };
            let parts = view.cut(&line, margin.len());
            parts.iter().map(|part| format!("{margin}{}\n", paint(style, part))).collect::<String>()
        })
        .collect()
}

/// `38 ms`, `2.3 s`, `1 min 12 s`.
pub(super) fn duration(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

/// `74.2 MB`, as apt counts: in thousands.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(one, _)| bytes >= *one) {
        None => format!("{bytes} B"),
        Some((one, unit)) => match bytes / one {
            whole @ 0..100 => format!("{whole}.{} {unit}", bytes % one / (one / 10)),
            whole => format!("{whole} {unit}"),
        },
    }
}

/// `1 change`, `2 changes`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::{super::Detail, *};

    #[test]
    fn a_line_of_a_file_that_is_too_long_stays_behind_the_margin() {
        let view = View { detail: Detail::Usual, width: Some(24), ascii: false };
        let shown = diff("@@ -1 +1 @@\n+  key = /dev/fuse dev/fuse none\n", "    ", view);
        assert_eq!(
            anstream::adapter::strip_str(&shown).to_string(),
            "    @@ -1 +1 @@\n    +  key = /dev/fuse d\n    ev/fuse none\n"
        );
        let whole = diff("+  key = /dev/fuse dev/fuse none\n", "", View { width: None, ..view });
        assert_eq!(whole.lines().count(), 1);
    }

    #[test]
    fn how_long_it_took() {
        assert_eq!([38, 2_345, 72_000].map(duration), ["38 ms", "2.3 s", "1 min 12 s"]);
    }
}
