//! Text from a file or a command line, made fit for a terminal: a hostile file must not move the
//! cursor, change colours, or turn the reading direction around through an error message.

/// How many characters of a name an error shows at most.
const LONGEST: usize = 80;

/// The name with everything unprintable escaped, and cut where it is too long to be a name.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST));
    for (index, char) in text.chars().enumerate() {
        if index == LONGEST {
            out.push_str("...");
            break;
        }
        if is_hostile(char) {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    out
}

/// The text with each unprintable character replaced by exactly one printable one, so that columns
/// stay where they are. Tabs and line feeds are kept.
pub(super) fn masked(text: &str) -> String {
    text.chars()
        .map(|char| match char {
            '\t' | '\n' => char,
            // The picture of a control character: U+2400 is the one of NUL, and so on.
            '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(char)).unwrap_or('\u{fffd}'),
            '\u{7f}' => '\u{2421}',
            _ if is_hostile(char) => '\u{fffd}',
            _ => char,
        })
        .collect()
}

/// Whether a terminal would act on it instead of showing it: controls of both sets, line separators,
/// and the marks that reorder text or take no room.
fn is_hostile(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_on_passes() {
        for (text, name, line) in [
            ("docker", "docker", "docker"),
            ("fäß", "fäß", "fäß"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb", "a\u{241b}[2Jb"),
            ("a\u{9b}2Jb", "a\\u{9b}2Jb", "a\u{fffd}2Jb"),
            ("a\u{202e}b", "a\\u{202e}b", "a\u{fffd}b"),
            ("a\tb\r", "a\\tb\\r", "a\tb\u{240d}"),
        ] {
            assert_eq!(shown(text), name);
            assert_eq!(masked(text), line);
        }
        assert_eq!(shown(&"x".repeat(1_000_000)).len(), LONGEST + 3);
    }
}
