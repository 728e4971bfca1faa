//! Which packages are installed, from the text of `/var/lib/dpkg/status`, without dpkg-query. Pure.
//!
//! The answer is what [`crate::effect::packages::parse`] makes of dpkg-query's, or there is none: whatever is unusual
//! about the names or the text is left to dpkg-query. What this module does not do: entries in
//! `/var/lib/dpkg/updates` stand above this text, so whoever reads it has to see first that there are none; and
//! fields that say nothing about the question, such as dependencies, are not looked into.

use std::collections::BTreeMap;

use memchr::{memchr, memchr2};

/// States that `dpkg` writes; others are from before 1996, or damage.
const STATES: [&[u8]; 8] = [
    b"installed",
    b"config-files",
    b"not-installed",
    b"half-installed",
    b"unpacked",
    b"half-configured",
    b"triggers-awaited",
    b"triggers-pending",
];

/// The installed ones among these packages, with their versions. `None` if only dpkg-query can say it: for a
/// name with an architecture or a pattern, and for a text that dpkg would refuse or read otherwise than it is.
pub fn installed(status: &[u8], names: &[String]) -> Option<BTreeMap<String, String>> {
    let odd = |name: &String| !is_name(name.as_bytes());
    // A NUL byte is damage, and the other one ends the text for dpkg.
    let damaged = memchr2(0, 0x1a, status).is_some();
    if names.iter().any(odd) || damaged || status.last().is_some_and(|last| *last != b'\n') {
        return None;
    }
    let mut found: BTreeMap<&[u8], Vec<Paragraph<'_>>> =
        names.iter().map(|name| (name.as_bytes(), Vec::new())).collect();
    let mut rest = status;
    while let Some(paragraph) = Paragraph::next(&mut rest)? {
        if let Some(instances) = found.get_mut(paragraph.package) {
            instances.push(paragraph);
        }
    }
    let mut versions = BTreeMap::new();
    for (name, instances) in found {
        if let Some(version) = one_version(&instances)? {
            versions.insert(text(name)?, text(version)?);
        }
    }
    Some(versions)
}

/// The version of a package, some of whose instances, one for each architecture, may be installed. `None` if
/// dpkg would not let these be beside each other, or replaces one with the other.
fn one_version<'t>(instances: &[Paragraph<'t>]) -> Option<Option<&'t [u8]>> {
    let alone = instances.len() < 2;
    if !alone && !instances.iter().all(|instance| instance.beside_others) {
        return None;
    }
    let mut version = None;
    for (at, instance) in instances.iter().enumerate() {
        let twice = instances[..at].iter().any(|other| other.architecture == instance.architecture);
        let other = instance.version.zip(version).is_some_and(|(one, other)| one != other);
        if twice || other {
            return None;
        }
        version = version.or(instance.version);
    }
    Some(version)
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// What is asked about one instance of a package.
struct Paragraph<'t> {
    package: &'t [u8],
    architecture: Option<&'t [u8]>,
    /// Whether instances of other architectures may be there too.
    beside_others: bool,
    /// Of an installed one.
    version: Option<&'t [u8]>,
}

#[derive(Default)]
struct Fields<'t> {
    package: Option<&'t [u8]>,
    status: Option<&'t [u8]>,
    version: Option<&'t [u8]>,
    architecture: Option<&'t [u8]>,
    multi_arch: Option<&'t [u8]>,
    /// The package waits for triggers, or others do for it.
    triggers: Option<&'t [u8]>,
}

impl<'t> Paragraph<'t> {
    /// Cuts the next paragraph off a text of whole lines; `Some(None)` at its end.
    fn next(rest: &mut &'t [u8]) -> Option<Option<Self>> {
        let mut fields = Fields::default();
        let (mut inside, mut may_go_on) = (false, false);
        while let Some(end) = memchr(b'\n', rest) {
            let (line, behind) = (&rest[..end], &rest[end + 1..]);
            *rest = behind;
            match line.first() {
                None if inside => break,
                None => {}
                // A value of ours has one line.
                Some(b' ' | b'\t') if !may_go_on || line.trim_ascii().is_empty() => return None,
                Some(b' ' | b'\t') => {}
                Some(_) => {
                    may_go_on = fields.take(line)?;
                    inside = true;
                }
            }
        }
        if inside { fields.paragraph().map(Some) } else { Some(None) }
    }
}

impl<'t> Fields<'t> {
    /// Takes a field's first line, and tells whether others may follow.
    fn take(&mut self, line: &'t [u8]) -> Option<bool> {
        let colon = memchr(b':', line)?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.len() < 2 || name.starts_with(b"-") || name.iter().any(u8::is_ascii_whitespace) {
            return None;
        }
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        // Asked by length first: nearly all lines are others.
        let place = match name.len() {
            6 if is("Status") => &mut self.status,
            7 if is("Package") => &mut self.package,
            7 if is("Version") => &mut self.version,
            10 if is("Multi-Arch") => &mut self.multi_arch,
            12 if is("Architecture") => &mut self.architecture,
            16 if is("Triggers-Pending") || is("Triggers-Awaited") => &mut self.triggers,
            // dpkg still understands these old names of the last part of a version.
            8 if is("Revision") => return None,
            16 if is("Package-Revision") || is("Package_Revision") => return None,
            _ => return Some(true),
        };
        place.replace(value).is_none().then_some(false)
    }

    fn paragraph(self) -> Option<Paragraph<'t>> {
        let package = self.package.filter(|name| is_name(name))?;
        let words: Vec<&[u8]> = self.status?.split(u8::is_ascii_whitespace).collect();
        let [
            b"unknown" | b"install" | b"hold" | b"deinstall" | b"purge",
            b"ok" | b"reinstreq",
            state,
        ] = words[..]
        else {
            return None;
        };
        if !STATES.contains(&state) {
            return None;
        }
        let is_installed = state == b"installed";
        let has_version = match self.version {
            Some(version) if is_version(version) => true,
            // Nothing else may be without one.
            None => state == b"not-installed",
            Some(_) => false,
        };
        let kind = [None, Some(&b"no"[..]), Some(b"same"), Some(b"foreign"), Some(b"allowed")];
        let has_kind = kind.contains(&self.multi_arch)
            && self.architecture.map_or(self.multi_arch.is_none(), is_name);
        let contradicts = !has_version || !has_kind || (is_installed && self.triggers.is_some());
        let version = self.version.filter(|_| is_installed);
        let beside_others = self.multi_arch == Some(b"same");
        (!contradicts).then_some(Paragraph {
            package,
            architecture: self.architecture,
            beside_others,
            version,
        })
    }
}

/// Whether it is a package's name as dpkg writes them: it would take others too, and make them lower case.
fn is_name(name: &[u8]) -> bool {
    let may = |byte: &u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')
    };
    name.first().is_some_and(u8::is_ascii_alphanumeric) && name.iter().all(may)
}

/// Whether dpkg-query prints this version exactly as it is written.
fn is_version(version: &[u8]) -> bool {
    let (epoch, number) = match memchr(b':', version) {
        Some(colon) => (Some(&version[..colon]), &version[colon + 1..]),
        None => (None, version),
    };
    let plain = |epoch: &[u8]| {
        (1..=9).contains(&epoch.len())
            && epoch.iter().all(u8::is_ascii_digit)
            && epoch.first() != Some(&b'0')
    };
    let may = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'~' | b'-');
    epoch.is_none_or(plain)
        && number.first().is_some_and(u8::is_ascii_digit)
        && number.last().is_some_and(|last| *last != b'-')
        && number.iter().all(may)
}

#[cfg(test)]
mod tests;
