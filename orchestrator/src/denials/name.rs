//! Names from a log as AppArmor's language needs them: escaped, quoted, and generalised where an id is
//! different each time.

use std::collections::BTreeSet;

use crate::transport::printable;

/// A name in a rule, and what was done to it.
#[derive(Debug, Default)]
pub(super) struct Names {
    notes: BTreeSet<&'static str>,
}

const DOCKER_IDS: &str = "ids of 64 hex digits became `[0-9a-f]*`";
const NUMBERS: &str = "numbers that differ each time became `[0-9]*`";
const RANDOM: &str = "random letters became `??????`";
const UNWRITABLE: &str = "characters that cannot be written in a rule became wildcards";

impl Names {
    /// A path: ids are generalised, what means something in a pattern is escaped.
    pub(super) fn path(&mut self, path: &str) -> String {
        let parts: Vec<&str> = path.split('/').collect();
        let below_proc = |at: usize| at == 2 && parts[1] == "proc" && parts[0].is_empty();
        let shown: Vec<String> =
            parts.iter().enumerate().map(|(at, part)| self.part(part, below_proc(at))).collect();
        quoted(&shown.join("/"))
    }

    /// Any other name: a label, a device, a bus name.
    pub(super) fn word(&mut self, word: &str) -> String {
        quoted(&self.escaped(word))
    }

    /// What the operator must know of the names.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> + use<'_> {
        self.notes.iter().map(|note| (*note).to_owned())
    }

    fn part(&mut self, part: &str, process: bool) -> String {
        let hex = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if hex(part) {
            self.notes.insert(DOCKER_IDS);
            return "[0-9a-f]*".to_owned();
        }
        if part.strip_suffix("-init").is_some_and(hex) {
            self.notes.insert(DOCKER_IDS);
            return "[0-9a-f]*-init".to_owned();
        }
        if process && digits(part) {
            self.notes.insert(NUMBERS);
            return "[0-9]*".to_owned();
        }
        // What Docker and BuildKit name with a random number.
        for stem in [".pivot_root", "buildkit-mount", "runc-process"] {
            if part.strip_prefix(stem).is_some_and(digits) {
                self.notes.insert(NUMBERS);
                return format!("{stem}[0-9]*");
            }
        }
        // runc's copy of itself, named by mkstemp(3).
        let random = |text: &str| {
            text.len() == 6
                && text.bytes().all(|b| b.is_ascii_alphanumeric())
                && !text.bytes().all(|b| b.is_ascii_lowercase())
        };
        if part.strip_prefix("runc.").is_some_and(random) {
            self.notes.insert(RANDOM);
            return "runc.??????".to_owned();
        }
        self.escaped(part)
    }

    fn escaped(&mut self, text: &str) -> String {
        let mut escaped = String::new();
        for c in text.chars() {
            match c {
                '*' | '?' | '[' | ']' | '{' | '}' | '^' => escaped.extend(['\\', c]),
                '\\' | '"' => escaped.push_str(self.wild("?")),
                c if c.is_control() && c.is_ascii() => escaped.push_str(self.wild("?")),
                char::REPLACEMENT_CHARACTER => escaped.push_str(self.wild("*")),
                // A rule is shown and copied: what hides in a line has no place in it.
                c if !c.is_ascii() && printable(&c.to_string()) != c.to_string() => {
                    escaped.push_str(self.wild("*"));
                }
                c => escaped.push(c),
            }
        }
        escaped
    }

    fn wild(&mut self, wildcard: &'static str) -> &'static str {
        self.notes.insert(UNWRITABLE);
        wildcard
    }
}

/// In quotes where the parser would read more than one word, or another one.
fn quoted(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || "/._-+:~%*?[]{}\\^".contains(c) || !c.is_ascii();
    if !text.is_empty() && text.chars().all(plain) && !text.chars().any(char::is_whitespace) {
        text.to_owned()
    } else {
        format!("\"{text}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn ids_are_generalised_only_where_they_are_ids() {
        let id = "0123456789abcdef".repeat(4);
        for (path, wanted) in [
            (
                format!("/var/lib/docker/fuse-overlayfs/{id}/merged/"),
                "/var/lib/docker/fuse-overlayfs/[0-9a-f]*/merged/",
            ),
            (format!("/x/{id}-init/diff/"), "/x/[0-9a-f]*-init/diff/"),
            ("/proc/4711/attr/current".to_owned(), "/proc/[0-9]*/attr/current"),
            ("/srv/proc/4711/x".to_owned(), "/srv/proc/4711/x"),
            ("/x/.pivot_root123/".to_owned(), "/x/.pivot_root[0-9]*/"),
            ("/x/runc.JCla6g".to_owned(), "/x/runc.??????"),
            ("/x/runc.config".to_owned(), "/x/runc.config"),
            ("/x/runc.json".to_owned(), "/x/runc.json"),
            ("/home/abcdef".to_owned(), "/home/abcdef"),
        ] {
            assert_eq!(Names::default().path(&path), wanted);
        }
    }

    #[test]
    fn what_means_something_in_a_pattern_is_escaped() {
        for (path, wanted) in [
            ("/a b", "\"/a b\""),
            ("/a*[1]{x}?", r"/a\*\[1\]\{x\}\?"),
            ("/a,b#c", "\"/a,b#c\""),
            ("/q\"uo\\te\n", "/q?uo?te?"),
            ("/@{HOME}", "\"/@\\{HOME\\}\""),
            ("/\u{202e}x\u{fffd}", "/*x*"),
            ("/größe", "/größe"),
        ] {
            assert_eq!(Names::default().path(path), wanted);
        }
        assert_eq!(Names::default().word(""), "\"\"");
    }
}
