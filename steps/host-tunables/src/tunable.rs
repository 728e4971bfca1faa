//! The text of `/etc/apparmor.d/tunables/nesting`: our names are in the variable, all else stays. Pure.
//!
//! Read as apparmor_parser 3.0 reads it, tried with its `-D expanded-variables`: values are words or quoted
//! words up to the end of the line, a backslash at the end goes on in the next line, and a `#` behind the
//! values is no comment but a value.

use phoenix_sdk::{Code, Result, StepError};

const VARIABLE: &str = "@{apparmor_nesting_profiles}";

pub(crate) const BROKEN: Code = Code::new(
    "TUNABLE-BROKEN",
    "`/etc/apparmor.d/tunables/nesting`, or `tunables/home` beside it, cannot be read the way AppArmor's parser reads it. \
     It is left exactly as it is.",
    "Mend the file by hand, or move it away and run again.",
);

/// The error for a file that must be left alone.
pub(crate) fn broken(why: impl Into<String>) -> StepError {
    StepError::new("TUNABLE-BROKEN", why)
        .hint("Mend the file by hand, or move it away and run again; it is left exactly as it is.")
}

/// Whether a text can stand in the variable as it is.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.+/".contains(letter);
    !text.is_empty() && text.chars().all(fits)
}

/// A new file.
pub(crate) fn fresh(names: &[String]) -> String {
    format!(
        "# Profiles that processes in nested containers may have. Managed by phoenix-orch (host-tunables): it\n\
         # adds names and keeps yours. Nothing reads this but profiles that include <tunables/nesting>.\n\
         {VARIABLE} = {}\n",
        names.join(" ")
    )
}

/// All names that the variable has.
pub(crate) fn names(text: &str) -> Vec<String> {
    assignments(text).into_iter().flat_map(|assignment| assignment.names).collect()
}

/// The text with these names in the variable too.
pub(crate) fn merge(text: &str, wanted: &[String]) -> Result<String> {
    let assignments = assignments(text);
    if let Some(odd) = assignments.iter().find(|assignment| !assignment.closed) {
        return Err(broken(format!(
            "a quote is not closed: `{}`",
            text[odd.start..odd.end].trim()
        )));
    }
    let mut first = assignments.iter().filter(|assignment| !assignment.adds);
    let (set, again) = (first.next(), first.next());
    if again.is_some() {
        return Err(broken(format!("`{VARIABLE}` is set twice, which the parser refuses")));
    }
    let have: Vec<_> = assignments.iter().flat_map(|assignment| &assignment.names).collect();
    let missing: Vec<_> =
        wanted.iter().filter(|name| !have.contains(name)).map(String::as_str).collect();
    // An included file may set it first; then adding is right.
    let set_elsewhere = text.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with("include ") || line.starts_with("#include ")
    });
    let mut after = text.to_owned();
    match (set, assignments.first()) {
        (Some(at), _) => append(&mut after, at, &missing),
        (None, Some(at)) if !set_elsewhere => {
            // Adding to what was never set is an error for the parser.
            append(&mut after, at, &missing);
            after.replace_range(at.operator..at.operator + 2, "=");
        }
        (None, Some(at)) => append(&mut after, at, &missing),
        (None, None) => {
            if !after.is_empty() && !after.ends_with('\n') {
                after.push('\n');
            }
            after.push_str(&format!("{VARIABLE} = {}\n", missing.join(" ")));
        }
    }
    Ok(after)
}

/// A logical line that sets the variable or adds to it.
struct Assignment {
    /// Where it begins and where it ends, without the line's end.
    start: usize,
    end: usize,
    /// Where its operator is.
    operator: usize,
    /// `+=`, not `=`.
    adds: bool,
    names: Vec<String>,
    /// Whether every quote is closed.
    closed: bool,
}

fn append(text: &mut String, assignment: &Assignment, names: &[&str]) {
    if names.is_empty() {
        return;
    }
    let line = &text[assignment.start..assignment.end];
    let at = assignment.start + line.trim_end().len();
    text.insert_str(at, &format!(" {}", names.join(" ")));
}

fn assignments(text: &str) -> Vec<Assignment> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = logical_end(text, start);
        found.extend(assignment(text, start, end));
        start = end + 1;
    }
    found
}

/// Where the line that begins here ends; a comment has no continuation.
fn logical_end(text: &str, start: usize) -> usize {
    let mut from = start;
    loop {
        let end = text[from..].find('\n').map_or(text.len(), |at| from + at);
        let line = text[from..end].trim_end_matches('\r');
        let comment = text[start..].trim_start().starts_with('#');
        if comment || !line.ends_with('\\') || end == text.len() {
            return end;
        }
        from = end + 1;
    }
}

fn assignment(text: &str, start: usize, end: usize) -> Option<Assignment> {
    let line = &text[start..end];
    let rest = line.trim_start().strip_prefix(VARIABLE)?.trim_start();
    let adds = rest.starts_with("+=");
    let values = rest.strip_prefix("+=").or_else(|| rest.strip_prefix('='))?;
    let operator = end - rest.len();
    let (names, closed) = words(values);
    Some(Assignment { start, end, operator, adds, names, closed })
}

fn words(values: &str) -> (Vec<String>, bool) {
    let mut names = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for letter in values.replace("\\\r\n", " ").replace("\\\n", " ").chars() {
        match letter {
            '"' => quoted = !quoted,
            letter if letter.is_whitespace() && !quoted => names.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    names.push(word);
    names.retain(|name| !name.is_empty());
    (names, !quoted)
}

#[cfg(test)]
mod tests {
    use super::{fresh, is_name, merge, names};

    fn wanted(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn script_bug_10_our_name_joins_the_others() {
        let v = "@{apparmor_nesting_profiles}";
        for (before, after) in [
            ("", "V = ours\n"),
            ("# only a comment", "# only a comment\nV = ours\n"),
            ("V = ours\n", "V = ours\n"),
            ("V=\"ours\"\n", "V=\"ours\"\n"),
            ("# a\nV = a b\n# c\n", "# a\nV = a b ours\n# c\n"),
            ("V = a  \nV += b\n", "V = a ours  \nV += b\n"),
            ("V = a\nV += ours\n", "V = a\nV += ours\n"),
            ("V += a\n", "V = a ours\n"),
            ("include <tunables/site>\nV += a\n", "include <tunables/site>\nV += a ours\n"),
            ("V = a \\\n  b\n@{other} = c\n", "V = a \\\n  b ours\n@{other} = c\n"),
            ("V = a\r\n", "V = a ours\r\n"),
            ("V = a # mine\n", "V = a # mine ours\n"),
            ("#V = ours\nV = a", "#V = ours\nV = a ours"),
            (
                "@{apparmor_nesting_profiles_2} = ours\n",
                "@{apparmor_nesting_profiles_2} = ours\nV = ours\n",
            ),
        ] {
            let before = before.replace('V', v);
            let merged = merge(&before, &wanted(&["ours"])).unwrap();
            assert_eq!(merged, after.replace('V', v));
            assert_eq!(merge(&merged, &wanted(&["ours"])).unwrap(), merged, "twice");
            assert!(names(&merged).contains(&"ours".to_owned()), "{merged}");
        }
    }

    #[test]
    fn what_the_parser_refuses_is_left_alone() {
        for text in [
            "@{apparmor_nesting_profiles} = a\n@{apparmor_nesting_profiles} = b\n",
            "@{apparmor_nesting_profiles} = \"a\n",
        ] {
            assert_eq!(merge(text, &wanted(&["ours"])).unwrap_err().code, "TUNABLE-BROKEN");
        }
    }

    #[test]
    fn a_fresh_file_has_the_names_and_needs_nothing() {
        let text = fresh(&wanted(&["a", "b"]));
        assert_eq!(names(&text), ["a", "b"]);
        assert_eq!(merge(&text, &wanted(&["b", "a"])).unwrap(), text);
    }

    #[test]
    fn names_that_can_stand_there() {
        for (name, fits) in [
            ("lxc-phoenix-v2", true),
            ("/usr/bin/x", true),
            ("", false),
            ("a b", false),
            ("#", false),
            ("@{x}", false),
        ] {
            assert_eq!(is_name(name), fits, "{name}");
        }
    }
}
