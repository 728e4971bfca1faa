//! How plain LXC writes a line: `key = value`. Pure.

use crate::runtime::lines::Syntax;

/// LXC's own form.
pub(in crate::runtime) const SYNTAX: Syntax = Syntax { entry, between: " = " };

/// Key and value of a line, if it has them. Comments and lines that LXC would not understand have none.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim_start().split_once('=')?;
    if key.starts_with('#') {
        return None;
    }
    let value = value.trim();
    // LXC takes a pair of quotes off, and nothing else.
    let bare = ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(value);
    Some((key.trim(), bare))
}
