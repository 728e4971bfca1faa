//! The processes below one, and their memory, from `/proc`. Whoever ends meanwhile is not counted.

use std::fs;

/// All that this process has started and that still live, and what those have started.
pub fn below(process: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return found };
    for thread in threads.flatten() {
        // The children of a thread that has ended belong to another one of its process.
        let Ok(text) = fs::read_to_string(thread.path().join("children")) else { continue };
        for child in text.split_whitespace().filter_map(|child| child.parse().ok()) {
            found.push(child);
            found.extend(below(child));
        }
    }
    found
}

/// The memory of these processes in KiB (PSS): what several share counts in proportion. One that is just ending has none.
pub fn memory_kib(processes: impl IntoIterator<Item = u32>) -> u64 {
    processes.into_iter().filter_map(proportional).sum()
}

fn proportional(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio, id};

    use super::{below, memory_kib};

    #[test]
    fn children_of_children_count_until_they_end() {
        let mut command = Command::new("sh");
        // A second command keeps the shell from becoming the first.
        command.args(["-c", "sh -c 'echo; read line; :'; :"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut begun = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut begun).unwrap();
        let pids = below(child.id());
        assert_eq!(pids.len(), 1, "{pids:?}");
        assert!(below(id()).contains(&pids[0]));
        assert!(memory_kib([child.id()]) > 50);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(memory_kib(pids), 0);
    }
}
