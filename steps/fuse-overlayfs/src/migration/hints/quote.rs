//! Words for a shell, whatever is in them.

/// A word as bash reads it back exactly. Whatever could do something to a terminal is written as an
/// escape: control characters, and those that are not seen or turn the direction of the text.
pub(crate) fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "@%+=:,./_-".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    if text.chars().all(|letter| !needs_escape(letter)) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut quoted = String::from("$'");
    for letter in text.chars() {
        match letter {
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\'' | '\\' => quoted.extend(['\\', letter]),
            letter if needs_escape(letter) && letter <= '\u{ffff}' => {
                quoted += &format!("\\u{:04x}", u32::from(letter));
            }
            letter if needs_escape(letter) => quoted += &format!("\\U{:08x}", u32::from(letter)),
            letter => quoted.push(letter),
        }
    }
    quoted + "'"
}

fn needs_escape(letter: char) -> bool {
    !(letter.is_alphanumeric() || letter == ' ' || letter.is_ascii_graphic())
}

/// Words in one line.
pub(crate) fn line<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    words.into_iter().map(|text| word(text.as_ref())).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn bash_reads_back_what_was_quoted() {
        for text in [
            "",
            "plain/word:1",
            "a b",
            "it's",
            "$(reboot) `reboot` ;&|<>!*?~#",
            "\\n\\",
            "line\nfeed\ttab\r",
            "\u{1b}[2J\u{7}\u{9b}31m",
            "right\u{202e}to left\u{2066}",
            "ünïcode 漢字",
            "'\n'",
            "\u{e0041}tag",
        ] {
            let quoted = word(text);
            assert!(quoted.chars().all(|letter| !super::needs_escape(letter)), "{quoted:?}");
            let script = format!("printf '%s' {quoted}; printf .");
            let output = std::process::Command::new("bash")
                .env("LC_ALL", "C.UTF-8")
                .args(["-c", &script])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{text}."), "{quoted}");
        }
    }
}
