//! Hosts whose logs say this and that, or cannot be read.

use phoenix_sdk::{FileState, Mark, Output, Permissions};

use super::since;
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Read, Reader, Seen},
};

const OPEN: &str =
    r#"apparmor="DENIED" operation="open" profile="p" name="/x" pid=7 comm="cat" denied_mask="r""#;
/// When the window begins, in the logs' own forms.
const SINCE: Mark = Mark { at_ms: 1_795_483_718_000, lost: Some(3) };

/// Commands answer by how they begin; files by their path. Whatever is not there is not found.
#[derive(Clone, Default)]
struct Host {
    commands: Vec<(&'static str, i32, String)>,
    files: Vec<(&'static str, &'static str)>,
}

impl Host {
    fn command(mut self, begins: &'static str, exit: i32, text: impl Into<String>) -> Self {
        self.commands.push((begins, exit, text.into()));
        self
    }

    fn file(mut self, path: &'static str, text: &'static str) -> Self {
        self.files.push((path, text));
        self
    }
}

impl Reader for Host {
    fn read(&self, reads: &[Read]) -> Result<Vec<Result<Seen>>> {
        let one = |read: &Read| {
            let Read::File { path } = read else { return Ok(Seen::Folder(None)) };
            let text = self.files.iter().find(|(known, _)| known == path).map(|(_, text)| *text);
            Ok(Seen::File(text.map_or(FileState::Absent, |text| FileState::Regular {
                content: text.into(),
                permissions: Permissions { mode: 0o400, uid: 0, gid: 0 },
            })))
        };
        Ok(reads.iter().map(one).collect())
    }

    fn probe(&self, exec: &Exec) -> Result<Output> {
        let words = exec.argv.join(" ");
        let found = self.commands.iter().find(|(begins, ..)| words.starts_with(begins));
        let (_, exit, text) = found
            .ok_or_else(|| Error::new(ErrorKind::Step, "EXEC-NOT-FOUND", "no such program"))?;
        let (stdout, stderr) = if *exit == 0 { (text.as_str(), "") } else { ("", text.as_str()) };
        Ok(Output { exit: *exit, stdout: stdout.into(), stderr: stderr.into() })
    }
}

fn booted() -> Host {
    Host::default().file("/proc/stat", "cpu 1\nbtime 1795483000\n")
}

fn with_auditd(log: &str, lost: u64) -> Host {
    booted()
        .command("auditctl -s", 0, format!("enabled 1\npid 254\nlost {lost}\nbacklog 0\n"))
        .command("tail --bytes 1048576 -- /var/log/audit/audit.log", 0, log)
        .command("dmesg", 0, "2026-11-24T01:28:00,000000+00:00 Linux version\n")
}

fn seen(host: &Host) -> Result<phoenix_sdk::Denials> {
    since(host, &["p".to_owned()], SINCE)
}

fn code(host: &Host) -> String {
    seen(host).unwrap_err().code
}

fn log(first_second: u64, kind: &str) -> String {
    format!(
        "type={kind} msg=audit({first_second}.000:1): x\n\
         type=AVC msg=audit(1795483718.452:198): {OPEN}\n\
         type=SYSCALL msg=audit(1795483718.452:198): syscall=257 ppid=42 pid=7\n"
    )
}

#[test]
fn what_cannot_be_read_is_never_no_denials() {
    assert_eq!(code(&booted()), "DENIALS-UNREADABLE");
    let refused = booted()
        .command("dmesg", 1, "dmesg: read kernel buffer failed: Operation not permitted")
        .command("journalctl", 1, "No journal files were found.");
    assert_eq!(code(&refused), "DENIALS-UNREADABLE");
    // auditd has the records, so the kernel's buffer proves nothing.
    let hidden = booted().command("auditctl -s", 0, "pid 254\nlost 0\nbacklog 0\n").command(
        "dmesg",
        0,
        "2026-11-24T01:00:00,000000+00:00 Linux version\n",
    );
    assert_eq!(code(&hidden), "DENIALS-UNREADABLE");
    for (path, text) in [
        ("/proc/cmdline", "quiet audit=0\n"),
        ("/sys/module/apparmor/parameters/audit", "quiet_denied\n"),
    ] {
        let quiet = with_auditd(&log(1_795_483_000, "LOGIN"), 3).file(path, text);
        assert_eq!(code(&quiet), "DENIALS-UNREADABLE", "{path}");
    }
}

#[test]
fn the_parent_that_still_lives_tells_the_container() {
    let host = with_auditd(&log(1_795_483_000, "LOGIN"), 3);
    let unknown = seen(&host).unwrap();
    assert_eq!((unknown.denials.len(), &unknown.denials[0].container), (1, &None));
    assert!(unknown.incomplete.is_empty(), "{:?}", unknown.incomplete);
    let lives = |ticks: &'static str| {
        host.clone().file("/proc/42/stat", ticks).file("/proc/42/cgroup", "0::/lxc.payload.ct/x\n")
    };
    let old = seen(&lives("42 (sh) S 1 1 1 0 -1 0 1 0 0 0 0 0 0 0 20 0 1 0 500 1")).unwrap();
    assert_eq!(old.denials[0].container.as_deref(), Some("ct"));
    // A process that began later has the number of another one.
    let new = seen(&lives("42 (sh) S 1 1 1 0 -1 0 1 0 0 0 0 0 0 0 20 0 1 0 99900 1")).unwrap();
    assert_eq!(new.denials[0].container, None);
}

#[test]
fn gaps_and_losses_are_findings() {
    let late = seen(&with_auditd(&log(1_795_483_718, "LOGIN"), 3)).unwrap();
    assert!(late.incomplete.is_empty(), "{:?}", late.incomplete);
    let gap = seen(&with_auditd(&log(1_795_483_719, "LOGIN"), 3)).unwrap();
    assert_eq!(gap.incomplete, ["the logs begin only at 2026-11-24T01:28:39Z"]);
    // auditd began then, and the kernel's buffer has what was before.
    let begun = seen(&with_auditd(&log(1_795_483_719, "DAEMON_START"), 3)).unwrap();
    assert!(begun.incomplete.is_empty(), "{:?}", begun.incomplete);
    let lost = seen(&with_auditd(&log(1_795_483_000, "LOGIN"), 5)).unwrap();
    assert_eq!(lost.incomplete, ["the kernel lost 2 audit records"]);
}
