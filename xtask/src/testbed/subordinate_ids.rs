//! The right of root to map the container's ids.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::{FIRST_ID, ID_COUNT};
use crate::{process, say};

/// Grants root the range in `/etc/subuid` and `/etc/subgid` when it is not there.
///
/// LXC maps ids through `newuidmap` wherever the package `uidmap` is installed, even for root, and
/// that tool obeys these files only. Proxmox ships the very same entry.
pub(super) fn ensure() -> Result<()> {
    let last = FIRST_ID + ID_COUNT - 1;
    let wishes = [("/etc/subuid", "--add-subuids"), ("/etc/subgid", "--add-subgids")];
    for (path, option) in wishes {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => other.with_context(|| format!("cannot read `{path}`"))?,
        };
        if !covers(&text) {
            say::note(&format!("letting root map the ids {FIRST_ID}-{last} in {path}"));
            let mut command = Command::new("usermod");
            process::quiet(command.args([option, &format!("{FIRST_ID}-{last}"), "root"]))?;
        }
    }
    Ok(())
}

/// Whether one entry of root covers the whole range.
fn covers(text: &str) -> bool {
    text.lines().any(|line| {
        let mut fields = line.split(':');
        let owner = fields.next();
        let mut number = || fields.next().and_then(|field| field.trim().parse::<u64>().ok());
        let (Some(first), Some(count)) = (number(), number()) else { return false };
        matches!(owner, Some("root" | "0"))
            && first <= u64::from(FIRST_ID)
            && first + count >= u64::from(FIRST_ID) + u64::from(ID_COUNT)
    })
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn only_a_range_of_root_that_is_large_enough_counts() {
        assert!(covers("ann:1:2\nroot:100000:65536\n"));
        assert!(covers("0:100000:1000000\n"));
        assert!(!covers("ann:100000:65536\n"));
        assert!(!covers("root:100001:65536\n"));
        assert!(!covers("root:165536:65536\nroot:\nrubbish"));
    }
}
