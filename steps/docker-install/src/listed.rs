//! What a container prints becomes part of our messages: short, and without control characters.

/// A name, made safe to show.
pub(crate) fn name(text: &str) -> String {
    clean(text, 100)
}

/// A message, made safe to show.
pub(crate) fn sentence(text: &str) -> String {
    clean(text, 400)
}

/// The lines of a command's output, without empty ones.
pub(crate) fn long(output: &str) -> Vec<String> {
    output.lines().map(sentence).filter(|line| !line.is_empty()).collect()
}

fn clean(text: &str, limit: usize) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::{long, name};

    #[test]
    fn hostile_output_is_bounded() {
        assert_eq!(name("\u{1b}[31mred\n"), "[31mred");
        assert_eq!(name(&"x".repeat(5000)).len(), 100);
        assert_eq!(long("a\n\n\tb \n"), ["a", "b"]);
    }
}
