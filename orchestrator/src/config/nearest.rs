//! The known name that somebody probably meant.

use super::shown::shown;
use crate::error::Error;

/// The known name nearest to a misspelt one, if any is near enough to be worth saying.
///
/// A third of the letters may be wrong, but not more than three of them: a guess further off is noise.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(name);
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        // Names of very different lengths are never near; comparing them would only cost time and
        // memory, and a hostile file can hold a name of a megabyte.
        .filter(|known| known.len().abs_diff(name.len()) <= allowed)
        .map(|known| (strsim::damerau_levenshtein(&plain, &self::plain(known)), known))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, known)| known)
}

/// `Docker_Install` and `docker-install` differ in nothing that matters for a guess.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// Adds to an error what was probably meant, and all that could have been: `which` names the kind of
/// thing, in the plural.
pub(super) fn suggest<'a>(
    mut error: Error,
    name: &str,
    which: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Error {
    /// More names than this are a list to search, not one to read.
    const MOST: usize = 20;
    let known: Vec<_> = known.into_iter().collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        error = error.hint(format!("Did you mean `{}`?", shown(near)));
    }
    if known.is_empty() {
        return error.hint(format!("There are no {which} here."));
    }
    let list: Vec<_> = known.iter().take(MOST).map(|name| format!("`{}`", shown(name))).collect();
    let more = known.len().saturating_sub(MOST);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    error.hint(format!("Known {which}: {}{rest}.", list.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["docker-install", "fuse-overlayfs", "host-tunables", "apparmor-profile"];
        for (name, expected) in [
            ("docker-instal", Some("docker-install")),
            ("docker_install", Some("docker-install")),
            ("Fuse-Overlayfs", Some("fuse-overlayfs")),
            ("host-tunabels", Some("host-tunables")),
            ("docker", None),
            ("", None),
            ("zfs", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
        assert_eq!(nearest(&"x".repeat(1_000_000), known), None);
    }
}
