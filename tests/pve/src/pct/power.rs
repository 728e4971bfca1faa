//! `pct start`, `stop`, `shutdown` and `reboot`: tasks, whose words go to standard output.

use std::fs::{self, File, read_to_string};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::flock;
use super::guest::{Guest, check_lock};
use super::lxc_config;
use super::options::Line;
use super::state::{LXC_PATH, PATH, ask, is_running};
use super::update::apply;
use super::voice::{Voice, error, print};
use crate::conf::{Conf, Section};

/// The word with which LXC calls this program after a container has stopped, however it did.
pub(super) const HOOK: &str = "after-stop";

/// How a container is ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Manner<'a> {
    Kill,
    Shutdown(&'a Line),
}

/// `pct start`. It returns when process 1 was started, not when that is ready.
pub(super) fn start(id: u32) -> Result<(), Failure> {
    let mut guest = Guest::new(id, Voice::Task);
    guest.text().map_err(Failure::in_task)?;
    if is_running(id)? {
        return Err(Failure::new(format!("CT {id} already running"), 255));
    }
    let _held = flock::take(id, guest.voice).map_err(Failure::in_task)?;
    start_locked(&mut guest)
}

fn start_locked(guest: &mut Guest) -> Result<(), Failure> {
    let mut conf = guest.load()?;
    check_lock(&conf)?;
    if !conf.pending.is_empty() {
        apply(&mut conf, |_| true);
        guest.store(&conf)?;
    }
    lxc_config::write(guest.id, &conf, guest.voice)?;
    let started = launch(guest.id);
    let warning = nesting_warning(guest.id, &conf.main);
    if let Some(warning) = &warning {
        print(&format!("WARN: {warning}\n"));
    }
    started?;
    if warning.is_some() {
        error("Task finished with 1 warning(s)!");
    }
    Ok(())
}

/// Starts LXC's monitor in a session of its own, and waits until the container runs or has failed.
fn launch(id: u32) -> Result<(), Failure> {
    let folder = Path::new(LXC_PATH).join(id.to_string());
    let words = folder.join("lxc-start.stderr");
    let system = |error| Failure::system("unable to run lxc-start", &error).in_task();
    let log = File::create(&words).map_err(system)?;
    let mut command = Command::new("setsid");
    command.args(["lxc-start", "-F", "-n", &id.to_string()]).current_dir("/");
    command.env_clear().env("PATH", PATH);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let mut monitor = command.spawn().map_err(system)?;
    fs::write(monitor_file(id), monitor.id().to_string()).map_err(system)?;
    while monitor.try_wait().map_err(system)?.is_none() {
        if is_running(id)? && ask(id, "--state")? == "RUNNING" {
            return Ok(());
        }
        sleep(Duration::from_millis(5));
    }
    let said = read_to_string(&words).unwrap_or_default();
    // What the program adds for those who started it by hand is not passed on.
    let lines = said.lines().map(|line| without_prefix(id, line));
    for line in lines.filter(|line| !line.starts_with("main: ")) {
        print(&format!("{line}\n"));
    }
    Err(Failure::new(format!("startup for container '{id}' failed"), 255))
}

/// Proxmox leaves out who says it: `lxc-start: 101: ../src/lxc/conf.c: `.
fn without_prefix(id: u32, line: &str) -> &str {
    let said = line.strip_prefix("lxc-start:").map(str::trim_start);
    let said = said.and_then(|rest| rest.strip_prefix(&format!("{id}:"))).map(str::trim_start);
    said.and_then(|rest| rest.split_once(' ')).map_or(line, |(_, words)| words).trim_end()
}

/// What is said when systemd is to run without nesting.
fn nesting_warning(id: u32, main: &Section) -> Option<String> {
    if !main.is_on("unprivileged") || main.feature("nesting") == Some("1") {
        return None;
    }
    let library = Path::new(LXC_PATH).join(id.to_string()).join("rootfs/usr/lib");
    let folders = ["systemd", "x86_64-linux-gnu/systemd"].map(|name| library.join(name));
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let versions = entries.filter_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let number = name.strip_prefix("libsystemd-shared-")?.strip_suffix(".so")?;
        number.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
    });
    let version = versions.max().filter(|version| *version >= 232)?;
    Some(format!("Systemd {version} detected. You may need to enable nesting."))
}

/// `pct stop` and `pct shutdown`.
pub(super) fn stop(id: u32, manner: Manner<'_>) -> Result<(), Failure> {
    if !is_running(id)? {
        return Err(Failure::new(format!("CT {id} not running"), 255));
    }
    let mut guest = Guest::new(id, Voice::Task);
    let _held = flock::take(id, guest.voice).map_err(Failure::in_task)?;
    let conf = guest.load()?;
    check_lock(&conf)?;
    halt(id, manner)
}

/// `pct reboot`. It looks at the `lock` only when the container has stopped already.
pub(super) fn reboot(id: u32, line: &Line) -> Result<(), Failure> {
    if !is_running(id)? {
        return Err(Failure::new(format!("VM {id} not running"), 255));
    }
    let mut guest = Guest::new(id, Voice::Task);
    let _held = flock::take(id, guest.voice).map_err(Failure::in_task)?;
    let conf = guest.load()?;
    halt(id, Manner::Shutdown(line)).or_else(|_| halt(id, Manner::Kill))?;
    if let Err(locked) = check_lock(&conf) {
        print(&format!("{}\n", locked.text));
        return Err(Failure::new(format!("startup for container '{id}' failed"), 255));
    }
    start_locked(&mut guest)
}

fn halt(id: u32, manner: Manner<'_>) -> Result<(), Failure> {
    let mut command = Command::new("lxc-stop");
    command.env("PATH", PATH).args(["-n", &id.to_string()]);
    match manner {
        Manner::Kill => command.arg("--kill"),
        Manner::Shutdown(line) => {
            command.args(["--nokill", "--timeout", line.option("timeout").unwrap_or("60")])
        }
    };
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Failure::system("unable to run lxc-stop", &error))?;
    print(&String::from_utf8_lossy(&output.stderr));
    // LXC gives the socket up before its hook has run.
    let end = Instant::now() + Duration::from_secs(10);
    while is_running(id)? || monitor_lives(id) {
        if !output.status.success() || Instant::now() > end {
            return Err(Failure::new("container did not stop", 255));
        }
        sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn monitor_file(id: u32) -> PathBuf {
    Path::new(LXC_PATH).join(id.to_string()).join("monitor.pid")
}

fn monitor_lives(id: u32) -> bool {
    let pid = read_to_string(monitor_file(id)).unwrap_or_default();
    let stat = read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // LXC changes its name while it monitors; one that has ended and was not waited for does no more.
    !pid.is_empty() && stat.contains("lxc") && !stat.contains(") Z ")
}

/// What is done whenever a container has stopped, also from the inside: what is pending comes into force.
/// As with Proxmox, nobody takes the lock for that.
pub(super) fn after_stop(words: &[String]) -> Result<(), Failure> {
    let id = words.first().and_then(|word| word.parse().ok());
    let id = id.ok_or_else(|| Failure::new("the hook was called without a number", 255))?;
    let mut guest = Guest::new(id, Voice::Plain);
    let mut conf: Conf = guest.load()?;
    if !conf.pending.is_empty() {
        apply(&mut conf, |_| true);
        guest.store(&conf)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lxc_says_less_through_proxmox() {
        let line =
            "lxc-start: 101: ../src/lxc/conf.c: lxc_setup: 4419 Failed to setup mount entries";
        assert_eq!(without_prefix(101, line), "lxc_setup: 4419 Failed to setup mount entries");
        assert_eq!(without_prefix(101, "anything else"), "anything else");
    }
}
