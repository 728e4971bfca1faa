//! How a container's users and groups are called on the host.

use std::fs;

/// Ranges of `/proc/PID/uid_map` or `gid_map`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ids(Vec<Range>);

#[derive(Debug, PartialEq, Eq)]
struct Range {
    inside: u32,
    outside: u32,
    count: u32,
}

impl Ids {
    /// Of this process, by the kernel's file of this name.
    pub(super) fn of(process: u32, name: &str) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{process}/{name}")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let range = |line: &str| {
            let mut numbers = line.split_whitespace().map(str::parse);
            let mut next = || numbers.next()?.ok();
            Some(Range { inside: next()?, outside: next()?, count: next()? })
        };
        text.lines().map(range).collect::<Option<Vec<_>>>().map(Self)
    }

    /// What a number of the host is in the container, if it is anything there.
    pub(super) fn inside(&self, outside: u32) -> Option<u32> {
        self.0.iter().find_map(|range| shifted(outside, range.outside, range.inside, range.count))
    }

    /// What a number of the container is on the host, if it is anything there.
    pub(super) fn outside(&self, inside: u32) -> Option<u32> {
        self.0.iter().find_map(|range| shifted(inside, range.inside, range.outside, range.count))
    }
}

fn shifted(id: u32, from: u32, to: u32, count: u32) -> Option<u32> {
    let offset = id.checked_sub(from)?;
    if offset < count { to.checked_add(offset) } else { None }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn numbers_are_shifted_there_and_back_and_never_out_of_a_range() {
        let ids =
            Ids::parse("         0     100000      65536\n     70000       1000          2\n")
                .unwrap();
        for (inside, outside) in [(0, 100_000), (65_535, 165_535), (70_000, 1000), (70_001, 1001)] {
            assert_eq!((ids.outside(inside), ids.inside(outside)), (Some(outside), Some(inside)));
        }
        for nobody in [65_536, 69_999, 70_002] {
            assert_eq!(ids.outside(nobody), None);
        }
        for nobody in [0, 999, 1002, 99_999, 165_536] {
            assert_eq!(ids.inside(nobody), None);
        }
        let all = Ids::parse("0 0 4294967295\n").unwrap();
        assert_eq!((all.inside(0), all.outside(4_294_967_294)), (Some(0), Some(4_294_967_294)));
        assert_eq!(Ids::parse("0 1\n"), None);
    }
}
