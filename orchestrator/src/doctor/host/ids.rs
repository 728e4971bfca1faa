//! Subordinate ids: whose numbers a container's users have on the host.

use super::{
    super::{
        finding::{Condition, Finding},
        look::Known,
    },
    Host,
};

pub(in super::super) const PATHS: [&str; 2] = ["/etc/subuid", "/etc/subgid"];

pub(in super::super) const IDS: Condition = Condition::new(
    "DOCTOR-SUBORDINATE-IDS",
    "An unprivileged container's users are numbers that belong to root on the host. LXC refuses to start a container \
     whose numbers root was not given in /etc/subuid and /etc/subgid.",
    "Give root the numbers that the container's `lxc.idmap` names, such as `root:100000:65536` in both files.",
    None,
);

/// A range of numbers on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Range {
    first: u64,
    count: u64,
}

impl Range {
    fn holds(self, other: Self) -> bool {
        let end = |range: Self| range.first.saturating_add(range.count);
        self.first <= other.first && end(other) <= end(self)
    }
}

/// Root's ranges, by name or by number.
fn of_root(text: &str) -> Vec<Range> {
    text.lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.trim().split(':').collect();
            match words[..] {
                ["root" | "0", first, count] => {
                    Some(Range { first: first.parse().ok()?, count: count.parse().ok()? })
                }
                _ => None,
            }
        })
        .collect()
}

/// Root's ranges of users and of groups.
fn ranges(host: &Host) -> Known<[Vec<Range>; 2]> {
    let [users, groups] = PATHS.map(|path| host.look.text(path));
    Ok([of_root(&users?.unwrap_or_default()), of_root(&groups?.unwrap_or_default())])
}

pub(super) fn judge(host: &Host) -> Vec<Finding> {
    vec![match ranges(host) {
        Err(cause) => IDS.unknown(&cause),
        Ok(found) => match found.iter().position(Vec::is_empty) {
            Some(at) => IDS
                .blocks("root has no subordinate ids, so no unprivileged container starts")
                .seen(format!("`{}` gives root nothing", PATHS[at])),
            None => IDS.fine("root has subordinate ids for containers"),
        },
    }]
}

/// Of a container: its maps, as its configuration writes them (`u 0 100000 65536`), lie in root's ranges.
pub(in super::super) fn judge_maps(host: &Host, maps: &[String]) -> Vec<Finding> {
    let found = match ranges(host) {
        Ok(found) => found,
        // That has been said of the host already.
        Err(_) => return Vec::new(),
    };
    let outside: Vec<&String> = maps
        .iter()
        .filter(|map| {
            let words: Vec<&str> = map.split_whitespace().collect();
            let (kind, range) = match words[..] {
                [kind, _, first, count] => match (first.parse(), count.parse()) {
                    (Ok(first), Ok(count)) => (kind, Range { first, count }),
                    _ => return true,
                },
                _ => return true,
            };
            let of = |ranges: &[Range]| ranges.iter().any(|all| all.holds(range));
            match kind {
                "u" => !of(&found[0]),
                "g" => !of(&found[1]),
                "b" => !(of(&found[0]) && of(&found[1])),
                _ => true,
            }
        })
        .collect();
    if outside.is_empty() {
        return vec![IDS.fine("the container's ids belong to root")];
    }
    let finding =
        IDS.blocks("the container maps ids that root was not given: it does not start again");
    vec![outside.iter().fold(finding, |finding, map| finding.seen(format!("`lxc.idmap`: {map}")))]
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::finding::Severity, Host},
        PATHS, judge, judge_maps,
    };

    #[test]
    fn of_the_host() {
        assert_eq!(judge(&Host::healthy())[0].severity, Severity::Fine);
        for path in PATHS {
            for text in ["", "anna:100000:65536\n", "root:x:65536\n"] {
                let host = Host::healthy().with(path, text);
                assert_eq!(judge(&host)[0].severity, Severity::Blocks, "{path} {text}");
            }
        }
    }

    #[test]
    fn of_a_container() {
        let host = || Host::healthy().with(PATHS[0], "root:100000:65536\n0:1000:1\n");
        for (map, wanted) in [
            ("u 0 100000 65536", Severity::Fine),
            ("u 1000 1000 1", Severity::Fine),
            ("g 1000 1000 1", Severity::Blocks),
            ("b 0 100000 65536", Severity::Fine),
            ("u 0 100000 65537", Severity::Blocks),
            ("u 0 99999 10", Severity::Blocks),
            ("u 0 18446744073709551615 9", Severity::Blocks),
            ("nonsense", Severity::Blocks),
        ] {
            let found = judge_maps(&host(), &[map.to_owned()]);
            assert_eq!(found[0].severity, wanted, "{map}");
        }
    }
}
