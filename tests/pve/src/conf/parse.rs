//! From the text of the file.

use super::keys::{check_value, is_raw};
use super::section::{Conf, Section};
use super::text::decode;

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// What it says.
    pub conf: Conf,
    /// What Proxmox complains about on standard error, each a line or more. The lines complained about as
    /// such are not in `conf`, so they are gone with the next write.
    pub warnings: Vec<String>,
}

/// Where the lines go that follow.
enum Place {
    Main,
    Pending,
    Snapshot(String),
}

/// Reads the text of the file of one guest.
pub fn parse(id: u32, text: &str) -> Parsed {
    let mut conf = Conf::default();
    let mut warnings = Vec::new();
    let (mut place, mut section, mut description) =
        (Place::Main, Section::default(), String::new());
    for line in text.split('\n').filter(|line| !line.trim().is_empty()) {
        if let Some(next) = header(line) {
            keep(&mut conf, place, std::mem::take(&mut section), &mut description);
            place = next;
            continue;
        }
        let pending = matches!(place, Place::Pending);
        let complaint = read_line(line, pending, &mut section, &mut description);
        warnings.extend(complaint.map(|words| format!("vm {id} - {words}")));
    }
    keep(&mut conf, place, section, &mut description);
    Parsed { conf, warnings }
}

fn keep(conf: &mut Conf, place: Place, mut section: Section, description: &mut String) {
    if !description.is_empty() {
        section.values.insert("description".to_owned(), std::mem::take(description));
    }
    match place {
        Place::Main => conf.main = section,
        Place::Pending => conf.pending = section,
        Place::Snapshot(name) => {
            conf.snapshots.insert(name, section);
        }
    }
}

fn header(line: &str) -> Option<Place> {
    let name = line.trim_end().strip_prefix('[')?.strip_suffix(']')?;
    if name.eq_ignore_ascii_case("pve:pending") {
        return Some(Place::Pending);
    }
    let first = name.bytes().next()?.is_ascii_alphabetic();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (first && name.len() > 1 && name.bytes().all(word)).then(|| Place::Snapshot(name.to_owned()))
}

/// Takes one line into its section; gives what there is to complain about.
fn read_line(
    line: &str,
    pending: bool,
    section: &mut Section,
    description: &mut String,
) -> Option<String> {
    let unparsable = || Some(format!("unable to parse config: {line}"));
    if let Some(remark) = line.strip_prefix('#') {
        description.push_str(&decode(remark));
        description.push('\n');
        return None;
    }
    if let Some((key, value)) = raw_line(line) {
        if !is_raw(key) {
            return unparsable();
        }
        section.raw.push((key.to_owned(), value.to_owned()));
        let deprecated = key.starts_with("lxc.cgroup.");
        return deprecated
            .then(|| format!("{key} is deprecated, this will be a hard error in the future!"));
    }
    let Some((key, value)) = plain_line(line) else { return unparsable() };
    match key {
        "description" => {
            description.push_str(&decode(value));
            None
        }
        "delete" if !pending => {
            Some("property 'delete' is only allowed in [pve:pending]".to_owned())
        }
        "snapstate" => None,
        _ => {
            section.values.insert(key.to_owned(), value.to_owned());
            if key == "delete" {
                return None;
            }
            let complain = |wrong| format!("unable to parse value of '{key}' - {wrong}");
            check_value(key, value).err().map(complain)
        }
    }
}

/// `lxc.some.key: value` or `lxc.some.key = value`.
fn raw_line(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("lxc.")?;
    let word = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-' | '.');
    let end = rest.find(|c| !word(c))?;
    if end == 0 {
        return None;
    }
    let (key, rest) = line.split_at("lxc.".len() + end);
    let value = rest.strip_prefix(':').or_else(|| rest.trim_start().strip_prefix('='))?;
    Some((key, value.trim()))
}

/// `key: value`, the key being lower-case letters and maybe a number at its end.
fn plain_line(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let name = key.trim_end_matches(|last: char| last.is_ascii_digit());
    let first = name.starts_with(|c: char| c.is_ascii_lowercase());
    let right = first && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let value = value.trim();
    (right && !value.is_empty()).then_some((key, value))
}
