//! One line of a log: a denial, the process behind one, or a word about records that are lost.
//!
//! What is in a record may be chosen by whoever is confined, so a line is taken for a record only by what
//! stands at its beginning, which the kernel or the logging daemon wrote.

use std::collections::BTreeMap;

use super::fields;
use crate::transport::printable;

/// What kind of log a line is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Log {
    /// auditd's: `type=AVC msg=audit(1763945000.123:456): apparmor=...`.
    Audit,
    /// The kernel's ring buffer, as `dmesg --time-format iso` shows it.
    Kernel,
    /// The journal, as `journalctl --output short-unix` shows it.
    Journal,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Something was denied.
    Denied(Record),
    /// Which process was behind the record of this stamp: its parent.
    Process { stamp: Stamp, parent: u32 },
    /// Records are missing from here.
    Lost { at_ms: u64, message: String },
}

/// A record's time and, where the log has it, its number since boot. Records of one event share both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp {
    pub(super) at_ms: u64,
    pub(super) serial: Option<u64>,
}

/// A denial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) stamp: Stamp,
    pub(super) fields: BTreeMap<String, String>,
}

impl Record {
    /// A field's text, or nothing if it is empty or missing.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The profiles that denied: of a stack, all its parts without the policy namespaces' own.
    pub(super) fn profiles(&self) -> Vec<String> {
        if self.get("namespace").is_some() {
            return Vec::new();
        }
        self.get("profile").or_else(|| self.get("label")).map(profiles_of_label).unwrap_or_default()
    }
}

/// The profiles in a label that can deny anything: `lxc-x//&:ns:unconfined (enforce)` has one. Those of
/// other policy namespaces have their rules elsewhere.
pub fn profiles_of_label(label: &str) -> Vec<String> {
    let label = label.trim();
    let label = match label.rsplit_once(" (") {
        Some((name, mode)) if mode.ends_with(')') => name,
        _ => label,
    };
    let own = |part: &&str| !part.is_empty() && !part.starts_with(':') && *part != "unconfined";
    label.split("//&").filter(own).map(str::to_owned).collect()
}

/// Reads a line; most lines say nothing that matters here.
pub(super) fn parse(log: Log, line: &str) -> Option<Line> {
    // auditd's own translations follow behind this character.
    let line = line.split('\u{1d}').next()?;
    match log {
        Log::Audit => {
            let line = match line.strip_prefix("node=") {
                Some(rest) => rest.split_once(' ')?.1,
                None => line,
            };
            let (kind, rest) = line.strip_prefix("type=")?.split_once(" msg=")?;
            let (stamp, rest) = stamp(rest)?;
            match kind {
                "DAEMON_ERR" => Some(lost(stamp.at_ms, line)),
                "SYSCALL" => Some(Line::Process { stamp, parent: number(rest, " ppid=")? }),
                _ => denied(kind, stamp, rest),
            }
        }
        Log::Kernel => {
            let (time, rest) = line.split_once(' ')?;
            let at_ms = iso(time)?;
            kernel(at_ms, rest)
        }
        Log::Journal => {
            let (time, rest) = line.split_once(' ')?;
            let at_ms = seconds(time)?;
            let (source, message) = rest.split_once(' ')?.1.split_once(": ")?;
            match source {
                "kernel" => kernel(at_ms, message),
                // The journal took the record from the kernel itself and left its number out.
                _ if source == "audit" || source.starts_with("audit[") => {
                    let (kind, rest) = message.split_once(' ')?;
                    denied(kind, Stamp { at_ms, serial: None }, rest)
                }
                _ => None,
            }
        }
    }
}

/// When a line was written, whatever it says.
pub(super) fn time(log: Log, line: &str) -> Option<u64> {
    match log {
        Log::Audit => Some(stamp(line.split_once(" msg=")?.1)?.0.at_ms),
        Log::Kernel => iso(line.split_once(' ')?.0),
        Log::Journal => seconds(line.split_once(' ')?.0),
    }
}

/// A message of the kernel itself.
fn kernel(at_ms: u64, message: &str) -> Option<Line> {
    if message.starts_with("kauditd_printk_skb:") && message.contains("suppressed") {
        return Some(lost(at_ms, message));
    }
    let rest = message.strip_prefix("audit: ")?;
    let says = |word: &str| rest.starts_with(word);
    if says("audit_lost=")
        || says("audit_backlog=")
        || says("backlog limit exceeded")
        || says("rate limit exceeded")
        || says("kauditd hold queue overflow")
        || says("out of memory")
    {
        return Some(lost(at_ms, message));
    }
    let (kind, rest) = rest.strip_prefix("type=")?.split_once(' ')?;
    let (stamp, rest) = stamp(rest)?;
    denied(kind, stamp, rest)
}

fn denied(kind: &str, stamp: Stamp, rest: &str) -> Option<Line> {
    let mut found = match kind {
        "AVC" | "1400" => fields::parse(rest),
        // The message bus asks AppArmor itself, and puts its record into quotes.
        "USER_AVC" | "1107" => {
            let inner = rest.split_once("msg='")?.1;
            fields::parse(inner.rsplit_once('\'').map_or(inner, |(inner, _)| inner))
        }
        _ => return None,
    };
    if found.remove("apparmor")? != "DENIED" {
        return None;
    }
    Some(Line::Denied(Record { stamp, fields: found }))
}

fn lost(at_ms: u64, message: &str) -> Line {
    Line::Lost { at_ms, message: printable(message) }
}

/// `audit(1763945000.123:456):` at the beginning.
fn stamp(text: &str) -> Option<(Stamp, &str)> {
    let (stamp, rest) = text.strip_prefix("audit(")?.split_once("):")?;
    let (time, serial) = stamp.split_once(':')?;
    Some((Stamp { at_ms: seconds(time)?, serial: Some(serial.parse().ok()?) }, rest.trim_start()))
}

/// Seconds with a fraction, in milliseconds.
fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.')?;
    let whole: u64 = whole.parse().ok()?;
    let digits = |c: char| c.is_ascii_digit();
    if fraction.is_empty() || !fraction.chars().all(digits) {
        return None;
    }
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    whole.checked_mul(1000)?.checked_add(millis.parse().ok()?)
}

/// `2026-11-24T01:28:38,448123+00:00`.
fn iso(text: &str) -> Option<u64> {
    let time: jiff::Timestamp = text.replace(',', ".").parse().ok()?;
    u64::try_from(time.as_millisecond()).ok()
}

fn number(text: &str, key: &str) -> Option<u32> {
    text.split_once(key)?.1.split(' ').next()?.parse().ok()
}
