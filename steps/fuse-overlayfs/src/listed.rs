//! What a container prints becomes names in our messages: few, short, and without control characters.

/// The lines of a command's output as names; empty lines are left out.
pub(crate) fn names(output: &str) -> Vec<String> {
    output.lines().map(name).filter(|name| !name.is_empty()).take(1000).collect()
}

/// One name, made safe to show.
pub(crate) fn name(text: &str) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(100).collect()
}

/// The first ten in backticks, and how many more there are.
pub(crate) fn quoted(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(10).map(|name| format!("`{name}`")).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{names, quoted};

    #[test]
    fn hostile_output_is_bounded() {
        let many = format!("\u{1b}[31mred\n\n{}\n", "x".repeat(5000)).repeat(2000);
        let names = names(&many);
        assert_eq!((names.len(), &*names[0], names[1].len()), (1000, "[31mred", 100));
        assert!(quoted(&names).ends_with("and 990 more"));
        assert_eq!(quoted(&names[..1]), "`[31mred`");
    }
}
