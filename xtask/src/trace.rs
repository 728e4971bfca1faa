//! What a command started, counted by strace: programs by their names, and processes.

use std::{collections::HashMap, ffi::OsString, fs, path::Path};

use anyhow::{Context, Result};

/// What strace wrote of one command and of all that it started.
#[derive(Debug)]
pub struct Trace(Vec<String>);

impl Trace {
    /// The arguments of `strace` that let it write into this file; the command that it runs follows them. What [`Trace::read`]
    /// does not need is not traced.
    pub fn words(file: &Path) -> Vec<OsString> {
        let calls = "trace=execve,execveat,clone,clone3,fork,vfork";
        let words = ["-f", "-qq", "-s", "256", "-e", calls, "-o"].map(OsString::from);
        words.into_iter().chain([file.into()]).collect()
    }

    /// What was written into this file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(file: &Path) -> Result<Self> {
        let bytes = fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        Ok(Self::of(&String::from_utf8_lossy(&bytes)))
    }

    /// With several processes at once, the end of a call may stand on a later line than its beginning; here each call is whole.
    fn of(text: &str) -> Self {
        let mut begun: HashMap<&str, &str> = HashMap::new();
        let mut calls = Vec::new();
        for line in text.lines() {
            // strace pads the ids of processes to one width.
            let (pid, call) = line.split_once(' ').unwrap_or((line, ""));
            let call = call.trim_start();
            if let Some(beginning) = call.strip_suffix("<unfinished ...>") {
                begun.insert(pid, beginning);
            } else if let Some((_, end)) = call.split_once(" resumed>") {
                // A call that was begun by a thread ends as one of the process, whose id is another.
                let beginning = begun.remove(pid).unwrap_or_default();
                calls.push(format!("{beginning}{end}"));
            } else {
                calls.push(call.to_owned());
            }
        }
        Self(calls)
    }

    /// How many times a program of this name, in whichever folder, was started.
    pub fn starts(&self, program: &str) -> usize {
        let end = format!("/{program}");
        let is_one = |call: &&String| {
            // The first text in quotes is the path; arguments follow.
            let path = call.split('"').nth(1).unwrap_or_default();
            call.starts_with("exec") && call.ends_with("= 0") && path.ends_with(&end)
        };
        self.0.iter().filter(is_one).count()
    }

    /// How many processes there were, the command's own among them. Threads are none.
    pub fn processes(&self) -> usize {
        let is_one = |call: &&String| {
            let kind = call.split('(').next().unwrap_or_default();
            let result = call.rsplit_once("= ").map_or("", |(_, result)| result.trim());
            // Of a `clone3`, strace adds what the kernel gave back: `=> {parent_tid=[7]}) = 7`.
            ["clone", "clone3", "fork", "vfork"].contains(&kind)
                && !call.contains("CLONE_THREAD")
                && result.parse::<u32>().is_ok_and(|id| id > 0)
        };
        1 + self.0.iter().filter(is_one).count()
    }
}

#[cfg(test)]
mod tests {
    use super::Trace;

    #[test]
    fn a_start_counts_once_wherever_its_end_stands() {
        let trace = Trace::of(
            "\
7 execve(\"/usr/bin/pct\", [\"pct\"], 0x7 /* 2 vars */) = -1 ENOENT (No such file or directory)
7 execve(\"/usr/local/sbin/pct\", [\"pct\", \"reboot\"], 0x7 /* 2 vars */ <unfinished ...>
8 execve(\"/bin/sh\", [\"sh\", \"/usr/sbin/pct\"], 0x7 /* 2 vars */) = 0
7 <... execve resumed>)           = 0
9 execve(\"/usr/sbin/pct\", [\"pct\"], 0x7 /* 2 vars */) = 0
9 execveat(3, \"\", [\"/usr/sbin/pct\"], 0x7 /* 2 vars */, AT_EMPTY_PATH) = 0
",
        );
        assert_eq!(trace.starts("pct"), 2);
        assert_eq!(trace.starts("sh"), 1);
    }

    #[test]
    fn threads_and_failures_are_no_processes() {
        let trace = Trace::of(
            "\
7     clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 8
7     clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7f}, 88 <unfinished ...>
8     vfork( <unfinished ...>
7     <... clone3 resumed> => {parent_tid=[9]}, 88) = 9
8     <... vfork resumed>)                    = 10
8     fork() = -1 EAGAIN (Resource temporarily unavailable)
7     clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88) = 11
11    execve(\"/bin/true\", [\"true\"], 0x7 /* 2 vars */) = 0
",
        );
        assert_eq!(trace.processes(), 4);
    }
}
