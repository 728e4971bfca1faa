//! AppArmor's denials of one profile, read on the host from whoever keeps the kernel's audit records.
//!
//! Does not tell whose fault a denial is: it gives the record's fields, decoded, and its time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use xtask::process;

use crate::record::{Denial, denial};

const AUDIT_LOG: &str = "/var/log/audit/audit.log";
const FLUSH_LIMIT: Duration = Duration::from_secs(20);

/// What the kernel says when it could not keep its records.
const LOSSES: &[&str] =
    &["audit: backlog limit", "audit: rate limit", "audit_lost=", "audit: audit_lost"];

/// What it says when it has not printed all.
const SUPPRESSED: &str = "callbacks suppressed";

/// A place in the host's records from which on denials are wanted.
#[derive(Debug)]
pub(crate) struct Watch {
    kernel: File,
    /// What was read of it so far; it can be read only once.
    kernel_text: String,
    /// auditd's file with its length now, where auditd runs.
    log: Option<(File, u64)>,
    lost: Option<u64>,
}

/// What came since the watch began.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) denials: Vec<Denial>,
    /// Signs that records are missing, each in the kernel's words.
    pub(crate) losses: Vec<String>,
}

impl Watch {
    /// Begins now.
    pub(crate) fn begin() -> Result<Self> {
        let mut kernel = fs::OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open("/dev/kmsg")
            .context("cannot read the kernel's log `/dev/kmsg`")?;
        kernel.seek(SeekFrom::End(0)).context("cannot seek in `/dev/kmsg`")?;
        let status = audit_status()?;
        let log = if status.get("pid").is_some_and(|pid| *pid != 0) {
            let file = open_log()?;
            let length = file.metadata()?.len();
            Some((file, length))
        } else {
            None
        };
        Ok(Self { kernel, kernel_text: String::new(), log, lost: status.get("lost").copied() })
    }

    /// Everything that this profile denied since then. A profile that is stacked with others is
    /// named by its own part of the label.
    pub(crate) fn denials(&mut self, profile: &str) -> Result<Seen> {
        let mut seen = Seen::default();
        if let Err(error) = self.wait_for_auditd() {
            seen.losses.push(format!("{error:#}"));
        }
        self.kernel_text.push_str(&read_kernel(&mut self.kernel)?);
        let kernel = &self.kernel_text;
        let mut records = kernel.clone();
        if let Some((file, start)) = &mut self.log {
            let log = read_log(file, *start)?;
            records.push_str(&log.text);
            if log.gap {
                seen.losses.push(format!("auditd has rotated `{AUDIT_LOG}` more than once"));
            }
        }
        let mut known = BTreeSet::new();
        let denials = records.lines().filter_map(denial).filter(|one| one.is_of(profile));
        seen.denials = denials.filter(|one| known.insert(one.serial)).collect();
        // What auditd does not take at once is held for it and printed too; that not all of it was
        // printed loses nothing then.
        let printed_only = self.log.is_none();
        let is_loss = |line: &&str| {
            LOSSES.iter().any(|sign| line.contains(sign))
                || (printed_only && line.contains(SUPPRESSED))
        };
        seen.losses.extend(kernel.lines().filter(is_loss).map(str::to_owned));
        if let (Some(before), Some(now)) = (self.lost, audit_status()?.get("lost").copied())
            && now > before
        {
            seen.losses.push(format!("audit lost {} records in all", now - before));
        }
        Ok(seen)
    }

    /// auditd writes the records in the order in which the kernel made them, so once a message of
    /// our own has arrived, every denial before it has too.
    fn wait_for_auditd(&mut self) -> Result<()> {
        let Some((file, start)) = &mut self.log else { return Ok(()) };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mark = format!("phoenix-lab-mark-{}-{}", std::process::id(), now.as_nanos());
        process::quiet(Command::new("auditctl").args(["-m", &mark]))?;
        let deadline = Instant::now() + FLUSH_LIMIT;
        while Instant::now() < deadline {
            if read_log(file, *start)?.text.contains(&mark) {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        bail!("auditd has not written our mark within {} s", FLUSH_LIMIT.as_secs())
    }
}

/// What auditd wrote.
struct Log {
    text: String,
    /// Whether it was rotated so often that what stood in between was not read.
    gap: bool,
}

/// The log from `start`, and the whole of the one after it where auditd has rotated in between.
fn read_log(file: &mut File, start: u64) -> Result<Log> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut bytes).with_context(|| format!("cannot read `{AUDIT_LOG}`"))?;
    let mut now = open_log()?;
    let inode = file.metadata()?.ino();
    let rotated = now.metadata()?.ino() != inode;
    let before = fs::metadata(format!("{AUDIT_LOG}.1")).map(|before| before.ino()).ok();
    if rotated {
        now.read_to_end(&mut bytes)?;
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Log { text, gap: rotated && before != Some(inode) })
}

/// While auditd rotates its log there is none for a moment.
fn open_log() -> Result<File> {
    let deadline = Instant::now() + FLUSH_LIMIT;
    loop {
        match File::open(AUDIT_LOG) {
            Err(error) if error.kind() == ErrorKind::NotFound && Instant::now() < deadline => {
                sleep(Duration::from_millis(20));
            }
            opened => return opened.with_context(|| format!("cannot open `{AUDIT_LOG}`")),
        }
    }
}

fn read_kernel(kernel: &mut File) -> Result<String> {
    let mut text = String::new();
    let mut record = vec![0; 1 << 14];
    loop {
        match kernel.read(&mut record) {
            Ok(0) => return Ok(text),
            Ok(length) => {
                text.push_str(&String::from_utf8_lossy(&record[..length]));
                text.push('\n');
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(text),
            Err(error) if error.raw_os_error() == Some(libc::EPIPE) => {
                // The ring overtook us; the next read goes on behind the gap.
                text.push_str("callbacks suppressed: the kernel's log overran its buffer\n");
            }
            Err(error) => return Err(error).context("cannot read the kernel's log"),
        }
    }
}

/// The kernel's own figures about its audit records, empty where nobody can ask.
fn audit_status() -> Result<BTreeMap<String, u64>> {
    let mut command = Command::new("auditctl");
    let output = match process::capture(command.arg("-s"), None, Duration::from_secs(20)) {
        Ok(output) => output.success()?,
        // Without the audit tools the records go to the kernel's log, which is read anyway.
        Err(_) => return Ok(BTreeMap::new()),
    };
    let pairs = output.stdout.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs
        .filter_map(|(key, value)| Some((key.to_owned(), value.trim().parse().ok()?)))
        .collect())
}
