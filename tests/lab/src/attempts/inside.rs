//! The part that runs inside the container: every attempt in a process of its own.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use xtask::process;

use super::attempt::{Line, Outcome};
use super::attempts;
use super::sys::{mount, umount, unshare};

const LIMIT: Duration = Duration::from_secs(60);

/// Tries the attempts of these names, all if there are none, and prints one JSON line for each.
pub(crate) fn inside(ids: &[String]) -> Result<()> {
    let program = std::env::current_exe()?;
    let before = mounts();
    for attempt in attempts().filter(|one| ids.is_empty() || ids.iter().any(|id| id == one.id)) {
        let mut command = Command::new(&program);
        let outcome = match process::capture(command.args(["attempt", attempt.id]), None, LIMIT) {
            Err(error) => Outcome::Stopped(format!("no answer: {error:#}")),
            Ok(output) => match serde_json::from_str::<Line>(output.stdout.trim()) {
                Ok(line) => line.outcome,
                Err(_) if output.code > 128 => {
                    Outcome::Stopped(format!("killed by signal {}", output.code - 128))
                }
                Err(_) => Outcome::Stopped(format!("no answer: {output}")),
            },
        };
        // What it has mounted is gone with its namespace, unless that could not be made private.
        undo_mounts(&before);
        print(&Line { id: attempt.id.to_owned(), outcome })?;
    }
    for place in ["/mnt", "/var/tmp", "/tmp"] {
        remove_scratch(place);
    }
    Ok(())
}

/// Makes one attempt in this very process, and prints what came of it.
pub(crate) fn one(id: &str) -> Result<()> {
    let Some(attempt) = attempts().find(|attempt| attempt.id == id) else {
        bail!("there is no attempt `{id}`");
    };
    // An attempt whose mounts would be seen outside is worse, but it is still the same attempt.
    if unshare(libc::CLONE_NEWNS).is_ok() {
        let propagation = |kind| mount("", "/", "", libc::MS_REC | kind, "");
        let _ = propagation(libc::MS_PRIVATE).or_else(|_| propagation(libc::MS_SLAVE));
    }
    let outcome = match (attempt.act)() {
        Ok(how) => Outcome::Managed(how),
        Err(error) => Outcome::Stopped(error.to_string()),
    };
    print(&Line { id: id.to_owned(), outcome })
}

fn print(line: &Line) -> Result<()> {
    anstream::println!("{}", serde_json::to_string(line)?);
    Ok(())
}

/// What is mounted here: the kernel's id of each mount, and where.
fn mounts() -> Vec<(String, String)> {
    let text = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let fields = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.nth(3)?.to_owned()))
    };
    text.lines().filter_map(fields).collect()
}

/// Unmounts what was not there before. The last is the topmost.
fn undo_mounts(before: &[(String, String)]) {
    if mounts().is_empty() {
        // Something lies over /proc itself.
        let _ = umount("/proc");
    }
    for mount in mounts().iter().rev().filter(|mount| !before.contains(mount)) {
        let _ = umount(&mount.1);
    }
}

fn remove_scratch(place: &str) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("phx-attempt-") {
            let _ = fs::remove_file(entry.path().join("file"));
            let _ = fs::remove_dir(entry.path().join("proc"));
            let _ = fs::remove_dir(entry.path());
        }
    }
}
