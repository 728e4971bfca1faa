//! A command line for people.

/// The words so that it is seen where each begins and ends, as a shell would take them. It is for reading
/// only: no shell ever sees it.
pub fn command_line(argv: &[String]) -> String {
    argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::command_line;

    #[test]
    fn words_are_told_apart() {
        let argv = ["/a/b.sh", "101", "", "a b", "it's", "$(id)", "*"].map(str::to_owned);
        assert_eq!(command_line(&argv), r"/a/b.sh 101 '' 'a b' 'it'\''s' '$(id)' '*'");
    }
}
