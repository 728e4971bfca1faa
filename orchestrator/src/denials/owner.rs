//! Which container a process belongs to. A process number says nothing once the process is gone, so only
//! one that lives, and lived already when the record was made, tells; everything else stays unknown.

use std::collections::BTreeMap;

use super::line::Record;
use crate::{
    error::Result,
    transport::{Read, Reader, Seen},
};

/// More processes than these are not looked at.
const MOST: usize = 500;
/// The kernel counts a process's start in hundredths of a second, on every machine that Linux runs on.
const TICK_MS: u64 = 10;
/// `btime` has whole seconds.
const TOLERANCE_MS: u64 = 1_000;

/// Process number to when it began and in which container it is, of the processes that live.
pub(super) struct Owners(BTreeMap<u32, (u64, Option<String>)>);

impl Owners {
    /// Looks at these processes in one go.
    pub(super) fn look(
        host: &dyn Reader,
        processes: impl Iterator<Item = u32>,
        boot_ms: u64,
    ) -> Result<Self> {
        let mut numbers: Vec<u32> = processes.filter(|number| *number > 1).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.truncate(MOST);
        let read = |number: &u32, name: &str| Read::File { path: format!("/proc/{number}/{name}") };
        let reads: Vec<Read> = numbers
            .iter()
            .flat_map(|number| [read(number, "stat"), read(number, "cgroup")])
            .collect();
        let mut owners = BTreeMap::new();
        if reads.is_empty() {
            return Ok(Self(owners));
        }
        let seen = host.read(&reads)?;
        for (number, pair) in numbers.iter().zip(seen.chunks(2)) {
            let [Some(stat), Some(cgroup)] = [text(pair.first()), text(pair.get(1))] else {
                continue;
            };
            if let Some(begin) = begin_ms(&stat, boot_ms) {
                owners.insert(*number, (begin, container(&cgroup)));
            }
        }
        Ok(Self(owners))
    }

    /// The container of the record's process, or of the parent that the audit log names.
    pub(super) fn of(&self, record: &Record, parent: Option<u32>) -> Option<String> {
        let number = record.get("pid").and_then(|pid| pid.parse().ok());
        [number, parent].into_iter().flatten().find_map(|number| {
            let (begin, container) = self.0.get(&number)?;
            let lived = *begin <= record.stamp.at_ms + TOLERANCE_MS;
            container.clone().filter(|_| lived)
        })
    }
}

fn text(seen: Option<&Result<Seen>>) -> Option<String> {
    match seen {
        Some(Ok(Seen::File(state))) => state.content().map(phoenix_sdk::Bytes::to_text),
        _ => None,
    }
}

/// The twenty-second field of `/proc/PID/stat`. The second one is the program's name in parentheses, which
/// may contain anything.
fn begin_ms(stat: &str, boot_ms: u64) -> Option<u64> {
    let ticks: u64 = stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()?;
    boot_ms.checked_add(ticks.checked_mul(TICK_MS)?)
}

/// The outermost container: what is below may be named by whoever is inside.
fn container(cgroup: &str) -> Option<String> {
    cgroup.lines().find_map(|line| {
        let path = line.splitn(3, ':').nth(2)?;
        let mut parts = path.split('/').skip(1);
        let first = parts.next()?;
        let name = match first {
            // As Proxmox VE names it.
            "lxc" => parts.next()?,
            _ => first.strip_prefix("lxc.payload.")?,
        };
        (!name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::{begin_ms, container};

    #[test]
    fn the_outermost_container_counts() {
        for (cgroup, wanted) in [
            ("0::/lxc.payload.bw/system.slice/docker.service\n", Some("bw")),
            ("0::/lxc.payload.bw/lxc.payload.web\n", Some("bw")),
            ("0::/lxc/101/ns/init.scope\n", Some("101")),
            ("0::/system.slice/lxc.payload.fake\n", None),
            ("0::/lxc.monitor.bw\n", None),
            ("12:pids:/lxc.payload.old/x\n", Some("old")),
            ("", None),
        ] {
            assert_eq!(container(cgroup).as_deref(), wanted, "{cgroup}");
        }
    }

    #[test]
    fn a_name_with_parentheses_is_no_field() {
        let after = "S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 500 1 1";
        assert_eq!(begin_ms(&format!("7 (a) b (c) {after}"), 1_000_000), Some(1_005_000));
        assert_eq!(begin_ms("7 (a", 0), None);
    }
}
