//! Versions of Debian's packages, compared as dpkg does, and of programs as they print them. Pure.

use std::cmp::Ordering;

use semver::{Prerelease, Version};

/// Compares two package versions (deb-version(7)): epoch, upstream version, revision.
pub(super) fn debian(one: &str, other: &str) -> Ordering {
    let ((epoch_a, a), (epoch_b, b)) = (epoch(one), epoch(other));
    let ((version_a, revision_a), (version_b, revision_b)) = (revision(a), revision(b));
    epoch_a
        .cmp(&epoch_b)
        .then_with(|| part(version_a, version_b))
        .then_with(|| part(revision_a, revision_b))
}

fn epoch(version: &str) -> (u64, &str) {
    match version.trim().split_once(':') {
        Some((epoch, rest)) => (epoch.parse().unwrap_or(0), rest),
        None => (0, version.trim()),
    }
}

fn revision(version: &str) -> (&str, &str) {
    version.rsplit_once('-').unwrap_or((version, ""))
}

/// Letters and digits take turns: the former by their order, the latter as numbers.
fn part(mut a: &str, mut b: &str) -> Ordering {
    while !(a.is_empty() && b.is_empty()) {
        let (words_a, rest_a) = split(a, |c| !c.is_ascii_digit());
        let (words_b, rest_b) = split(b, |c| !c.is_ascii_digit());
        let (number_a, next_a) = split(rest_a, |c| c.is_ascii_digit());
        let (number_b, next_b) = split(rest_b, |c| c.is_ascii_digit());
        let order = letters(words_a, words_b).then_with(|| numbers(number_a, number_b));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (next_a, next_b);
    }
    Ordering::Equal
}

fn split(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

/// `~` comes before the end, the end before letters, letters before all else.
fn letters(a: &str, b: &str) -> Ordering {
    let weight = |c: Option<char>| match c {
        Some('~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => i64::from(u32::from(c)),
        Some(c) => i64::from(u32::from(c)) + 256,
    };
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        let (one, other) = (a.next(), b.next());
        match weight(one).cmp(&weight(other)) {
            Ordering::Equal if one.is_none() && other.is_none() => return Ordering::Equal,
            Ordering::Equal => {}
            order => return order,
        }
    }
}

/// Without a limit to their size.
fn numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// The first version in what a program printed: `1.10`, `v2.1.9`, `1.4.0-rc.3`, `20.10.24+dfsg1`. What a
/// distribution added behind it does not count.
pub(super) fn upstream(text: &str) -> Option<Version> {
    text.split_whitespace().find_map(|word| {
        let word = word.strip_prefix('v').unwrap_or(word);
        let end = word.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(word.len());
        let (numbers, rest) = word.split_at(end);
        let mut numbers = numbers.trim_end_matches('.').split('.').map(str::parse::<u64>);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        let mut version = Version::new(major, minor, numbers.next().unwrap_or(Ok(0)).ok()?);
        version.pre = candidate(rest);
        Some(version)
    })
}

/// `-rc.3`, `~rc3`, `-beta.1`; Debian's and Docker's own suffixes are no candidates.
fn candidate(rest: &str) -> Prerelease {
    let words = rest.strip_prefix(['-', '~']).unwrap_or_default();
    let is_one = ["rc", "beta", "alpha"].iter().any(|word| words.starts_with(word));
    let end = words.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    let words = words[..end.unwrap_or(words.len())].trim_end_matches('.');
    if is_one { Prerelease::new(words).unwrap_or_default() } else { Prerelease::EMPTY }
}

/// The installed version of a package, from dpkg's database.
pub(super) fn installed(status: &str, package: &str) -> Option<String> {
    status.split("\n\n").find_map(|paragraph| {
        let field = |name: &str| {
            paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        let is_it = field("Package") == Some(package)
            && field("Status").is_some_and(|status| status.ends_with(" ok installed"));
        is_it.then(|| field("Version").map(str::to_owned)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use std::{cmp::Ordering, process::Command};

    use proptest::prelude::*;

    use super::{debian, installed, upstream};

    #[test]
    fn what_programs_print() {
        for (text, wanted) in [
            ("Docker version 29.0.0, build 3d4129b", "29.0.0"),
            ("Docker version 20.10.24+dfsg1, build 297e128", "20.10.24"),
            ("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\n", "1.1.5"),
            ("runc version 1.4.0-rc.3\n", "1.4.0-rc.3"),
            ("runc version 1.3.0~rc1+ds1", "1.3.0-rc1"),
            ("runc version 1.3.3-0ubuntu1~22.04.2", "1.3.3"),
            ("containerd containerd.io v2.1.9 19e0d1b", "2.1.9"),
            ("containerd github.com/containerd/containerd 1.6.20~ds1", "1.6.20"),
            ("fuse-overlayfs: version 1.10\nFUSE library version 3.14.0", "1.10.0"),
            ("6.1.0-13-amd64", "6.1.0"),
            ("6.8.12-4-pve", "6.8.12"),
        ] {
            assert_eq!(upstream(text).unwrap().to_string(), wanted, "{text}");
        }
        for text in ["", "command not found", "version unknown", "7", "1."] {
            assert_eq!(upstream(text), None, "{text}");
        }
    }

    #[test]
    fn packages_are_installed_or_not() {
        let status = "Package: lxc\nStatus: install ok installed\nVersion: 1:5.0.2-1\n\n\
            Package: lxc-pve\nStatus: deinstall ok config-files\nVersion: 6.0.0-1\nDescription: x\n Package: y\n";
        assert_eq!(installed(status, "lxc").as_deref(), Some("1:5.0.2-1"));
        for package in ["lxc-pve", "y", "lx"] {
            assert_eq!(installed(status, package), None, "{package}");
        }
    }

    #[test]
    fn the_versions_that_matter() {
        for (one, other) in [
            ("6.0.0-1", "6.0.5-2"),
            ("6.0.5-1", "6.0.5-2"),
            ("1:6.0.4-4+deb13u1", "1:6.0.6"),
            ("6.0.5-2~bpo12+1", "6.0.5-2"),
            ("6.0.6", "1:5.0.2-1"),
        ] {
            assert_eq!(debian(one, other), Ordering::Less, "{one} {other}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
        #[test]
        fn as_dpkg_compares(a in "([0-2]:)?[0-9][0-9a-c.+~]{0,6}(-[0-9a-c.+~]{1,4})?", b in "([0-2]:)?[0-9][0-9a-c.+~]{0,6}(-[0-9a-c.+~]{1,4})?") {
            let dpkg = |relation: &str| {
                let mut command = Command::new("dpkg");
                let status = command.args(["--compare-versions", &a, relation, &b]).status();
                status.expect("dpkg is missing; the tests need Debian").success()
            };
            let wanted = match debian(&a, &b) {
                Ordering::Less => "lt",
                Ordering::Equal => "eq",
                Ordering::Greater => "gt",
            };
            prop_assert!(dpkg(wanted), "{a} {wanted} {b}");
        }
    }
}
