//! The reference of the events, made from the types and comments of the sources themselves.
//!
//! What this module does not do: it knows no event. A field or a kind that is new is in the page as soon as it is in one of
//! the sources, and a test holds the page to them.

mod attributes;
mod page;
mod types;

use std::fs;

use anyhow::{Context as _, Result};

pub use self::page::of;
use crate::workspace;

/// Where the types are, in the order in which they are explained.
const SOURCES: &[(&str, &[&str])] = &[
    ("orchestrator/src/engine/event.rs", &["Event", "Body", "Planned", "Outcome", "Failure"]),
    ("sdk/src/error.rs", &["StepError"]),
    ("orchestrator/src/graph/unit.rs", &["Unit"]),
    ("orchestrator/src/engine/deed.rs", &["Deed", "Restore"]),
    ("sdk/src/change/mod.rs", &["Change", "Kind", "Others", "Consent"]),
    ("sdk/src/report.rs", &["Evidence"]),
    (
        "orchestrator/src/effect/image.rs",
        &["Image", "FileImage", "Node", "ServiceImage", "PackagesImage", "Package"],
    ),
    ("orchestrator/src/effect/vault.rs", &["Digest"]),
    ("orchestrator/src/effect/judge.rs", &["Judgement"]),
    ("sdk/src/subject.rs", &["Permissions"]),
];

/// The page of this checkout.
///
/// # Errors
/// When a source cannot be read, or does not have its types any more.
pub fn events() -> Result<String> {
    let mut sources = Vec::new();
    for (path, types) in SOURCES {
        let text = fs::read_to_string(workspace::root().join(path));
        sources.push((text.with_context(|| format!("cannot read `{path}`"))?, *types));
    }
    of(&sources)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::workspace;

    #[test]
    fn the_page_is_that_of_the_sources() {
        let page = fs::read_to_string(workspace::root().join("docs/reference/events.md")).unwrap();
        assert!(page == super::events().unwrap(), "run `cargo xtask docs`");
    }
}
