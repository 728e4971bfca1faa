//! Commands in containers that outlive the orchestrator which started them: found by their mark, ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::{errors, mark::Mark, printable};
use crate::error::{Error, ErrorKind, Result};

/// For a process to end by itself after it was asked to.
const ASKED: Duration = Duration::from_secs(5);
/// For the kernel to end what was killed.
const KILLED: Duration = Duration::from_secs(5);
/// The same when somebody waits for us to end.
const KILLED_SOON: Duration = Duration::from_secs(2);
/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// Ends what runs in a container for orchestrators that do not live any more, and returns the commands
/// that were ended. Processes that somebody else started there are never touched, nor those of an
/// orchestrator that lives. When it returns, none is left.
///
/// # Errors
/// `LEFTOVERS-ALIVE` when one could not be ended; `LEFTOVERS-UNREADABLE` when the host does not show its
/// processes.
pub fn end_leftovers(target: &str) -> Result<Vec<String>> {
    let orphaned = |mark: &Mark| mark.target == target && !mark.is_owned();
    let (ended, alive) = end(&orphaned, ASKED, KILLED)?;
    if alive.is_empty() {
        return Ok(ended);
    }
    let message = format!("commands of a run that was killed go on in `{}`", printable(target));
    let error = Error::new(ErrorKind::Unreachable, "LEFTOVERS-ALIVE", message)
        .hint("See what they wait for; if need be, restart the container. Then run again.");
    Err(alive.into_iter().fold(error, Error::cause))
}

/// The containers in which something runs for another orchestrator, whether that lives or not: one look for all of them.
///
/// # Errors
/// `LEFTOVERS-UNREADABLE` when the host does not show its processes.
pub fn strangers() -> Result<BTreeSet<String>> {
    let own = Mark::own("");
    let is_own = |mark: &Mark| (mark.pid, mark.start) == (own.pid, own.start);
    let marks = processes()?.filter_map(mark_of).filter(|mark| !is_own(mark));
    Ok(marks.map(|mark| mark.target).collect())
}

/// Kills all that runs in containers for this process, and returns the commands that could not be
/// killed.
///
/// # Errors
/// `LEFTOVERS-UNREADABLE` when the host does not show its processes.
pub fn kill_own() -> Result<Vec<String>> {
    let own = Mark::own("");
    let own = |mark: &Mark| (mark.pid, mark.start) == (own.pid, own.start);
    end(&own, Duration::ZERO, KILLED_SOON).map(|(_, alive)| alive)
}

/// Ends whatever has such a mark, first with a request, after it was asked for so long by force. Returns all
/// that were there, and those that still are.
fn end(
    wanted: &dyn Fn(&Mark) -> bool,
    asked: Duration,
    killed: Duration,
) -> Result<(Vec<String>, Vec<String>)> {
    let begin = Instant::now();
    let mut seen = BTreeMap::new();
    loop {
        let found = find(wanted)?;
        let waited = begin.elapsed();
        if found.is_empty() || waited > asked + killed {
            let alive = found.into_iter().map(|process| process.command).collect();
            return Ok((seen.into_values().collect(), alive));
        }
        for process in found {
            let is_new = !seen.contains_key(&process.pid);
            // What it starts before it ends has the mark too, and is found in the next round.
            let signal = if waited >= asked { Some(Signal::KILL) } else { None };
            if let Some(signal) = signal.or(is_new.then_some(Signal::TERM)) {
                // That it has ended meanwhile is the only failure, and the next round's look tells.
                let _ = pidfd_send_signal(&process.handle, signal);
            }
            seen.insert(process.pid, process.command);
        }
        thread::sleep(INTERVAL);
    }
}

struct Found {
    pid: i32,
    /// Stays with this process when its number goes to another one.
    handle: rustix::fd::OwnedFd,
    command: String,
}

fn find(wanted: &dyn Fn(&Mark) -> bool) -> Result<Vec<Found>> {
    Ok(processes()?.filter_map(|pid| look_at(pid, wanted)).collect())
}

/// The numbers of all processes.
fn processes() -> Result<impl Iterator<Item = i32>> {
    let folder = fs::read_dir("/proc").map_err(|error| {
        let message = "the host's processes cannot be listed";
        Error::new(ErrorKind::Internal, "LEFTOVERS-UNREADABLE", message)
            .cause(error)
            .hint("Mount `/proc` on the host, then run again.")
    })?;
    Ok(folder.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()))
}

fn mark_of(pid: i32) -> Option<Mark> {
    Mark::find(&fs::read(format!("/proc/{pid}/environ")).ok()?)
}

/// The process, if it has such a mark. One that has ended has none.
fn look_at(pid: i32, wanted: &dyn Fn(&Mark) -> bool) -> Option<Found> {
    let is_wanted = || mark_of(pid).filter(wanted);
    is_wanted()?;
    let handle = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    // Whoever has the number now has the handle: only what is seen from here on counts.
    is_wanted()?;
    let words = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<_> = words
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    let command = errors::command(words.strip_suffix(&[String::new()]).unwrap_or(&words));
    Some(Found { pid, handle, command: format!("{command} (process {pid})") })
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read,
        os::unix::process::ExitStatusExt,
        process::{Child, Command, Stdio},
    };

    use super::{Mark, end_leftovers, strangers};
    use crate::transport::mark::NAME;

    /// A process with this mark that says when it is ready.
    fn marked(mark: &Mark, script: &str) -> Child {
        let script = format!("{script}\necho ready\nwhile :; do sleep 0.1; done");
        let mut child = Command::new("/bin/sh")
            .args(["-c", &script, "sh", "\x1b[31m"])
            .env(NAME, mark.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 5]).unwrap();
        child
    }

    /// Whose process this was never began at that time.
    fn orphan(target: &str) -> Mark {
        Mark { start: 1, ..Mark::own(target) }
    }

    /// Another name for each run of the tests.
    fn name(label: &str) -> String {
        format!("{label}-{}", std::process::id())
    }

    #[test]
    fn only_orphans_of_the_target_are_ended_and_named() {
        let (web, db) = (name("web"), name("db"));
        let mut orphans = [marked(&orphan(&web), ""), marked(&orphan(&web), "")];
        let mut others = [marked(&orphan(&db), ""), marked(&Mark::own(&web), "")];
        let ended = end_leftovers(&web).unwrap();
        for child in &mut orphans {
            let named = format!("(process {})", child.id());
            assert!(ended.iter().any(|words| words.contains(&named)), "{ended:?}");
            assert_eq!(child.wait().unwrap().signal(), Some(15));
        }
        assert!(ended.iter().all(|words| !words.contains('\x1b')), "{ended:?}");
        assert_eq!(end_leftovers(&web).unwrap(), Vec::<String>::new());
        let strangers = strangers().unwrap();
        assert!(strangers.contains(&db) && !strangers.contains(&web), "{strangers:?}");
        for child in &mut others {
            assert!(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn one_that_does_not_listen_is_killed() {
        let web = name("deaf");
        let mut child = marked(&orphan(&web), "trap '' TERM");
        assert!(!end_leftovers(&web).unwrap().is_empty());
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }
}
