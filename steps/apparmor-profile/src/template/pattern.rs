//! Patterns of AppArmor for "everything but". A denial could not be taken back by a rule; a pattern that
//! leaves names out needs none. Pure.

/// A pattern that matches each name of one path component but these. Names are not empty and consist of letters,
/// digits and hyphens; a `*` at the end leaves out all names that begin so.
pub(super) fn all_but(names: &[&str]) -> String {
    format!("{{{}}}", alternatives(names).join(","))
}

/// The alternatives for what may follow a prefix, where `rests` are the rests of the names to leave out
/// that begin with this prefix. An empty rest is a name that ends here.
fn alternatives(rests: &[&str]) -> Vec<String> {
    if rests.contains(&"*") {
        return Vec::new();
    }
    let mut firsts: Vec<char> = rests.iter().filter_map(|rest| rest.chars().next()).collect();
    firsts.sort_unstable();
    firsts.dedup();
    let others: String = firsts.iter().collect();
    let mut found =
        vec![if others.is_empty() { "?*".to_owned() } else { format!("[^/{others}]*") }];
    for first in firsts {
        let next: Vec<&str> = rests.iter().filter_map(|rest| rest.strip_prefix(first)).collect();
        let mut after = alternatives(&next);
        if !next.contains(&"") && !next.contains(&"*") {
            after.insert(0, String::new());
        }
        match after.as_slice() {
            [] => {}
            [only] => found.push(format!("{first}{only}")),
            _ => found.push(format!("{first}{{{}}}", after.join(","))),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::all_but;

    /// AppArmor's own meaning of a pattern, as far as [`all_but`] uses it.
    fn matches(pattern: &[char], name: &[char]) -> bool {
        match pattern {
            [] => name.is_empty(),
            ['{', ..] => {
                let (alternatives, rest) = braces(pattern);
                let tries = |middle: &[char]| matches(&[middle, rest].concat(), name);
                alternatives.iter().any(|middle| tries(middle))
            }
            ['*', rest @ ..] => (0..=name.len()).any(|at| matches(rest, &name[at..])),
            ['?', rest @ ..] => !name.is_empty() && matches(rest, &name[1..]),
            ['[', '^', rest @ ..] => {
                let end = rest.iter().position(|c| *c == ']').unwrap();
                let other = name.first().is_some_and(|first| !rest[..end].contains(first));
                other && matches(&rest[end + 1..], &name[1..])
            }
            [letter, rest @ ..] => name.first() == Some(letter) && matches(rest, &name[1..]),
        }
    }

    fn braces(pattern: &[char]) -> (Vec<Vec<char>>, &[char]) {
        let (mut depth, mut found) = (0, vec![Vec::new()]);
        for (at, c) in pattern.iter().enumerate() {
            match c {
                '{' if depth == 0 => depth = 1,
                '}' if depth == 1 => return (found, &pattern[at + 1..]),
                ',' if depth == 1 => found.push(Vec::new()),
                c => {
                    depth += i32::from(*c == '{') - i32::from(*c == '}');
                    found.last_mut().unwrap().push(*c);
                }
            }
        }
        panic!("a brace without its counterpart")
    }

    /// All names of up to five letters out of those that the left-out names have, and two others.
    fn names() -> Vec<String> {
        let mut all = vec![String::new()];
        let mut longest = all.clone();
        for _ in 0..5 {
            let longer = |name: &String| {
                "devprosyxn".chars().map(move |c| format!("{name}{c}")).collect::<Vec<_>>()
            };
            longest = longest.iter().flat_map(longer).collect();
            all.extend(longest.iter().filter(|name| name.len() < 5 || near(name)).cloned());
        }
        all
    }

    fn near(name: &str) -> bool {
        ["dev", "pro", "sys", "nod"].iter().any(|near| name.starts_with(near))
    }

    #[test]
    fn each_name_matches_unless_it_is_left_out() {
        let sets: [(&[&str], &[&str]); 5] = [
            (&["dev", "proc", "sys"], &[]),
            (&["dev", "de", "d"], &[]),
            (&["sys"], &[]),
            (&["dev", "proc"], &["sy", "node"]),
            (&[], &["dev", "de"]),
        ];
        for (names_out, prefixes_out) in sets {
            let prefixes: Vec<_> = prefixes_out.iter().map(|prefix| format!("{prefix}*")).collect();
            let out: Vec<&str> =
                names_out.iter().copied().chain(prefixes.iter().map(String::as_str)).collect();
            let pattern: Vec<char> = all_but(&out).chars().collect();
            for name in names() {
                let left_out = name.is_empty()
                    || names_out.contains(&name.as_str())
                    || prefixes_out.iter().any(|prefix| name.starts_with(prefix));
                let letters: Vec<char> = name.chars().collect();
                assert_eq!(matches(&pattern, &letters), !left_out, "{out:?} {name}");
            }
        }
    }
}
