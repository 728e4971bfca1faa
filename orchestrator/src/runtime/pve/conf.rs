//! The text of a container's file on Proxmox (`pct.conf(5)`): the main section, what is pending, snapshots. Pure.
//!
//! Only the main section is ever edited. What is read is what the next start will have: what is pending
//! counts as done then.

use phoenix_sdk::{Others, change::properties};

use crate::{
    error::{Error, ErrorKind, Result},
    runtime::{
        Edit,
        lines::{self, Syntax},
    },
};

const PENDING: &str = "[pve:pending]";
/// In the pending section: keys that go with the next start.
const DELETE: &str = "delete";

/// Proxmox's own form. It reads `key = value` too where the key is one of LXC's.
const SYNTAX: Syntax = Syntax { entry, between: ": " };

/// Key and value of a line, as Proxmox reads them. Remarks, and lines that it does not understand, have none.
fn entry(line: &str) -> Option<(&str, &str)> {
    let end = line.find(|letter: char| {
        !(letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-.".contains(letter))
    })?;
    let (key, rest) = line.split_at(end);
    let is_raw = key.starts_with("lxc.");
    let value = match rest.strip_prefix(':') {
        Some(value) => value,
        None if is_raw => rest.trim_start().strip_prefix('=')?,
        None => return None,
    };
    let is_plain =
        key.starts_with(|letter: char| letter.is_ascii_lowercase()) && !key.contains(['-', '.']);
    (is_raw || is_plain).then(|| (key, value.trim()))
}

/// Where the main section ends: at the first line that begins another.
fn end_of_main(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with('[') {
            break;
        }
        at += line.len();
    }
    at
}

fn main(text: &str) -> &str {
    &text[..end_of_main(text)]
}

/// The section with what is pending; empty if there is none.
fn pending(text: &str) -> &str {
    let mut lines = text.split_inclusive('\n');
    let mut at = 0;
    for line in lines.by_ref() {
        at += line.len();
        if line.trim_end() == PENDING {
            let rest = &text[at..];
            return &rest[..end_of_main(rest)];
        }
    }
    ""
}

/// What is pending for a key: its value, or that it goes.
#[derive(Debug, PartialEq, Eq)]
enum Pending {
    Nothing,
    Value(String),
    Gone,
}

fn pending_of(text: &str, key: &str) -> Pending {
    let section = pending(text);
    if let Some(value) = lines::values(SYNTAX, section, key).pop() {
        return Pending::Value(value);
    }
    match deleted(section).any(|gone| gone == key) {
        true => Pending::Gone,
        false => Pending::Nothing,
    }
}

/// The keys that a pending section takes away; `!` in front means by force.
fn deleted(section: &str) -> impl Iterator<Item = &str> {
    let lists = section.lines().filter_map(entry).filter(|(key, _)| *key == DELETE);
    let keys = lists.flat_map(|(_, list)| list.split([',', ';', ' ']));
    keys.map(|key| key.trim_start_matches('!')).filter(|key| !key.is_empty())
}

/// The keys that are to change with the next start.
pub(super) fn pending_keys(text: &str) -> Vec<String> {
    let section = pending(text);
    let set = section.lines().filter_map(entry).map(|(key, _)| key).filter(|key| *key != DELETE);
    set.chain(deleted(section)).map(str::to_owned).collect()
}

/// The task that has the container for itself, if there is one.
pub(super) fn lock(text: &str) -> Option<String> {
    lines::values(SYNTAX, main(text), "lock").pop()
}

/// Every value of a key that the next start will have, in the order of the file. `dev[n]` stands for all of
/// `dev0`, `dev1` and so on.
pub(super) fn values(text: &str, key: &str) -> Vec<String> {
    let main = main(text);
    if key.is_empty() || key.starts_with("lxc.") {
        return lines::values(SYNTAX, main, key);
    }
    if let Some(stem) = key.strip_suffix("[n]") {
        return numbered(main, stem).into_iter().flat_map(|key| values(text, key)).collect();
    }
    match pending_of(text, key) {
        Pending::Value(value) => vec![value],
        Pending::Gone => Vec::new(),
        // Of several lines Proxmox takes the last.
        Pending::Nothing => lines::values(SYNTAX, main, key).pop().into_iter().collect(),
    }
}

fn numbered<'t>(main: &'t str, stem: &str) -> Vec<&'t str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let keys = main.lines().filter_map(entry).map(|(key, _)| key);
    let mut keys: Vec<_> =
        keys.filter(|key| key.strip_prefix(stem).is_some_and(is_number)).collect();
    keys.dedup();
    keys
}

/// The files that are included below the last line of a key, and so override it.
pub(super) fn includes_below(text: &str, key: &str) -> Vec<String> {
    lines::includes_below(SYNTAX, main(text), key)
}

/// The text after an edit of its main section; all other sections, and all other lines, as they are.
///
/// # Errors
/// `CONTAINER-PENDING` when something that is pending would undo it at the next start.
pub(super) fn edited(container: &str, text: &str, edit: Edit<'_>) -> Result<String> {
    let (main, rest) = text.split_at(end_of_main(text));
    // Empty lines between the sections stay between them.
    let (main, gap) = main.split_at(main.trim_end_matches('\n').len());
    let (main, gap) = match gap.strip_prefix('\n') {
        Some(gap) => (format!("{main}\n"), gap),
        None => (main.to_owned(), gap),
    };
    let main = match edit {
        Edit::Remove { key, value } => lines::without(SYNTAX, &main, key, value),
        Edit::Set { key, value, others } if key.starts_with("lxc.") => {
            lines::with_value(SYNTAX, &main, key, value, others)
        }
        Edit::Set { key, value, others } => {
            if let Some(as_pending) = fits_pending(container, text, key, value, others)? {
                return Ok(as_pending.to_owned());
            }
            with_option(&main, key, value, others)
        }
    };
    Ok(format!("{main}{gap}{rest}"))
}

/// The text as it is, where what is pending for a key brings the value by itself.
fn fits_pending<'t>(
    container: &str,
    text: &'t str,
    key: &str,
    value: &str,
    others: Others,
) -> Result<Option<&'t str>> {
    let (fits, will) = match pending_of(text, key) {
        Pending::Nothing => return Ok(None),
        Pending::Gone => (false, "it is to be removed".to_owned()),
        Pending::Value(will) => {
            let fits = match others {
                Others::Merged => properties::missing(&will, value).is_empty(),
                Others::Kept | Others::Replaced => will == value,
            };
            (fits, format!("it is to become `{}`", crate::transport::printable(&will)))
        }
    };
    if fits {
        return Ok(Some(text));
    }
    Err(Error::new(
        ErrorKind::Step,
        "CONTAINER-PENDING",
        format!("a change of `{key}` is pending, and would undo `{key}: {value}` at the next start"),
    )
    .cause(will)
    .hint(format!("Take it back with `pct set {container} --revert {key}`, or let it happen with `pct reboot {container}`; then run again.")))
}

/// One of Proxmox's own options. A new one goes where Proxmox itself will put it: they are sorted, and LXC's
/// come behind.
fn with_option(main: &str, key: &str, value: &str, others: Others) -> String {
    if main.lines().filter_map(entry).any(|(have, _)| have == key) {
        return lines::with_value(SYNTAX, main, key, value, others);
    }
    let comes_later =
        |line: &&str| entry(line).is_some_and(|(have, _)| have.starts_with("lxc.") || have > key);
    let at = main
        .split_inclusive('\n')
        .take_while(|line| !comes_later(line))
        .map(str::len)
        .sum::<usize>();
    let (before, after) = main.split_at(at);
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{gap}{key}: {value}\n{after}")
}

#[cfg(test)]
mod tests;
