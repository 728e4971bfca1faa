//! The children that live now, so that all of them can be ended at once.

use std::{
    collections::BTreeSet,
    io,
    process::{Child, Command},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// Those of this process.
pub(super) static CHILDREN: Children =
    Children(Mutex::new(Live { closed: false, groups: BTreeSet::new() }));

/// Children that lead a process group each.
pub(super) struct Children(Mutex<Live>);

struct Live {
    closed: bool,
    groups: BTreeSet<u32>,
}

impl Children {
    fn live(&self) -> MutexGuard<'_, Live> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a program that makes a group of its own, unless all were killed already.
    pub(super) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        // Held until the child is known: one that is started while all are killed would get away.
        let mut live = self.live();
        if live.closed {
            return Err(io::Error::other("phoenix-orch is being ended"));
        }
        let child = command.spawn()?;
        live.groups.insert(child.id());
        Ok(child)
    }

    /// Takes a child off the list. To be called before it is collected, for then somebody else may get its
    /// number.
    pub(super) fn forget(&self, child: &Child) {
        self.live().groups.remove(&child.id());
    }

    /// Kills all groups; no program is started from now on.
    fn kill_all(&self) {
        let mut live = self.live();
        live.closed = true;
        for group in &live.groups {
            if let Some(group) = i32::try_from(*group).ok().and_then(Pid::from_raw) {
                // That it is gone already is the only failure.
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
    }
}

/// Kills all commands that run for this process on the host, and the host's ends of all sessions. What
/// made a session of its own gets away. No command is started from now on, so that this is for a process
/// that is about to end.
pub fn kill_children() {
    CHILDREN.kill_all();
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::process::{CommandExt, ExitStatusExt},
        process::Command,
    };

    use super::{BTreeSet, Children, Live, Mutex};

    #[test]
    fn all_that_live_are_killed_and_none_is_started_later() {
        let children = Children(Mutex::new(Live { closed: false, groups: BTreeSet::new() }));
        let sleep = || {
            let mut command = Command::new("sleep");
            command.arg("3600").process_group(0);
            command
        };
        let [mut one, mut two, mut other] = [(); 3].map(|()| children.spawn(&mut sleep()).unwrap());
        children.forget(&other);
        children.kill_all();
        for child in [&mut one, &mut two] {
            assert_eq!(child.wait().unwrap().signal(), Some(9));
        }
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
        assert!(children.spawn(&mut sleep()).is_err());
    }
}
