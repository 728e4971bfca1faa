//! The words of a page, and text that came from elsewhere made harmless.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::{
    engine::{event::Outcome, state::End},
    graph::draw::Tone,
    transport::printable,
};

/// How a unit ended: how it looks, in a word, and what else there is to say, as a sentence.
pub(super) fn outcome(end: Option<&End>) -> (Tone, &'static str, String) {
    let (tone, word, more) = match end {
        None => (Tone::Warn, "not ended", ""),
        Some(End::Skipped(because)) => {
            let why =
                format!("Not begun, because `{}` failed on {}.", because.step, because.target);
            return (Tone::Skipped, "skipped", why);
        }
        Some(End::Finished(outcome)) => match outcome {
            Outcome::Unchanged => (Tone::Same, "unchanged", ""),
            Outcome::Changed { .. } => (Tone::Good, "changed", ""),
            Outcome::Ran { proven: true } => {
                (Tone::Good, "ran", "It has no check; the evidence holds.")
            }
            Outcome::Ran { proven: false } => {
                (Tone::Warn, "ran", "It has no check, and nobody looked afterwards.")
            }
            Outcome::WouldChange { .. } => (Tone::Warn, "would change", ""),
            Outcome::Verified => (Tone::Good, "verified", ""),
            Outcome::Unproven => {
                (Tone::Warn, "no evidence", "There is nothing that could give evidence.")
            }
            Outcome::Irrevocable => {
                (Tone::Warn, "stays", "Nothing of what it did can be taken back.")
            }
            Outcome::Kept { .. } => {
                (Tone::Warn, "kept", "Some of it stays as it is, because something still needs it.")
            }
            Outcome::Failed { .. } => (Tone::Bad, "failed", ""),
        },
    };
    (tone, word, more.to_owned())
}

/// What an exit code means.
pub(super) fn exit(code: u8) -> &'static str {
    match code {
        0 => "done, or nothing to do",
        2 => "usage",
        3 => "changes were found",
        4 => "configuration",
        5 => "plugin or script refused",
        6 => "target unreachable",
        7 => "a step failed",
        8 => "evidence does not hold, or there is none",
        9 => "rollback conflict",
        130 => "interrupted",
        _ => "internal",
    }
}

/// `340 ms`, `2.3 s`, `1 min 12 s`.
pub(super) fn took(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
        _ => format!("{} h {} min", millis / 3_600_000, millis % 3_600_000 / 60_000),
    }
}

/// A moment, in words that mean the same everywhere.
pub(super) fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_string()) { (at.strftime("%-d %B %Y, %H:%M:%S UTC")) } }
}

/// A sentence: harmless, and with what stands in backticks as code.
pub(super) fn prose(text: &str) -> Markup {
    let text = printable(text);
    let pieces: Vec<&str> = text.split('`').collect();
    // A backtick without another one is only a backtick.
    let pairs = (pieces.len() - 1) / 2 * 2;
    html! {
        @for (at, piece) in pieces.iter().enumerate() {
            @if at > pairs { "`" (piece) }
            @else if at % 2 == 1 { code { (piece) } }
            @else { (piece) }
        }
    }
}

/// What a machine said: a word or many lines.
pub(super) fn said(text: &str) -> Markup {
    match text.trim_end().contains('\n') {
        false => html! { code { (printable(text.trim_end())) } },
        true => lines(text.lines()),
    }
}

/// Lines as they are.
pub(super) fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> Markup {
    html! { pre { @for line in lines { span { (line_of(line)) "\n" } } } }
}

/// One line of a text: harmless, and with its tabs, which do nothing in a page.
pub(super) fn line_of(line: &str) -> String {
    line.split('\t').map(printable).collect::<Vec<_>>().join("\t")
}

/// `a`, `a and b`, `a, b and 4 more`.
pub(super) fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let (all, names): (usize, Vec<String>) =
        (names.len(), names.map(printable).take(most).collect());
    match (all - names.len(), names.as_slice()) {
        (0, [before @ .., last]) if !before.is_empty() => {
            format!("{} and {last}", before.join(", "))
        }
        (0, names) => names.join(", "),
        (more, names) => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stands_between_two_backticks() {
        for (text, page) in [
            ("write `/etc/x` now", "write <code>/etc/x</code> now"),
            ("a ` b", "a ` b"),
            ("`a` ` b", "<code>a</code> ` b"),
            ("<b>\u{1b}`<i>`", "&lt;b&gt;\\u{1b}<code>&lt;i&gt;</code>"),
        ] {
            assert_eq!(prose(text).into_string(), page);
        }
    }

    #[test]
    fn names_are_listed_as_one_would_say_them() {
        for (names, text) in [
            (&["a"][..], "a"),
            (&["a", "b"], "a and b"),
            (&["a", "b", "c"], "a, b and c"),
            (&["a", "b", "c", "d"], "a, b, c and 1 more"),
        ] {
            assert_eq!(listed(names.iter().copied(), 3), text);
        }
    }

    #[test]
    fn times_have_a_sensible_unit() {
        let times = [0, 999, 1000, 59_999, 60_000, 3_600_000].map(took);
        assert_eq!(times, ["0 ms", "999 ms", "1.0 s", "59.9 s", "1 min 0 s", "1 h 0 min"]);
    }
}
