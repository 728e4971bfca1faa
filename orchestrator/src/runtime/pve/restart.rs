//! Restarts by `pct`, whose exit codes are not to be trusted: what came of it is seen from the container.

use std::time::Duration;

use super::Pve;
use crate::{
    error::{Error, ErrorKind, Result},
    runtime::ready::{self, not_started},
    transport::{Exec, LocalMachine, Mutator, printable},
};

/// For a clean shutdown, a start, and Perl; `pct reboot` itself gives a container a minute to go down.
const LIMIT: Duration = Duration::from_secs(300);
/// Lines of a task that become causes.
const MAX_CAUSES: usize = 6;

pub(super) fn restart(pve: &Pve, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
    let Some(before) = pve.lxc.monitor(container)? else { return start(pve, container, line) };
    line(&format!("restarting `{container}`"));
    let said = pct(&["reboot", container], line)?;
    match pve.lxc.monitor(container)? {
        Some(after) if after != before => ready(pve, container, &said, line),
        Some(_) => {
            let message = format!("`{}` could not be restarted", printable(container));
            let error = Error::new(ErrorKind::Step, "CONTAINER-STOP", message)
                .hint("It runs as before. Mend what the causes say, then `pct reboot` it by hand.");
            Err(said.into_iter().fold(error, Error::cause))
        }
        None => Err(said.into_iter().fold(not_started(container), Error::cause)),
    }
}

/// Ends a restart that a run which was killed has begun. Its `pct` may still be at work, and then it has the lock.
pub(super) fn finish(pve: &Pve, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
    let wait = || pve.flock(container).map(drop);
    wait().or_else(|_| wait())?;
    start(pve, container, line)
}

fn start(pve: &Pve, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
    if !pve.is_running(container)? {
        line(&format!("starting `{container}`"));
        let said = pct(&["start", container], line)?;
        if !pve.is_running(container)? {
            return Err(said.into_iter().fold(not_started(container), Error::cause));
        }
        return ready(pve, container, &said, line);
    }
    ready(pve, container, &[], line)
}

/// Waits until it answers. What is left of a failed start may seem to run for a moment; then what `pct` said
/// is why.
fn ready(pve: &Pve, container: &str, said: &[String], line: &mut dyn FnMut(&str)) -> Result<()> {
    ready::wait(pve, container, &|| pve.is_running(container), line)
        .map_err(|error| said.iter().fold(error, Error::cause))
}

/// Runs `pct`, and gives what may say why it failed: its tasks write all that LXC says to standard output, and
/// only the last line of an error to standard error.
fn pct(arguments: &[&str], line: &mut dyn FnMut(&str)) -> Result<Vec<String>> {
    let argv = ["pct"].iter().chain(arguments).copied();
    let output = LocalMachine.exec(&Exec::new(argv).within(LIMIT), line)?;
    Ok(reasons(&output.stdout.to_text(), &output.stderr.to_text()))
}

/// The lines that say why, the nearest first. Pure.
fn reasons(stdout: &str, stderr: &str) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for line in stderr.lines().rev().chain(stdout.lines()) {
        let reason = printable(line.trim());
        let is_noise = reason.is_empty()
            || reason.starts_with("WARN: ")
            || reason.starts_with("Task finished with ")
            || reason.starts_with("explicitly configured lxc.apparmor.profile overrides")
            || reason.starts_with("trying to acquire lock");
        if !is_noise && !reasons.contains(&reason) && reasons.len() < MAX_CAUSES {
            reasons.push(reason);
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::reasons;

    #[test]
    fn failures_are_read_from_where_tasks_put_them() {
        // From the transcript of the genuine `pct`.
        let stdout = "mount_entry: 2446 No such file or directory - Failed to mount \"/nosuch/x\" on \
            \"/usr/lib/x86_64-linux-gnu/lxc/rootfs/dev/y\"\nlxc_setup: 4419 Failed to setup mount entries\n\
            do_start: 1272 Failed to setup container \"101\"\n\
            WARN: Systemd 252 detected. You may need to enable nesting.\n";
        let stderr = "startup for container '101' failed\n";
        let reasons = reasons(stdout, stderr);
        assert_eq!(reasons.len(), 4);
        assert_eq!(reasons[0], "startup for container '101' failed");
        assert!(reasons[1].contains("Failed to mount \"/nosuch/x\""));
    }
}
