//! What the kernel allows one user, raised while there are many containers: they all share the ids of one.

use std::fs;

use anyhow::{Context, Result};

use crate::say;

/// Each systemd and each dockerd watches files, and each service has a keyring. LXC's documentation asks for as much where there
/// are many containers.
const WANTED: [(&str, u64); 3] = [
    ("/proc/sys/fs/inotify/max_user_instances", 8192),
    ("/proc/sys/kernel/keys/maxkeys", 5000),
    ("/proc/sys/kernel/keys/maxbytes", 1_000_000),
];

/// Limits that are raised until this value is dropped.
pub struct RaisedLimits(Vec<(&'static str, String)>);

impl RaisedLimits {
    /// Raises those that are lower.
    pub fn new() -> Result<Self> {
        let mut raised = Self(Vec::new());
        for (path, wanted) in WANTED {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"))?;
            let number: u64 = text.trim().parse().with_context(|| format!("`{path}`: {text}"))?;
            if number < wanted {
                say::note(&format!("raising {path} from {number} to {wanted} until the end"));
                fs::write(path, wanted.to_string())
                    .with_context(|| format!("cannot write `{path}`"))?;
                raised.0.push((path, text));
            }
        }
        Ok(raised)
    }
}

impl Drop for RaisedLimits {
    fn drop(&mut self) {
        for (path, text) in &self.0 {
            // It could be written before, so that only a machine that is going away says no.
            let _ = fs::write(path, text);
        }
    }
}
