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
