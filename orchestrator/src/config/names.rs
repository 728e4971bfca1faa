//! What features, steps and containers may be called. The names go into messages, file names and argv,
//! so they hold nothing that means something there.

use std::ops::Range;

use super::codes;
use super::shown::shown;
use super::source::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::HOST;

/// The longest name, in bytes: the one of a host name.
const LONGEST: usize = 63;

/// What [`is_word`] asks for.
const WORD: &str = "lower-case letters, digits and hyphens, a letter first";

/// What features may be called: as steps, and with the underscores that the inventory of the old scripts has.
const FEATURE: &str = "lower-case letters, digits, hyphens and underscores, a letter first";

/// Checks the name of a feature.
pub(super) fn feature(source: &Source, place: Range<usize>, name: &str) -> Result<()> {
    let fits = is_word(&name.replace('_', "-"));
    check(source, place, name, "feature", fits, FEATURE)
}

/// Checks the name of a step.
pub(super) fn word(source: &Source, place: Range<usize>, name: &str, what: &str) -> Result<()> {
    check(source, place, name, what, is_word(name), WORD)
}

/// Checks a name for a step that is in no file yet.
///
/// # Errors
/// `CONFIG-NAME`, of kind `Usage`.
pub fn check_step_name(name: &str) -> Result<()> {
    match complaint(name, "step", is_word(name)) {
        Some((message, _)) => {
            Err(Error::new(ErrorKind::Usage, codes::NAME, message).hint(rule_of("step", WORD)))
        }
        None => Ok(()),
    }
}

fn is_word(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Checks the name of a container.
pub(super) fn container(source: &Source, place: Range<usize>, name: &str) -> Result<()> {
    if name == HOST {
        let message = format!("a container cannot be called `{HOST}`");
        return Err(source
            .error(place, codes::NAME, message, "means the host itself")
            .hint("The host is always a target of the steps that work on it; leave it out here."));
    }
    let fits = is_container(name);
    let rule = "letters, digits, hyphens, underscores and full stops, a letter or digit first";
    check(source, place, name, "container", fits, rule)
}

/// Whether a container can have this name; that of the host is none.
pub fn is_container_name(name: &str) -> bool {
    name != HOST && complaint(name, "container", is_container(name)).is_none()
}

fn is_container(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

fn check(
    source: &Source,
    place: Range<usize>,
    name: &str,
    what: &str,
    fits: bool,
    rule: &str,
) -> Result<()> {
    match complaint(name, what, fits) {
        Some((message, label)) => {
            Err(source.error(place, codes::NAME, message, label).hint(rule_of(what, rule)))
        }
        None => Ok(()),
    }
}

/// What is wrong with a name: in a sentence, and beside the name itself.
fn complaint(name: &str, what: &str, fits: bool) -> Option<(String, &'static str)> {
    if name.is_empty() {
        Some((format!("the name of a {what} is empty"), "empty name"))
    } else if name.len() > LONGEST {
        let length = name.len();
        Some((format!("the name of a {what} is too long: {length} bytes"), "too long"))
    } else if !fits {
        Some((format!("`{}` cannot be the name of a {what}", shown(name)), "not a possible name"))
    } else {
        None
    }
}

fn rule_of(what: &str, rule: &str) -> String {
    format!("The name of a {what} has 1 to {LONGEST} characters: {rule}.")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn names_are_plain() {
        let source = Source::new(Path::new("plugins.toml"), "");
        for (name, is_word, is_container) in [
            ("docker-install", true, true),
            ("web", true, true),
            ("101", false, true),
            ("Web.local_1", false, true),
            ("host", true, false),
            ("", false, false),
            ("-rf", false, false),
            ("a-", false, true),
            ("a/b", false, false),
            ("..", false, false),
            ("a b", false, false),
            ("a\u{1b}", false, false),
            ("é", false, false),
        ] {
            assert_eq!(word(&source, 0..0, name, "step").is_ok(), is_word, "{name:?}");
            assert_eq!(check_step_name(name).is_ok(), is_word, "{name:?}");
            assert_eq!(container(&source, 0..0, name).is_ok(), is_container, "{name:?}");
        }
        let long = "x".repeat(LONGEST);
        assert!(word(&source, 0..0, &long, "step").is_ok());
        assert!(word(&source, 0..0, &format!("{long}x"), "step").is_err());
    }
}
