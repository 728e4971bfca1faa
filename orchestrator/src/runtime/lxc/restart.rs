//! Stop, start, and wait until init answers.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::{Lxc, proc};
use crate::{
    error::{Error, ErrorKind, Result},
    runtime::{
        Runtime,
        ready::{self, not_started},
    },
    transport::{Exec, Mutator, printable},
};

/// For a clean shutdown; then LXC kills the container.
const SHUTDOWN: u32 = 60;
/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(100);
/// Lines of the runtime's log that become causes.
const MAX_CAUSES: usize = 6;

pub(super) fn restart(lxc: &Lxc, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
    lxc.config(container)?;
    if lxc.is_running(container)? {
        line(&format!("stopping `{container}`"));
        stop(lxc, container)?;
    }
    start(lxc, container, line)
}

fn start(lxc: &Lxc, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
    if !lxc.is_running(container)? {
        line(&format!("starting `{container}`"));
        launch(lxc, container)?;
    }
    ready::wait(lxc, container, &|| lxc.is_running(container), line)
}

/// Ends a restart that a run which was killed has begun: its `lxc-stop` or `lxc-start` may still be at
/// work, and the container may be on its way down.
pub(super) fn finish(lxc: &Lxc, container: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
    lxc.config(container)?;
    let deadline = Instant::now() + Duration::from_secs(u64::from(SHUTDOWN) + 30);
    while proc::has_tool(&lxc.path, container) && Instant::now() < deadline {
        std::thread::sleep(INTERVAL);
    }
    match start(lxc, container, line) {
        Err(_) if !lxc.is_running(container)? => start(lxc, container, line),
        outcome => outcome,
    }
}

fn stop(lxc: &Lxc, container: &str) -> Result<()> {
    let shutdown = SHUTDOWN.to_string();
    let argv = ["lxc-stop", "-P", &lxc.path, "-n", container, "-t", &shutdown];
    let limit = Duration::from_secs(u64::from(SHUTDOWN) + 30);
    let output = lxc.host.exec(&Exec::new(argv).within(limit), &mut |_| {})?;
    // It may have stopped by itself in between, which is as good.
    if !lxc.is_running(container)? {
        return Ok(());
    }
    let message = format!("`{}` could not be stopped", printable(container));
    Err(Error::new(ErrorKind::Step, "CONTAINER-STOP", message)
        .cause(printable(&output.complaint()))
        .hint("Stop it by hand and see what holds it."))
}

fn launch(lxc: &Lxc, container: &str) -> Result<()> {
    let log = tempfile::NamedTempFile::new()
        .map_err(|e| not_started(container).cause("there is no place for a log").cause(e))?;
    let log_path = log.path().to_string_lossy().into_owned();
    let argv =
        ["lxc-start", "-P", &lxc.path, "-n", container, "-d", "-l", "ERROR", "-o", &log_path];
    let exec = Exec::new(argv).within(Duration::from_secs(60));
    let output = lxc.host.exec(&exec, &mut |_| {})?;
    if output.success() {
        return Ok(());
    }
    ready::until_down(&|| lxc.is_running(container))?;
    let causes = reasons(&fs::read(log.path()).unwrap_or_default());
    if causes.is_empty() {
        return Err(not_started(container).cause(printable(&output.complaint())));
    }
    Err(causes.into_iter().fold(not_started(container), Error::cause))
}

/// The error lines of LXC's log, without the time and the place in its source.
fn reasons(log: &[u8]) -> Vec<String> {
    let log = String::from_utf8_lossy(log);
    let mut reasons: Vec<String> = Vec::new();
    for line in log.lines() {
        let Some((_, said)) = line.split_once(" ERROR ") else { continue };
        let reason = printable(said.splitn(3, " - ").last().unwrap_or(said).trim());
        if !reason.is_empty() && !reasons.contains(&reason) && reasons.len() < MAX_CAUSES {
            reasons.push(reason);
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::reasons;

    #[test]
    fn reasons_come_without_time_and_place() {
        let log = b"lxc-start web 20260101000000.000 ERROR    mount_utils - ../src/lxc/mount_utils.c:\
            open_device:1 - No such file or directory - Failed to open \"/dev/x\"\n\
            lxc-start web 20260101000000.000 WARN     conf - ../src/lxc/conf.c:x:2 - not this\n\
            lxc-start web 20260101000000.001 ERROR    start - ../src/lxc/start.c:x:3 - Failed \x1b[0m\n";
        assert_eq!(
            reasons(log),
            ["No such file or directory - Failed to open \"/dev/x\"", "Failed \\u{1b}[0m"]
        );
    }
}
