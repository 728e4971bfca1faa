//! What commands once printed, replayed.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use xtask::process;

const LIMIT: Duration = Duration::from_secs(120);

/// A command for a shell, and what it has to print.
#[derive(Debug, PartialEq, Eq)]
struct Call {
    line: String,
    stdout: String,
    stderr: String,
    code: i32,
}

/// Replays the sections with these titles in a folder. Words of the transcript that stand for others of today,
/// such as the numbers of containers, are given with those.
///
/// # Errors
/// With all commands that print something else than the transcript, or end otherwise.
pub fn replay(text: &str, titles: &[&str], today: &[(&str, &str)], folder: &Path) -> Result<()> {
    let mut wrong = Vec::new();
    for title in titles {
        for call in section(text, title)? {
            let line = translate(&call.line, today);
            let mut command = Command::new("bash");
            command.args(["-c", &line]).current_dir(folder).env_clear();
            command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
            let output = process::capture(&mut command, None, LIMIT)?;
            let [stdout, stderr] = [&call.stdout, &call.stderr].map(|text| translate(text, today));
            let right = output.code == call.code
                && fits(&stdout, &output.stdout)
                && fits(&stderr, &output.stderr);
            if !right {
                let expected = call.code;
                wrong.push(format!(
                    "$ {line}\n=== expected {expected}\n{stdout}=== and on stderr\n{stderr}=== got {}\n{}=== \
                     and on stderr\n{}",
                    output.code, output.stdout, output.stderr
                ));
            }
        }
    }
    ensure!(wrong.is_empty(), "{} commands differ:\n\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

fn section(text: &str, title: &str) -> Result<Vec<Call>> {
    let lines = text.lines().skip_while(|line| line.strip_prefix("### ") != Some(title));
    let calls = calls(lines.skip(1).take_while(|line| !line.starts_with("### ")))?;
    ensure!(!calls.is_empty(), "the transcript has no section `{title}`");
    Ok(calls)
}

fn calls<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Call>> {
    let mut calls: Vec<Call> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        if let Some(line) = line.strip_prefix("$ ").or_else(|| line.strip_prefix("+ ")) {
            let line = line.to_owned();
            calls.push(Call { line, stdout: String::new(), stderr: String::new(), code: -1 });
            continue;
        }
        let call = calls.last_mut().context("a line before the first command")?;
        if let Some(code) = line.strip_prefix("  rc=") {
            call.code = code.parse()?;
            continue;
        }
        let (stream, said) = match line.split_at_checked(4) {
            Some(("  1>", said)) => (&mut call.stdout, said),
            Some(("  2>", said)) => (&mut call.stderr, said),
            _ => anyhow::bail!("not a line of a transcript: `{line}`"),
        };
        let said = said.strip_prefix(' ').unwrap_or(said);
        // What does not end with a line break has the exit code behind it.
        match said.split_once("  rc=") {
            Some((said, code)) => {
                stream.push_str(said);
                call.code = code.parse()?;
            }
            None => {
                stream.push_str(said);
                stream.push('\n');
            }
        }
    }
    Ok(calls)
}

/// Whether a text is as expected; a line `...` is any number of lines.
fn fits(expected: &str, text: &str) -> bool {
    let Some((begin, end)) = expected.split_once("...\n") else { return text == expected };
    let Some(rest) = text.strip_prefix(begin) else { return false };
    let starts = [0].into_iter().chain(rest.match_indices('\n').map(|(at, _)| at + 1));
    starts.into_iter().any(|at| fits(end, &rest[at..]))
}

/// Numbers only when no other digit is beside them.
fn translate(text: &str, today: &[(&str, &str)]) -> String {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let (mut done, mut rest) = (String::new(), text);
    'next: while let Some(first) = rest.chars().next() {
        for (then, now) in today {
            if let Some(after) = rest.strip_prefix(then)
                && !digit(done.chars().next_back())
                && !digit(after.chars().next())
            {
                done.push_str(now);
                rest = after;
                continue 'next;
            }
        }
        done.push(first);
        rest = &rest[first.len_utf8()..];
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_is_read() {
        let text = "# remark\n### one\n$ echo\n  rc=0\n### two\n$ a b\n  1> x\n  1> y  rc=3\n+ c\n  2> z\n  rc=1\n";
        let call = |line: &str, stdout: &str, stderr: &str, code| Call {
            line: line.to_owned(),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            code,
        };
        let expected = [call("a b", "x\ny", "", 3), call("c", "", "z\n", 1)];
        assert_eq!(section(text, "two").unwrap(), expected);
        assert!(section(text, "three").is_err());
    }

    #[test]
    fn whole_numbers_are_translated() {
        let today = [("100", "701"), ("nodes/pve/", "nodes/vm/")];
        assert_eq!(
            translate("100 ct100 1000 2100 nodes/pve/lxc/100.conf", &today),
            "701 ct701 1000 2100 nodes/vm/lxc/701.conf"
        );
    }

    #[test]
    fn dots_are_any_lines() {
        assert!(fits("a\n...\n", "a\nb\nc\n") && fits("a\n...\nc\n", "a\nc\n"));
        assert!(fits("...\nb\n...\nd\n", "a\nb\nc\nd\n"));
        assert!(!fits("...\nb\n...\nd\n", "a\nb\nd\ne\n") && !fits("a\n...\n", "b\n"));
    }

    #[test]
    fn a_difference_is_an_error() {
        let folder = Path::new("/");
        replay("### t\n$ echo a; exit 3\n  1> a\n  rc=3\n", &["t"], &[], folder).unwrap();
        for wrong in ["  1> b\n  rc=3\n", "  1> a\n  rc=0\n", "  1> a\n  2> a\n  rc=3\n"] {
            let text = format!("### t\n$ echo a; exit 3\n{wrong}");
            assert!(replay(&text, &["t"], &[], folder).is_err(), "{text}");
        }
    }
}
