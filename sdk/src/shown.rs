//! What a machine prints becomes part of a step's messages and evidence: few, short, and without
//! control characters.
//!
//! ```
//! use phoenix_sdk::{Output, shown};
//!
//! assert_eq!(shown::name("web\u{1b}[2J\n"), "web[2J");
//! assert_eq!(shown::quoted(&shown::names("one\ntwo\n\n")), "`one`, `two`");
//!
//! let failed = Output { exit: 1, stdout: "".into(), stderr: "warning\nno route\n".into() };
//! assert_eq!(shown::output(&failed), "no route");
//! ```

use crate::Output;

/// A name, or a value of a word or two.
pub fn name(text: &str) -> String {
    clean(text, 100)
}

/// A message, or a line of a log.
pub fn sentence(text: &str) -> String {
    clean(text, 400)
}

/// The lines of a command's output as names; empty lines are left out.
pub fn names(output: &str) -> Vec<String> {
    output.lines().map(name).filter(|name| !name.is_empty()).take(1000).collect()
}

/// The first ten in backticks, and how many more there are.
pub fn quoted(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(10).map(|name| format!("`{name}`")).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What a command answered, or what it complained of when it failed.
pub fn output(output: &Output) -> String {
    sentence(&if output.success() { output.line() } else { output.complaint() })
}

fn clean(text: &str, limit: usize) -> String {
    text.trim().chars().filter(|letter| !letter.is_control()).take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::{name, names, output, quoted, sentence};
    use crate::Output;

    #[test]
    fn hostile_output_is_bounded() {
        let many = format!("\u{1b}[31mred\n\n{}\n", "x".repeat(5000)).repeat(2000);
        let names = names(&many);
        assert_eq!((names.len(), &*names[0], names[1].len()), (1000, "[31mred", 100));
        assert!(quoted(&names).ends_with("and 990 more"));
        assert_eq!(quoted(&names[..1]), "`[31mred`");
        assert_eq!((name(&many).len(), sentence(&many).len()), (100, 400));
    }

    #[test]
    fn a_failure_is_shown_by_its_complaint() {
        let ran = |exit| Output { exit, stdout: "yes\n".into(), stderr: "no\u{7}\n".into() };
        assert_eq!((output(&ran(0)), output(&ran(1))), ("yes".to_owned(), "no".to_owned()));
    }
}
