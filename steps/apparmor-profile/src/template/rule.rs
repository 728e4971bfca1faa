//! Whether a text from the configuration is a path or one rule, and nothing more. Pure.

/// The words a rule may begin with, before which there may be a qualifier.
const HEADS: [&str; 14] = [
    "capability",
    "change_profile",
    "dbus",
    "file",
    "link",
    "mount",
    "network",
    "pivot_root",
    "ptrace",
    "remount",
    "signal",
    "umount",
    "unix",
    "owner",
];
const QUALIFIERS: [&str; 4] = ["allow", "audit", "deny", "owner"];

/// A pattern of AppArmor that begins at the root and needs no quotes.
pub(super) fn is_path(text: &str) -> Result<(), String> {
    if !text.starts_with('/') {
        return Err("is not an absolute path".to_owned());
    }
    let odd = |c: &char| !(c.is_ascii_alphanumeric() || "/._-+:~*?{},[]^".contains(*c));
    if let Some(odd) = text.chars().find(odd) {
        return Err(format!("has the character `{}`", odd.escape_debug()));
    }
    commas_outside(text).map(|_| ()).and_then(|()| match commas_outside(text)? {
        0 => Ok(()),
        _ => Err("has a comma outside braces".to_owned()),
    })
}

/// An absolute path that stands for itself alone, as it is written in one way only.
pub(super) fn is_plain_path(text: &str) -> Result<(), String> {
    is_path(text)?;
    if let Some(odd) = text.chars().find(|c| "*?{}[],^".contains(*c)) {
        return Err(format!("has the character `{odd}`, and a pattern cannot be given here"));
    }
    match text.split('/').skip(1).any(|name| ["", ".", ".."].contains(&name)) {
        true => Err("has an empty component, a `.` or a `..`".to_owned()),
        false => Ok(()),
    }
}

/// One rule: one line, one comma, which is the last character, and a word at the beginning that begins a rule.
pub(super) fn is_one_rule(text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err("has a line break or another control character".to_owned());
    }
    if !text.ends_with(',') {
        return Err("does not end with a comma".to_owned());
    }
    if text.contains('#') {
        return Err("has a `#`, which begins a comment or an include".to_owned());
    }
    if commas_outside(text)? != 1 {
        return Err("is more than one rule".to_owned());
    }
    let mut words =
        text[..text.len() - 1].split_whitespace().skip_while(|word| QUALIFIERS.contains(word));
    let head = words.next().unwrap_or_default();
    let is_path = head.starts_with(['/', '"']) || head.starts_with("@{");
    if !is_path && !HEADS.contains(&head) {
        return Err(format!("begins with `{}`, which is no kind of rule", head.escape_debug()));
    }
    if words.next().is_some_and(|word| ["=", "+="].contains(&word)) {
        return Err("sets a variable".to_owned());
    }
    Ok(())
}

/// Commas outside braces, brackets, parentheses and quotes. These have to be balanced, and a brace has to belong to a
/// pattern: one that stands alone would begin or end a block.
fn commas_outside(text: &str) -> Result<usize, String> {
    let mut open = Vec::new();
    let mut commas = 0;
    let mut before = ' ';
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '\\' => return Err("has a backslash".to_owned()),
            '"' => quoted = !quoted,
            _ if quoted && c != '{' && c != '}' => {}
            '{' if before.is_whitespace() || before == ',' && open.is_empty() => {
                return Err("has a `{` that begins a block".to_owned());
            }
            '{' | '[' | '(' => open.push(c),
            '}' | ']' | ')' => {
                let pair = open.pop();
                if !matches!((pair, c), (Some('{'), '}') | (Some('['), ']') | (Some('('), ')')) {
                    return Err(format!("has a `{c}` without its counterpart"));
                }
            }
            c if c.is_whitespace() && open.contains(&'{') => {
                return Err("has a blank between braces".to_owned());
            }
            ',' if open.is_empty() => commas += 1,
            _ => {}
        }
        before = c;
    }
    match (quoted, open.last()) {
        (true, _) => Err("has a quote without its counterpart".to_owned()),
        (_, Some(c)) => Err(format!("has a `{c}` without its counterpart")),
        _ => Ok(commas),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_one_rule, is_path, is_plain_path};

    #[test]
    fn one_rule_is_one_rule() {
        for good in [
            "/dev/{a,b} rw,",
            "\"/mnt/with blank/\" r,",
            "mount options=(ro, bind) /a/ -> /b/,",
            "audit deny @{PROC}/kcore r,",
            "capability syslog,",
            "signal (send) peer=other,",
            "owner /srv/** rwk,",
        ] {
            assert_eq!(is_one_rule(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            ",",
            "}",
            "},",
            "/a r, /b w,",
            "/a r,\n} profile x {",
            "/a r,\r/b w,",
            "/a r, }",
            "/a r } ,",
            "profile x { file, },",
            "hat x { file, }",
            "^hat { file, },",
            "#include <abstractions/base>,",
            "/a r, # more",
            "include <abstractions/base>,",
            "abi <abi/3.0>,",
            "@{X} = /a,",
            "@{X} += /a,",
            "/a{ r,",
            "/a} r,",
            "/a r",
            "\"/a r,",
            "/a\\, r,",
            "if true { file, },",
            "flags=(complain) { file, },",
            "audit deny allow,",
            "alias /a -> /b,",
            "set rlimit nofile <= 1,",
        ] {
            assert!(is_one_rule(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_plain_path_is_no_pattern_and_has_one_way_to_be_written() {
        assert_eq!(is_plain_path("/srv/docker-1.x"), Ok(()));
        for bad in ["", "/", "srv", "/srv/", "/srv//d", "/srv/./d", "/srv/../proc", "/s*", "/{a,b}"]
        {
            assert!(is_plain_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_is_a_path() {
        for good in ["/dev/sdb1", "/mnt/shared/**", "/dev/{a,b}[0-9]*", "/sys/x_y-z:1~/b+"] {
            assert_eq!(is_path(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "dev/sdb",
            "/a b",
            "/a,",
            "/a rw,\n/b",
            "/a\" ",
            "/{a",
            "/a}",
            "/a#",
            "/a\\x",
            "@{PROC}/x",
        ] {
            assert!(is_path(bad).is_err(), "{bad}");
        }
    }
}
