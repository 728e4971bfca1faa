use std::{ffi::OsString, io, time::Instant};

use phoenix_sdk::{Bytes, Output};

use super::NAME;
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{
        Exec, errors,
        lines::Lines,
        process::{Process, Stream, Turn},
    },
};

/// Runs a command to its end, or to the breach of a limit, with this in its environment besides what all
/// commands have.
pub(super) fn run(
    exec: &Exec,
    environment: &[(&str, OsString)],
    line: &mut dyn FnMut(&str),
) -> Result<Output> {
    errors::validate(exec)?;
    let deadline = Instant::now() + exec.time_limit;
    let mut process = match Process::spawn(&exec.argv, !exec.stdin.is_empty(), environment) {
        Ok(process) => process,
        Err(error) => return not_started(exec, &error),
    };
    let mut input = exec.stdin.as_slice();
    let mut caught = [Vec::new(), Vec::new()];
    let mut lines = Lines::new(line);
    loop {
        let turn = process
            .step(&mut input, deadline, &mut |stream, bytes| {
                caught[stream as usize].extend_from_slice(bytes);
                lines.feed(stream, bytes);
            })
            .map_err(|error| failed(exec, &error))?;
        if input.is_empty() {
            process.close_stdin();
        }
        // The process is killed with its group when it goes out of scope here.
        if caught.iter().any(|bytes| bytes.len() > exec.max_output) {
            return Err(errors::flooded(&errors::command(&exec.argv), NAME, exec.max_output));
        }
        match turn {
            Turn::Moved => {}
            Turn::TimedOut => {
                return Err(errors::timed_out(&errors::command(&exec.argv), NAME, exec.time_limit));
            }
            Turn::Exited => break,
        }
    }
    lines.end(Stream::Out);
    lines.end(Stream::Err);
    let exit = process.finish().map_err(|error| failed(exec, &error))?;
    let [stdout, stderr] = caught.map(Bytes);
    Ok(Output { exit, stdout, stderr })
}

/// As a shell in a container would answer: what cannot be run is exit code 126.
fn not_started(exec: &Exec, error: &io::Error) -> Result<Output> {
    use rustix::io::Errno;
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::NOTDIR) => Err(errors::not_found(&exec.argv[0], NAME)),
        Some(Errno::ACCESS | Errno::NOEXEC | Errno::TOOBIG | Errno::ISDIR | Errno::PERM) => {
            Ok(Output {
                exit: 126,
                stdout: Bytes::default(),
                stderr: format!("{}: {error}\n", exec.argv[0]).into(),
            })
        }
        _ => Err(failed(exec, error)),
    }
}

fn failed(exec: &Exec, error: &io::Error) -> Error {
    let command = errors::command(&exec.argv);
    Error::new(ErrorKind::Internal, "EXEC-FAILED", format!("{command} could not be run on {NAME}"))
        .cause(error)
        .hint("Free some of what the cause names and run again.")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use phoenix_sdk::Output;

    use crate::{
        error::Result,
        transport::{Exec, printable},
    };

    fn run(exec: &Exec, line: &mut dyn FnMut(&str)) -> Result<Output> {
        super::run(exec, &[], line)
    }

    fn sh(script: &str) -> Exec {
        Exec::new(["/bin/sh", "-c", script])
    }

    #[test]
    fn streams_code_and_environment_are_kept_apart() {
        let mut lines = Vec::new();
        let exec = sh("printf 'a\\nb'; echo c >&2; env; pwd; exit 7");
        let output = run(&exec, &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!(output.exit, 7);
        assert_eq!(output.stderr.to_text(), "c\n");
        let text = output.stdout.to_text();
        assert!(text.starts_with("a\nb") && text.ends_with("/\n"), "{text}");
        assert!(!text.contains("CARGO"), "{text}");
        assert!(text.contains("LC_ALL=C.UTF-8") && text.contains("HOME=/root"), "{text}");
        assert!(lines.contains(&"a".to_owned()) && lines.contains(&"c".to_owned()));
    }

    #[test]
    fn every_byte_goes_through() {
        let bytes: Vec<u8> = (0..2_000_000_u32).map(|n| (n * 7 % 256) as u8).collect();
        let output = run(&Exec::new(["cat"]).stdin(bytes.clone()), &mut |_| {}).unwrap();
        assert_eq!(output.stdout.0, bytes);
        assert!(run(&Exec::new(["true"]).stdin(bytes), &mut |_| {}).unwrap().success());
    }

    #[test]
    fn signals_are_128_and_their_number() {
        assert_eq!(run(&sh("kill -TERM $$"), &mut |_| {}).unwrap().exit, 143);
    }

    #[test]
    fn what_is_missing_or_no_program_says_so() {
        let missing = run(&Exec::new(["no-such-program"]), &mut |_| {}).unwrap_err();
        assert_eq!((missing.code.as_str(), missing.hints.len()), ("EXEC-NOT-FOUND", 1));
        assert_eq!(run(&Exec::new(["/etc/passwd"]), &mut |_| {}).unwrap().exit, 126);
    }

    #[test]
    fn limits_end_the_whole_group() {
        let start = Instant::now();
        let marker = format!("8{}", std::process::id());
        let exec =
            sh(&format!("sleep {marker} & sleep {marker}")).within(Duration::from_millis(200));
        assert_eq!(run(&exec, &mut |_| {}).unwrap_err().code, "EXEC-TIMEOUT");
        assert_eq!(run(&sh("yes"), &mut |_| {}).unwrap_err().code, "EXEC-OUTPUT-LIMIT");
        assert!(start.elapsed() < Duration::from_secs(10));
        assert!(
            !run(&Exec::new(["pgrep", "-f", &format!("^sleep {marker}")]), &mut |_| {})
                .unwrap()
                .success()
        );
    }

    #[test]
    fn a_left_over_process_that_holds_the_pipes_is_not_waited_for() {
        let start = Instant::now();
        let output = run(&sh("sleep 20 & echo done"), &mut |_| {}).unwrap();
        assert_eq!(output.line(), "done");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn messages_carry_no_escape_sequences() {
        let error = run(&Exec::new(["\x1b[31mno"]), &mut |_| {}).unwrap_err();
        assert_eq!(error.to_string(), printable(&error.to_string()));
    }
}
