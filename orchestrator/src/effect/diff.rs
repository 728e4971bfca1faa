//! What a change does to a text, as a unified diff.

use phoenix_sdk::{Bytes, Change, Kind, Observed};

use super::{Eyes, container, file};
use crate::error::Result;

/// A unified diff with three lines of context. Nothing for a change that is not one of a text, or whose
/// text is not UTF-8.
///
/// # Errors
/// When what the change leads to cannot be computed.
pub fn of(eyes: Eyes<'_>, change: &Change, before: Option<&Observed>) -> Result<Option<String>> {
    let former = || file::state(before).content().map(Bytes::as_text);
    let (path, before, after) = match &change.kind {
        Kind::File { path, .. } | Kind::JsonKeys { path, .. } => {
            let Some(after) = file::after(&change.kind, before)? else { return Ok(None) };
            (path.clone(), former(), after)
        }
        Kind::Absent { path } => (path.clone(), former(), Vec::new()),
        Kind::AppArmorProfile { name, text } => {
            (format!("/etc/apparmor.d/{name}"), former(), text.clone().into_bytes())
        }
        kind @ (Kind::ContainerOption { .. } | Kind::ContainerOptionAbsent { .. }) => {
            let edited = container::edited(eyes.container, kind)?;
            let edited =
                edited.map(|(before, after)| unified(&before.path, &before.text, &after.text));
            return Ok(edited);
        }
        _ => return Ok(None),
    };
    let before = match before {
        Some(Some(text)) => text,
        Some(None) => return Ok(None),
        None => "",
    };
    Ok(std::str::from_utf8(&after).ok().map(|after| unified(&path, before, after)))
}

/// Whether a change of this kind is one of a text.
pub fn has(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::File { content: Some(_), .. }
            | Kind::JsonKeys { .. }
            | Kind::Absent { .. }
            | Kind::AppArmorProfile { .. }
            | Kind::ContainerOption { .. }
            | Kind::ContainerOptionAbsent { .. }
    )
}

pub(super) fn unified(path: &str, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(3)
        .header(path, path)
        .to_string()
}
