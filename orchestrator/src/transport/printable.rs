/// More than this of a message helps nobody.
const LONGEST: usize = 4096;

/// The text with everything escaped that could act on a terminal or hide in a line: control characters,
/// escape sequences, line ends, and the invisible characters that turn the reading direction. Very long
/// text is cut.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(LONGEST));
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push_str("...");
            break;
        }
        if c.is_control() || is_invisible(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::printable;

    #[test]
    fn text_stays_and_what_acts_is_escaped() {
        for (raw, shown) in [
            ("plain, größer `x`", "plain, größer `x`"),
            ("a\x1b[31mred\x07", "a\\u{1b}[31mred\\u{7}"),
            ("one\r\ntwo\t", "one\\r\\ntwo\\t"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("abc\u{202e}fed", "abc\\u{202e}fed"),
        ] {
            assert_eq!(printable(raw), shown);
        }
    }

    #[test]
    fn the_length_is_bounded() {
        assert_eq!(printable(&"x".repeat(100_000)).len(), super::LONGEST + 3);
    }

    proptest! {
        #[test]
        fn nothing_that_acts_survives(raw in any::<String>()) {
            prop_assert!(!printable(&raw).chars().any(char::is_control));
        }
    }
}
