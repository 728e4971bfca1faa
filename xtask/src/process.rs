//! Running external commands: whatever fails shows its command line and all that it printed.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use wait_timeout::ChildExt;

use crate::interrupt;

/// How long an interruption may go unnoticed.
const SLICE: Duration = Duration::from_millis(200);

/// What a command left behind.
#[derive(Debug, Clone)]
pub struct Output {
    /// The command line, for messages.
    pub command: String,
    /// The exit code as a shell would give it: 128 and the signal's number after a signal.
    pub code: i32,
    /// Everything it wrote to stdout; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Everything it wrote to stderr; bytes that are not UTF-8 are replaced.
    pub stderr: String,
    /// How long it ran.
    pub elapsed: Duration,
}

impl Output {
    /// The output if the command succeeded, else an error that shows everything.
    pub fn success(self) -> Result<Self> {
        if self.code == 0 { Ok(self) } else { Err(anyhow!("{self}")) }
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` ended with exit code {}", self.command, self.code)?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.trim().is_empty() {
                write!(f, "\n--- {name}\n{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

/// Runs a command to its end with both streams captured, and demands success.
pub fn quiet(command: &mut Command) -> Result<Output> {
    capture(command, None, Duration::from_secs(1800))?.success()
}

/// Runs a command with its output going straight to the terminal, and demands success.
pub fn live(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    let code = live_code(command)?;
    if code != 0 {
        bail!("`{line}` ended with exit code {code}");
    }
    Ok(())
}

/// Runs a command with its output going straight to the terminal, and gives its exit code.
pub fn live_code(command: &mut Command) -> Result<i32> {
    let line = command_line(command);
    let mut child = command.spawn().with_context(|| format!("cannot run `{line}`"))?;
    let mut told = false;
    loop {
        let status = child.wait_timeout(SLICE);
        if let Some(status) = status.with_context(|| format!("cannot wait for `{line}`"))? {
            return Ok(exit_code(status));
        }
        if interrupt::requested() && !told {
            // A Ctrl-C reached it through the terminal, a signal that was sent to us alone did not.
            kill_process(Pid::from_child(&child), Signal::TERM)
                .with_context(|| format!("cannot end `{line}`"))?;
            told = true;
        }
    }
}

/// Runs a command with both streams captured. When the time is over, or somebody pressed Ctrl-C, the
/// command and everything it started are killed and an error shows what it had printed until then.
pub fn capture(command: &mut Command, stdin: Option<&[u8]>, limit: Duration) -> Result<Output> {
    run(command, if stdin.is_some() { Stdio::piped() } else { Stdio::null() }, stdin, limit)
}

/// The same with a stream as its input.
pub fn capture_from(command: &mut Command, stdin: Stdio, limit: Duration) -> Result<Output> {
    run(command, stdin, None, limit)
}

fn run(
    command: &mut Command,
    input: Stdio,
    bytes: Option<&[u8]>,
    limit: Duration,
) -> Result<Output> {
    let line = command_line(command);
    let start = Instant::now();
    // A process group of its own, because children of a killed command would keep the pipes open.
    let mut child = command
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot run `{line}`"))?;
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    feed(&mut child, bytes);
    let mut status = None;
    while status.is_none() && start.elapsed() < limit && !interrupt::requested() {
        let slice = SLICE.min(limit.saturating_sub(start.elapsed()));
        status = child.wait_timeout(slice).with_context(|| format!("cannot wait for `{line}`"))?;
    }
    if status.is_none() {
        kill_group(&mut child)?;
    }
    let deadline = Instant::now() + Duration::from_secs(2);
    let output = Output {
        command: line,
        code: status.map_or(-1, exit_code),
        stdout: collect(stdout, deadline),
        stderr: collect(stderr, deadline),
        elapsed: start.elapsed(),
    };
    if status.is_none() {
        interrupt::check()?;
        bail!("no end within {} s, so it was killed: {output}", limit.as_secs());
    }
    Ok(output)
}

/// The exit code as a shell would report it.
pub fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// The command line as one would type it, for messages only.
pub fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| shell_quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

/// The word as a POSIX shell must be given it.
pub fn shell_quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A stream that a thread is reading to its end.
struct Drain {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
}

fn drain(stream: Option<impl Read + Send + 'static>) -> Option<Drain> {
    let mut stream = stream?;
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let (sender, ended) = channel();
    let shared = Arc::clone(&bytes);
    thread::spawn(move || {
        let mut chunk = [0; 1 << 16];
        // A stream that cannot be read any further has ended as far as we are concerned.
        while let Ok(count @ 1..) = stream.read(&mut chunk) {
            shared.lock().unwrap_or_else(PoisonError::into_inner).extend(&chunk[..count]);
        }
        // Nobody listens any more when the grace was over first.
        let _ = sender.send(());
    });
    Some(Drain { bytes, ended })
}

/// What was read. A daemon that the command left behind may keep the pipe open for ever, so after
/// the command's own end the stream is read only until `deadline`.
fn collect(drain: Option<Drain>, deadline: Instant) -> String {
    let Some(drain) = drain else { return String::new() };
    let _ = drain.ended.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    let bytes = drain.bytes.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes in a thread, because a command that prints before it reads would block us both.
fn feed(child: &mut Child, bytes: Option<&[u8]>) {
    let Some(mut pipe) = child.stdin.take() else { return };
    let bytes = bytes.unwrap_or_default().to_vec();
    thread::spawn(move || {
        // A command that ends without reading everything closes the pipe; its exit code tells.
        let _ = pipe.write_all(&bytes);
    });
}

fn kill_group(child: &mut Child) -> Result<()> {
    kill_process_group(Pid::from_child(child), Signal::KILL).context("cannot kill the command")?;
    child.wait().context("cannot wait for the killed command")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_command_line_and_both_streams() {
        let error = quiet(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]));
        let text = error.unwrap_err().to_string();
        assert!(text.contains("`sh -c 'echo out; echo err >&2; exit 3'` ended with exit code 3"));
        assert!(text.contains("--- stdout\nout\n--- stderr\nerr"), "{text}");
    }

    #[test]
    fn the_time_limit_also_ends_what_the_command_started() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo begun; sleep 60 & sleep 60"]);
        let start = Instant::now();
        let error = capture(&mut command, None, Duration::from_millis(300)).unwrap_err();
        assert!(error.to_string().contains("begun"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_daemon_left_behind_does_not_hold_us() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo here; setsid sleep 20 &"]);
        let output = capture(&mut command, None, Duration::from_secs(20)).unwrap();
        assert_eq!(output.stdout, "here\n");
        assert!(output.elapsed < Duration::from_secs(10));
    }

    #[test]
    fn input_larger_than_a_pipe_goes_through() {
        let input = vec![b'x'; 1 << 20];
        let mut command = Command::new("cat");
        let output = capture(&mut command, Some(&input), Duration::from_secs(20)).unwrap();
        assert_eq!(output.stdout.len(), input.len());
    }
}
