/// One word of shell text that stands for exactly these bytes. A NUL byte cannot be in a word; nobody
/// who asks for one gets here.
pub(in crate::transport) fn quote(word: &str) -> String {
    let mut quoted = String::with_capacity(word.len() + 2);
    quoted.push('\'');
    for c in word.chars() {
        if c == '\'' {
            // Close the quotes, an escaped quote, and open them again.
            quoted.push_str("'\\''");
        } else {
            quoted.push(c);
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_quote_is_the_only_special_character() {
        for (word, quoted) in
            [("", "''"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("$(x)`\\\n", "'$(x)`\\\n'")]
        {
            assert_eq!(quote(word), quoted);
        }
    }
}
