//! Reading the host's logs, no further back than asked and no more than fits in memory.
//!
//! While auditd runs, the kernel gives its records to auditd alone; without it they go to the kernel's
//! ring buffer (rate-limited) and to the journal. Which was the case when may have changed meanwhile, so
//! all that can hold records is read, and [`super::collect`] counts each record once.

use super::{
    line::{self, Log},
    unreadable,
};
use crate::{
    error::Result,
    transport::{Exec, Read, Reader, Seen, printable},
};

/// The pieces in which a log is read from its end, in bytes. The last one is the bound.
const PIECES: [usize; 3] = [1 << 20, 8 << 20, 48 << 20];
/// Rotated files of auditd that are looked at: `audit.log.1` and so on.
const ROTATED: usize = 8;
/// The most recent lines of the journal that are read.
const JOURNAL_LINES: usize = 50_000;
/// The kernel's buffer cannot be larger than this.
const RING: usize = 32 << 20;
/// How often the queue between kernel and auditd is looked at until it is empty.
const TRIES: usize = 20;
/// The kernel's clock in its ring buffer may be off by this.
const TOLERANCE_MS: u64 = 2_000;

/// The text of one log file.
pub(super) struct Piece {
    pub(super) log: Log,
    pub(super) text: String,
}

/// What could be read.
#[derive(Default)]
pub(super) struct Logs {
    pub(super) pieces: Vec<Piece>,
    pub(super) sources: Vec<String>,
    pub(super) incomplete: Vec<String>,
}

/// The kernel's own account of auditing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Status {
    daemon: bool,
    backlog: u64,
    pub(super) lost: Option<u64>,
}

/// Asks the kernel through `auditctl`, which comes with auditd; a host without it has no such account.
pub(super) fn status(host: &dyn Reader) -> Result<Option<Status>> {
    let text = match run(host, &["auditctl", "-s"], 1 << 16)? {
        Ok(text) => text,
        Err(_) => return Ok(None),
    };
    let number = |key: &str| {
        text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse::<u64>().ok())
    };
    Ok(Some(Status {
        daemon: number("pid ").is_some_and(|pid| pid > 0),
        backlog: number("backlog ").unwrap_or(0),
        lost: number("lost "),
    }))
}

/// Reads all logs that can hold records since then.
pub(super) fn read(host: &dyn Reader, since_ms: u64) -> Result<Logs> {
    let mut logs = Logs::default();
    let mut status = status(host)?.unwrap_or_default();
    let mut tries = 1;
    while status.backlog > 0 && tries < TRIES {
        status = self::status(host)?.unwrap_or_default();
        tries += 1;
    }
    if status.backlog > 0 {
        let queued = status.backlog;
        logs.incomplete.push(format!("{queued} records were still on their way to the log"));
    }
    let mut why_not = Vec::new();
    let audit = audit_log(host, since_ms, &mut logs)?;
    if let Err(why) = &audit {
        if status.daemon {
            return Err(unreadable("auditd has all records, and its log cannot be read").cause(why));
        }
        why_not.push(why.clone());
    }
    let ring = run(host, &["dmesg", "--kernel", "--time-format", "iso"], RING)?;
    let ring_begins = match ring {
        Ok(text) => {
            let first = text.lines().find_map(|line| line::time(Log::Kernel, line));
            logs.sources.push("the kernel's ring buffer".to_owned());
            logs.pieces.push(Piece { log: Log::Kernel, text });
            first
        }
        Err(why) => {
            why_not.push(why);
            None
        }
    };
    let journal_begins = match status.daemon {
        true => None,
        false => journal(host, since_ms, &mut logs, &mut why_not)?,
    };
    // The audit log counts as the earliest source only where auditd was there from then on.
    let audit_begins = audit.unwrap_or_default();
    if logs.sources.is_empty() {
        let error =
            unreadable("neither the audit log nor the kernel log nor the journal can be read");
        return Err(why_not.into_iter().fold(error, crate::error::Error::cause));
    }
    let covers = |begins: Option<u64>| begins.is_some_and(|at| at <= since_ms + TOLERANCE_MS);
    let others_cover = covers(ring_begins) || covers(journal_begins);
    let gap = match audit_begins {
        Some(Begin { at_ms, .. }) if at_ms <= since_ms => None,
        Some(Begin { with_daemon: true, .. }) if others_cover => None,
        Some(Begin { at_ms, .. }) => Some(at_ms),
        None if others_cover => None,
        None => [ring_begins, journal_begins].into_iter().flatten().min().or(Some(since_ms)),
    };
    if let Some(at_ms) = gap {
        logs.incomplete.push(format!("the logs begin only at {}", super::when(at_ms)));
    }
    Ok(logs)
}

/// Where auditd's log begins.
#[derive(Debug, Clone, Copy)]
struct Begin {
    at_ms: u64,
    /// Its first record is that of auditd's start: nothing before it was lost to rotation.
    with_daemon: bool,
}

type AuditLog = std::result::Result<Option<Begin>, String>;

/// auditd's log and, as far as needed, its rotated predecessors; `Err` says why there is none.
fn audit_log(host: &dyn Reader, since_ms: u64, logs: &mut Logs) -> Result<AuditLog> {
    let path = audit_path(host)?;
    let mut begin = None;
    let mut left = PIECES[PIECES.len() - 1];
    for number in 0..=ROTATED {
        let path = if number == 0 { path.clone() } else { format!("{path}.{number}") };
        let (text, whole) = match tail(host, &path, since_ms, left)? {
            Ok(tail) => tail,
            Err(why) if number == 0 => return Ok(Err(why)),
            Err(_) => break,
        };
        left = left.saturating_sub(text.len());
        let first = text.lines().find_map(|line| Some((line, line::time(Log::Audit, line)?)));
        logs.sources.push(printable(&path));
        if let Some((line, at_ms)) = first {
            let with_daemon = whole && line.contains("type=DAEMON_START ");
            begin = Some(Begin { at_ms, with_daemon });
        }
        logs.pieces.push(Piece { log: Log::Audit, text });
        if begin.is_some_and(|begin| begin.at_ms <= since_ms) {
            break;
        }
        if !whole || left == 0 {
            let bound = PIECES[PIECES.len() - 1] >> 20;
            logs.incomplete.push(format!("no more than {bound} MiB of the audit log were read"));
            break;
        }
    }
    Ok(Ok(begin))
}

/// Where auditd writes: `log_file` in its configuration.
fn audit_path(host: &dyn Reader) -> Result<String> {
    let read = Read::File { path: "/etc/audit/auditd.conf".to_owned() };
    let text = match host.read(&[read])?.pop() {
        Some(Ok(Seen::File(state))) => state.content().map(phoenix_sdk::Bytes::to_text),
        _ => None,
    };
    let named = text.as_deref().unwrap_or_default().lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "log_file").then(|| value.trim().to_owned())
    });
    Ok(named.unwrap_or_else(|| "/var/log/audit/audit.log".to_owned()))
}

/// The end of a file, from whole lines, back to a time; and whether that is the whole file.
fn tail(
    host: &dyn Reader,
    path: &str,
    since_ms: u64,
    limit: usize,
) -> Result<std::result::Result<(String, bool), String>> {
    let mut size = 0;
    loop {
        let next = PIECES.into_iter().find(|piece| *piece > size).unwrap_or(limit).min(limit);
        size = next;
        let count = size.to_string();
        let text = match run(host, &["tail", "--bytes", &count, "--", path], size + 4096)? {
            Ok(text) => text,
            Err(why) => return Ok(Err(why)),
        };
        let whole = text.len() < size;
        let text = match (whole, text.split_once('\n')) {
            (false, Some((_, rest))) => rest.to_owned(),
            _ => text,
        };
        let first = text.lines().find_map(|line| line::time(Log::Audit, line));
        if whole || size >= limit || first.is_some_and(|first| first <= since_ms) {
            return Ok(Ok((text, whole)));
        }
    }
}

/// The journal's records of the kernel and of auditing, and when the journal begins.
fn journal(
    host: &dyn Reader,
    since_ms: u64,
    logs: &mut Logs,
    why_not: &mut Vec<String>,
) -> Result<Option<u64>> {
    let since = format!("--since=@{}", since_ms / 1000);
    let lines = format!("--lines={JOURNAL_LINES}");
    let words = [
        "journalctl",
        "--quiet",
        "--no-pager",
        "--output=short-unix",
        &since,
        &lines,
        "_TRANSPORT=kernel",
        "+",
        "_TRANSPORT=audit",
    ];
    let text = match run(host, &words, RING)? {
        Ok(text) => text,
        Err(why) => {
            why_not.push(why);
            return Ok(None);
        }
    };
    // journalctl ends by itself when nobody reads on.
    let first = "journalctl --quiet --no-pager --output=short-unix | head -n 1";
    let first = run(host, &["/bin/sh", "-c", first], 1 << 16)?.unwrap_or_default();
    let begins = first.lines().find_map(|line| line::time(Log::Journal, line));
    if begins.is_none() {
        why_not.push("the journal is empty".to_owned());
        return Ok(None);
    }
    if text.lines().count() >= JOURNAL_LINES {
        logs.incomplete
            .push(format!("only the last {JOURNAL_LINES} lines of the journal were read"));
    }
    logs.sources.push("the journal".to_owned());
    logs.pieces.push(Piece { log: Log::Journal, text });
    Ok(begins)
}

/// A command's output, or in its own words why there is none.
fn run(
    host: &dyn Reader,
    argv: &[&str],
    max_output: usize,
) -> Result<std::result::Result<String, String>> {
    let exec = Exec { max_output, ..Exec::new(argv.iter().copied()) };
    match host.probe(&exec) {
        Ok(output) if output.success() => Ok(Ok(output.stdout.to_text())),
        Ok(output) => Ok(Err(printable(&output.complaint()))),
        Err(error) if error.code == "EXEC-NOT-FOUND" => Ok(Err(error.message)),
        Err(error) => Err(error),
    }
}
