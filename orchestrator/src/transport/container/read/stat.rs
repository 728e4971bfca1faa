//! What `stat` says about many paths at once. Pure.

use std::collections::BTreeMap;

use phoenix_sdk::{FileState, Permissions};

use crate::transport::session::{Answer, Status, quote};

/// Paths for one process: the kernel limits what its arguments hold together.
const MAX_PATHS: usize = 500;

/// What is at a path, as far as `stat` can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stat {
    Regular { size: u64, permissions: Permissions },
    Symlink,
    Other(FileState),
}

/// Of each path: what is there, nothing, or why that cannot be said.
#[derive(Debug, Default)]
pub(super) struct Stats(BTreeMap<String, Result<Option<Stat>, String>>);

/// The paths in groups for one process each. One with a line's end in it is alone, for its answer takes
/// more than one line.
pub(super) fn groups<'a>(paths: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut plain: Vec<&str> = paths.to_vec();
    plain.sort_unstable();
    plain.dedup();
    let (odd, plain): (Vec<&str>, Vec<&str>) =
        plain.into_iter().partition(|path| path.contains('\n'));
    plain.chunks(MAX_PATHS).map(<[&str]>::to_vec).chain(odd.into_iter().map(|p| vec![p])).collect()
}

/// The shell text that asks about a group.
pub(super) fn text(group: &[&str]) -> String {
    let words: Vec<_> = group.iter().map(|path| quote(path)).collect();
    format!("stat -c '%f %u %g %s %t %T %n' {} </dev/null", words.join(" "))
}

impl Stats {
    pub(super) fn of(&self, path: &str) -> Result<Option<&Stat>, &str> {
        match self.0.get(path) {
            Some(Ok(stat)) => Ok(stat.as_ref()),
            Some(Err(cause)) => Err(cause),
            None => Err("nobody asked"),
        }
    }

    /// Takes in the answer about a group. Paths that are not there are missing from standard output and
    /// complained about, in order, on standard error.
    pub(super) fn add(&mut self, group: &[&str], answer: &Answer) -> Result<(), String> {
        let output = String::from_utf8_lossy(&answer.stdout);
        let mut rest = output.as_ref();
        let mut missing = Vec::new();
        for path in group {
            match record(rest, path)? {
                Some((stat, after)) => {
                    self.0.insert((*path).to_owned(), Ok(Some(stat)));
                    rest = after;
                }
                None => missing.push(*path),
            }
        }
        if !rest.is_empty() {
            return Err(format!("`{}` from `stat`", rest.lines().next().unwrap_or_default()));
        }
        let words = String::from_utf8_lossy(&answer.stderr);
        let mut complaints: Vec<&str> = words.lines().filter(|line| !line.is_empty()).collect();
        if group.len() == 1 {
            // The path may be in the complaint as it is, on several lines.
            complaints = complaints.pop().into_iter().collect();
        }
        if complaints.len() != missing.len()
            || (missing.is_empty() && answer.status != Status::Exit(0))
        {
            return Err(format!("{} paths missing and `{}`", missing.len(), words.trim()));
        }
        for (path, complaint) in missing.into_iter().zip(complaints) {
            let absent = complaint.ends_with(": No such file or directory")
                || complaint.ends_with(": Not a directory");
            let seen = if absent { Ok(None) } else { Err(complaint.to_owned()) };
            self.0.insert(path.to_owned(), seen);
        }
        Ok(())
    }
}

/// The record at the beginning, if it is about this path, and what follows it.
fn record<'a>(text: &'a str, path: &str) -> Result<Option<(Stat, &'a str)>, String> {
    let mut words = text.splitn(7, ' ');
    let fields: Vec<&str> = words.by_ref().take(6).collect();
    let Some(after) = words
        .next()
        .and_then(|named| named.strip_prefix(path))
        .and_then(|after| after.strip_prefix('\n'))
    else {
        return Ok(None);
    };
    let stat = parse(&fields).ok_or_else(|| format!("`{}` from `stat`", fields.join(" ")))?;
    Ok(Some((stat, after)))
}

fn parse(fields: &[&str]) -> Option<Stat> {
    let &[mode, uid, gid, size, major, minor] = fields else { return None };
    let mode = u32::from_str_radix(mode, 16).ok()?;
    let permissions =
        Permissions { mode: mode & 0o7777, uid: uid.parse().ok()?, gid: gid.parse().ok()? };
    let size = size.parse().ok()?;
    let (major, minor) =
        (u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
    Some(match mode & 0o170_000 {
        0o100_000 => Stat::Regular { size, permissions },
        0o120_000 => Stat::Symlink,
        0o040_000 => Stat::Other(FileState::Folder { permissions }),
        kind @ (0o020_000 | 0o060_000) => {
            Stat::Other(FileState::Device { block: kind == 0o060_000, major, minor, permissions })
        }
        _ => Stat::Other(FileState::Other),
    })
}

#[cfg(test)]
mod tests {
    use super::{Stat, Stats, groups};
    use crate::transport::session::{Answer, Status};

    fn answer(stdout: &str, stderr: &str) -> Answer {
        let status = Status::Exit(i32::from(!stderr.is_empty()));
        Answer { status, stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn each_path_gets_its_own_answer() {
        let mut stats = Stats::default();
        let said = answer(
            "81a4 0 0 5 0 0 /a b\na1ff 0 0 3 0 0 /d\n",
            "stat: cannot statx '/b': No such file or directory\nstat: '/c': Permission denied\n",
        );
        stats.add(&["/a b", "/b", "/c", "/d"], &said).unwrap();
        assert!(matches!(stats.of("/a b"), Ok(Some(Stat::Regular { size: 5, .. }))));
        assert_eq!(stats.of("/b"), Ok(None));
        assert!(stats.of("/c").unwrap_err().contains("Permission"));
        assert_eq!(stats.of("/d"), Ok(Some(&Stat::Symlink)));
    }

    #[test]
    fn what_does_not_fit_is_no_answer() {
        for (stdout, stderr) in [
            ("", ""),
            ("81a4 0 0 5 0 0 /other\n", ""),
            ("81a4 0 0 5 0 0 /a", ""),
            ("zzzz 0 0 5 0 0 /a\n", ""),
            ("81a4 0 0 5 0 0 /a\n", "stat: what?\n"),
            ("81a4 0 0 5 0 0 /a\nmore", ""),
        ] {
            assert!(Stats::default().add(&["/a"], &answer(stdout, stderr)).is_err(), "{stdout:?}");
        }
    }

    #[test]
    fn a_path_of_several_lines_is_alone() {
        assert_eq!(groups(&["/b", "/a\nx", "/a", "/b"]), [vec!["/a", "/b"], vec!["/a\nx"]]);
    }
}
