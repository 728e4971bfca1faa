//! The log of real runs: in a file, in the system's journal, and what is said of a wrong `RUST_LOG`.

use std::{
    fs::{self, File},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixDatagram,
    },
    path::Path,
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};
use phoenix_tests::{Finished, Workbench, product};
use serde_json::Value;
use xtask::process;

const LIMIT: Duration = Duration::from_secs(120);

/// A catalogue with one script of the host, that has a password among its words.
fn bench() -> Result<Workbench> {
    let bench = Workbench::new(
        "format = 1\n[policy]\napparmor = \"optional\"\n[features]\nx = [\"s\"]\n[scripts.s]\nscope = \"host\"\n\
         apply = \"./s\"\ncheck = \"./check\"\nargs = [\"--proxy=http://me:hunter2-x@proxy/\"]\n",
    )?;
    for (name, text) in [("s", "touch done"), ("check", "test -e done")] {
        let text = format!("#!/bin/sh\ncd \"$(dirname \"$0\")\"\n{text}\n");
        let path = bench.write(name, text)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(bench)
}

fn finished(command: &mut Command) -> Result<Finished> {
    Ok(Finished::from(process::capture(command, None, LIMIT)?))
}

fn lines(path: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(path)?;
    text.lines().map(|line| serde_json::from_str(line).context("no JSON")).collect()
}

#[test]
fn a_file_has_what_happened_with_run_target_and_step() -> Result<()> {
    let bench = bench()?;
    let words = ["run", "--features", "x", "--log-file", "log"];
    // Silence on standard error is none in the file.
    let run = finished(bench.command()?.args(words).env("RUST_LOG", "off"))?.expect_code(0)?;
    assert_eq!(run.stderr(), "");
    let path = bench.folder().join("log");
    assert_eq!(path.metadata()?.permissions().mode() & 0o7777, 0o600);
    let first = lines(&path)?;
    let name = bench.runs()?[0]["run"].clone();
    let said = |message: &str| {
        let found = first.iter().find(|line| line["message"] == message);
        found.with_context(|| format!("nothing says `{message}`: {first:#?}"))
    };
    assert_eq!(said("the run begins")?["run"], name);
    let changing = said("changing")?;
    assert_eq!(
        (&changing["run"], &changing["target"], &changing["step"]),
        (&name, &"host".into(), &"s".into())
    );
    assert_eq!(said("the run ended")?["exit"], 0);
    assert!(first.iter().any(|line| line["level"] == "DEBUG"), "{first:#?}");
    let text = fs::read_to_string(&path)?;
    assert!(text.contains("http://[masked]@proxy/") && !text.contains("hunter2"), "{text}");

    bench.run(&words)?.expect_code(0)?;
    let second = lines(&path)?;
    assert!(second.len() > first.len() && second.starts_with(&first), "it is not appended to");
    Ok(())
}

#[test]
fn a_file_that_others_read_is_refused_before_anything_is_done() -> Result<()> {
    let bench = bench()?;
    let path = bench.write("log", "")?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))?;
    let refused = bench.run(&["run", "--features", "x", "--log-file", "log"])?.expect_code(2)?;
    assert!(refused.stderr().contains("error[LOG-FILE]"), "{}", refused.stderr());
    assert!(!bench.folder().join("done").exists());
    Ok(())
}

#[test]
fn a_wrong_filter_is_said_in_one_line_and_changes_nothing_else() -> Result<()> {
    let bench = bench()?;
    for wrong in ["debgu", "phoenix_orch=loud"] {
        let mut command = bench.command()?;
        let run = finished(command.args(["graph", "--features", "x"]).env("RUST_LOG", wrong))?;
        let run = run.expect_code(0)?;
        assert!(
            run.stderr().starts_with("warning: RUST_LOG is left out of account: `"),
            "{}",
            run.stderr()
        );
        assert_eq!(run.stderr().lines().count(), 1, "{}", run.stderr());
    }
    Ok(())
}

/// What the journal would get, from a socket in its place. Standard error is the stream that systemd would have made.
#[test]
fn a_service_logs_to_the_journal_with_fields() -> Result<()> {
    let bench = bench()?;
    let socket = UnixDatagram::bind(bench.folder().join("socket"))?;
    let stream = File::create(bench.folder().join("stream"))?;
    let metadata = stream.metadata()?;
    // In a mount namespace of its own the journal's folder is ours.
    let script = "mount -t tmpfs none /run/systemd && mkdir /run/systemd/journal && \
                  mount --bind . /run/systemd/journal && exec \"$@\" 2>stream";
    let mut command = bench.command_through("unshare")?;
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(product::binary()?);
    command.args(bench.state_words()).args(["run", "--features", "x"]);
    command.env("JOURNAL_STREAM", format!("{}:{}", metadata.dev(), metadata.ino()));
    finished(&mut command)?.expect_code(0)?;

    socket.set_nonblocking(true)?;
    let mut events = Vec::new();
    let mut buffer = vec![0; 1 << 20];
    while let Ok(length) = socket.recv(&mut buffer) {
        events.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
    }
    let name = bench.runs()?[0]["run"].as_str().context("no name")?.to_owned();
    let changing = events.iter().find(|event| event.contains("\nMESSAGE=host: s: changing, "));
    let changing = changing.with_context(|| format!("nothing says `changing`: {events:#?}"))?;
    for field in [
        "SYSLOG_IDENTIFIER=phoenix-orch",
        "PRIORITY=6",
        &format!("PHOENIX_ORCH_RUN={name}"),
        "PHOENIX_ORCH_TARGET=host",
        "PHOENIX_ORCH_STEP=s",
    ] {
        assert!(changing.lines().any(|line| line == field), "no {field}: {changing}");
    }
    assert!(!events.concat().contains("hunter2"));
    assert_eq!(fs::read_to_string(bench.folder().join("stream"))?, "");
    Ok(())
}

#[test]
fn a_variable_that_was_inherited_makes_no_service() -> Result<()> {
    let bench = bench()?;
    let mut command = bench.command()?;
    command.args(["run", "--features", "x"]).env("JOURNAL_STREAM", "1:1").env("RUST_LOG", "info");
    let run = finished(&mut command)?.expect_code(0)?;
    assert!(run.stderr().contains("the run begins"), "{}", run.stderr());
    Ok(())
}
