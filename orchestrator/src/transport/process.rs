//! A child process in a session of its own, fed and drained by one thread with `poll`. What this module
//! does not do: it keeps no output and knows no limits but the deadline.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::ioctl_fionbio,
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, setsid},
};

use super::{ENVIRONMENT, children::CHILDREN};

/// One of the two streams that a process writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// Standard output.
    Out = 0,
    /// Standard error.
    Err = 1,
}

/// What one turn of [`Process::step`] ended with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Something was read or written, or a stream has ended.
    Moved,
    /// The process has ended, and what it wrote has been read.
    Exited,
    /// The deadline has passed.
    TimedOut,
}

/// A running child. Dropped before [`Process::finish`], it is killed with its whole group.
pub(super) struct Process {
    child: Child,
    exit: OwnedFd,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    chunk: Vec<u8>,
    reaped: bool,
}

impl Process {
    /// Starts a program without a shell, in `/`, with the environment of all commands and nothing else but
    /// this.
    pub(super) fn spawn(
        argv: &[String],
        with_stdin: bool,
        environment: &[(&str, OsString)],
    ) -> io::Result<Self> {
        let (program, arguments) =
            argv.split_first().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(ENVIRONMENT)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(if with_stdin { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // With the operator's terminal as its own, a process in a container could push keystrokes into it,
        // and a tool that asks questions there would wait for ever.
        // SAFETY: between fork and exec only a system call is made; nothing is allocated or locked.
        unsafe { command.pre_exec(|| setsid().map(drop).map_err(io::Error::from)) };
        let mut child = CHILDREN.spawn(&mut command)?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let prepared = (|| {
            // Only our ends of the pipes become non-blocking; the child's are descriptions of their own.
            stdin.as_ref().map(ioctl_fionbio_on).transpose()?;
            stdout.as_ref().map(ioctl_fionbio_on).transpose()?;
            stderr.as_ref().map(ioctl_fionbio_on).transpose()?;
            pidfd_open(Pid::from_child(&child), PidfdFlags::empty())
        })();
        match prepared {
            Ok(exit) => Ok(Self {
                child,
                exit,
                stdin,
                stdout,
                stderr,
                chunk: vec![0; 64 * 1024],
                reaped: false,
            }),
            Err(error) => {
                CHILDREN.forget(&child);
                child.kill()?;
                child.wait()?;
                Err(error.into())
            }
        }
    }

    /// Waits until something can be done, and does it: writes some of `input` and takes it off, reads a
    /// piece of each stream and passes it on.
    pub(super) fn step(
        &mut self,
        input: &mut &[u8],
        deadline: Instant,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> io::Result<Turn> {
        let left = deadline.saturating_duration_since(Instant::now());
        // One that never stops writing would never be found waiting.
        if left.is_zero() {
            return Ok(Turn::TimedOut);
        }
        let writes = !input.is_empty();
        let Some(ready) = self.ready(writes, left)? else { return Ok(Turn::TimedOut) };
        let mut moved = false;
        if ready.stdin {
            moved = true;
            self.write(input)?;
        }
        for (stream, is_ready) in [(Stream::Out, ready.stdout), (Stream::Err, ready.stderr)] {
            if is_ready {
                moved |= self.read(stream, sink)?;
            }
        }
        Ok(if moved || !ready.exit { Turn::Moved } else { Turn::Exited })
    }

    /// Whether the process lives and has nothing to say.
    pub(super) fn is_quiet(&self) -> bool {
        self.stdout.is_some()
            && self.stderr.is_some()
            && matches!(self.ready(false, Duration::ZERO), Ok(None))
    }

    /// Closes standard input.
    pub(super) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Collects the exit code: 0 to 255, or 128 and the number of the signal that ended it.
    pub(super) fn finish(&mut self) -> io::Result<i32> {
        CHILDREN.forget(&self.child);
        let status = self.child.wait()?;
        self.reaped = true;
        Ok(status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(255))
    }

    /// Closes standard input and gives the process a moment to end by itself before its group is killed.
    pub(super) fn end(&mut self, patience: Duration) {
        self.close_stdin();
        let deadline = Instant::now() + patience;
        // What it still writes is nobody's answer. An error ends the waiting early, and no more.
        while matches!(self.step(&mut [].as_slice(), deadline, &mut |_, _| {}), Ok(Turn::Moved)) {}
        self.kill();
    }

    /// Kills the whole group and collects the child. A process that made a session of its own gets away.
    pub(super) fn kill(&mut self) {
        if self.reaped {
            return;
        }
        // The group is killed before its leader is collected: until then nobody else can have its number.
        // That it is gone already is the only failure.
        kill_process_group(Pid::from_child(&self.child), Signal::KILL).ok();
        CHILDREN.forget(&self.child);
        self.child.wait().ok();
        self.reaped = true;
    }

    fn ready(&self, writes: bool, patience: Duration) -> io::Result<Option<Ready>> {
        let streams: [(Option<BorrowedFd<'_>>, PollFlags); 3] = [
            (self.stdin.as_ref().filter(|_| writes).map(AsFd::as_fd), PollFlags::OUT),
            (self.stdout.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (self.stderr.as_ref().map(AsFd::as_fd), PollFlags::IN),
        ];
        let mut fds = vec![PollFd::new(&self.exit, PollFlags::IN)];
        fds.extend(
            streams.iter().filter_map(|(fd, f)| fd.map(|fd| PollFd::from_borrowed_fd(fd, *f))),
        );
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        match poll(&mut fds, Some(&patience)) {
            Ok(0) => return Ok(None),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut results = fds.iter().map(|fd| !fd.revents().is_empty());
        let exit = results.next().unwrap_or(false);
        let mut next = |there: bool| there && results.next().unwrap_or(false);
        Ok(Some(Ready {
            exit,
            stdin: next(streams[0].0.is_some()),
            stdout: next(streams[1].0.is_some()),
            stderr: next(streams[2].0.is_some()),
        }))
    }

    fn write(&mut self, input: &mut &[u8]) -> io::Result<()> {
        let Some(pipe) = self.stdin.as_mut() else { return Ok(()) };
        match pipe.write(input) {
            Ok(written) => *input = &input[written..],
            Err(error) if is_transient(&error) => {}
            // Nobody reads it any more, which is the reader's good right.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                *input = &[];
                self.stdin = None;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn read(&mut self, stream: Stream, sink: &mut dyn FnMut(Stream, &[u8])) -> io::Result<bool> {
        let result = match stream {
            Stream::Out => self.stdout.as_mut().map(|pipe| pipe.read(&mut self.chunk)),
            Stream::Err => self.stderr.as_mut().map(|pipe| pipe.read(&mut self.chunk)),
        };
        match result {
            None => Ok(false),
            Some(Ok(0)) => {
                match stream {
                    Stream::Out => self.stdout = None,
                    Stream::Err => self.stderr = None,
                }
                Ok(true)
            }
            Some(Ok(count)) => {
                sink(stream, &self.chunk[..count]);
                Ok(true)
            }
            Some(Err(error)) if is_transient(&error) => Ok(false),
            Some(Err(error)) => Err(error),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

struct Ready {
    exit: bool,
    stdin: bool,
    stdout: bool,
    stderr: bool,
}

fn ioctl_fionbio_on<F: AsFd>(fd: F) -> rustix::io::Result<()> {
    ioctl_fionbio(fd, true)
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
