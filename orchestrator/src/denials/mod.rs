//! What AppArmor denied: from the records in the host's logs to what was attempted and the smallest rule
//! that would allow it.
//!
//! Pure files read records ([`line`], [`fields`]), put them into words ([`words`]) and into rules
//! ([`rule`], [`mount`], [`name`]); [`source`] and [`owner`] are the thin shells that look at the host.
//! No container runtime is asked, and nothing is changed.
//!
//! The record format has a well-kept parser, the crate linux-audit-parser; it is under the LGPL, which
//! `deny.toml` does not accept for a program that is linked statically, and it reads auditd's lines only,
//! neither the kernel's nor the journal's. AppArmor's own `libapparmor` has another one, in C.
//!
//! What no log can show: accesses that the profile forbids with an explicit `deny` rule, which the kernel
//! does not log.

#[cfg(test)]
mod cases;
mod collect;
mod fields;
#[cfg(test)]
mod hosts;
mod line;
mod mount;
mod name;
mod owner;
mod rule;
mod source;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use phoenix_sdk::{Code, Denials, Mark};

pub use line::profiles_of_label;

use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Read, Reader, Seen},
};

/// Now, by the clock that stamps audit records: a record made after this has no earlier stamp.
///
/// # Errors
/// When the host cannot be looked at.
pub fn mark(host: &dyn Reader) -> Result<Mark> {
    let lost = source::status(host)?.and_then(|status| status.lost);
    Ok(Mark { at_ms: now_ms(), lost })
}

/// The time since which the host runs.
///
/// # Errors
/// `DENIALS-UNREADABLE` when the kernel does not say.
pub fn boot(host: &dyn Reader) -> Result<Mark> {
    let text = text(host, "/proc/stat")?.unwrap_or_default();
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
    let seconds: u64 =
        seconds.ok_or_else(|| unreadable("`/proc/stat` does not say when the host started"))?;
    Ok(Mark { at_ms: seconds * 1000, lost: Some(0) })
}

/// What these profiles denied since then.
///
/// # Errors
/// `DENIALS-UNREADABLE` when the logs cannot be read, or the kernel writes no records into them.
pub fn since(host: &dyn Reader, profiles: &[String], since: Mark) -> Result<Denials> {
    if profiles.is_empty() {
        return Ok(Denials::default());
    }
    silenced(host)?;
    let logs = source::read(host, since.at_ms)?;
    let mut collected = collect::collect(&logs.pieces, profiles, since.at_ms);
    let owners = owner::Owners::look(host, collected.processes(), boot(host)?.at_ms)?;
    let denials = collected.denials(profiles, |record, parent| owners.of(record, parent));
    let mut incomplete = logs.incomplete;
    incomplete.append(&mut collected.incomplete);
    if now_ms() < since.at_ms {
        incomplete.push("the host's clock was set back meanwhile".to_owned());
    }
    if let (Some(before), Some(now)) = (since.lost, source::status(host)?.and_then(|now| now.lost))
        && now > before
    {
        incomplete.push(format!("the kernel lost {} audit records", now - before));
    }
    Ok(Denials {
        label: None,
        profiles: profiles.to_vec(),
        denials,
        incomplete,
        sources: logs.sources,
    })
}

/// Kernels can be told to write no records at all; their silence means nothing then.
fn silenced(host: &dyn Reader) -> Result<()> {
    let line = text(host, "/proc/cmdline")?.unwrap_or_default();
    if line.split_whitespace().any(|word| matches!(word, "audit=0" | "audit=off")) {
        return Err(unreadable("the kernel was started with `audit=0` and logs no denials"));
    }
    let mode = text(host, "/sys/module/apparmor/parameters/audit")?.unwrap_or_default();
    match mode.trim() {
        mode @ ("quiet" | "quiet_denied") => {
            Err(unreadable(format!("AppArmor is told to log no denials (`apparmor.audit={mode}`)")))
        }
        _ => Ok(()),
    }
}

fn text(host: &dyn Reader, path: &str) -> Result<Option<String>> {
    match host.read(&[Read::File { path: path.to_owned() }])?.pop().transpose()? {
        Some(Seen::File(state)) => Ok(state.content().map(phoenix_sdk::Bytes::to_text)),
        _ => Ok(None),
    }
}

/// The kernel stamps records by its coarse clock, which is behind the fine one by up to a tick.
fn now_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    let (seconds, nanos) = (u64::try_from(now.tv_sec), u64::try_from(now.tv_nsec));
    seconds.unwrap_or(0) * 1000 + nanos.unwrap_or(0) / 1_000_000
}

/// A time in a message.
fn when(at_ms: u64) -> String {
    i64::try_from(at_ms)
        .ok()
        .and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok())
        .map_or_else(|| "an unknown time".to_owned(), |time| time.to_string())
}

fn unreadable(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unreachable, "DENIALS-UNREADABLE", message).hint(
        "Run as root on the host, and let auditd or the systemd journal keep the kernel's records.",
    )
}

/// The errors of this module.
pub const CODES: &[Code] = &[Code::new(
    "DENIALS-UNREADABLE",
    "What AppArmor denied is not known, because the host's logs cannot be read or the kernel writes no \
     records into them. That is never taken for `no denials`.",
    "The cause names what could not be read. Install auditd, or make `dmesg` and `journalctl` work for root.",
)];
