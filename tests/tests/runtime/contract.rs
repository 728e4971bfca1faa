//! What every runtime promises.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use phoenix_orch::{
    runtime::{Edit, Runtime},
    transport::{ContainerMachine, Exec, Reader},
};
use phoenix_sdk::Others;
use xtask::testbed::Container;

/// A runtime, and one of its containers that runs.
pub(crate) struct Bed<'a> {
    pub(crate) runtime: &'a dyn Runtime,
    pub(crate) container: &'a Container,
}

impl Bed<'_> {
    pub(crate) fn name(&self) -> &str {
        self.container.name()
    }

    pub(crate) fn text(&self) -> Result<String> {
        Ok(self.runtime.config(self.name())?.text)
    }

    fn set(&self, key: &str, value: &str, others: Others) -> Result<()> {
        let edit = Edit::Set { key, value, others };
        Ok(self.runtime.edit(self.name(), &mut |now| self.runtime.edited(now, edit))?)
    }

    fn remove(&self, key: &str, value: &str) -> Result<()> {
        let edit = Edit::Remove { key, value };
        Ok(self.runtime.edit(self.name(), &mut |now| self.runtime.edited(now, edit))?)
    }

    fn values(&self, key: &str) -> Result<Vec<String>> {
        Ok(self.runtime.values(&self.runtime.config(self.name())?, key))
    }
}

type Promise = fn(&Bed<'_>) -> Result<()>;

/// Goes through all of it.
pub(crate) fn keep(bed: &Bed<'_>) -> Result<()> {
    let promises: [(&str, Promise); 7] = [
        ("it is known", is_known),
        ("edits touch one line", edits_touch_one_line),
        ("an edit that fails changes nothing", failed_edits_change_nothing),
        ("what is there already is not written again", nothing_is_written_twice),
        ("sessions have a clean environment", sessions_are_clean),
        ("a restart ends when the container answers", restarts_end_when_it_answers),
        ("a container that does not start says why", failures_say_why),
    ];
    for (what, promise) in promises {
        promise(bed).with_context(|| format!("broken: {what}"))?;
    }
    Ok(())
}

fn is_known(bed: &Bed<'_>) -> Result<()> {
    ensure!(bed.runtime.list()?.iter().any(|name| name == bed.name()));
    let state = bed.runtime.state(bed.name())?;
    ensure!(state.running && state.unprivileged, "{state:?}");
    ensure!(bed.runtime.lock(bed.name())?.is_none() && bed.runtime.pending(bed.name())?.is_empty());
    for name in ["7999999", "../passwd", "", "."] {
        let unknown = bed.runtime.state(name).err().context(name.to_owned())?;
        ensure!(unknown.code == "TARGET-UNKNOWN" && !unknown.hints.is_empty(), "{unknown:?}");
    }
    Ok(())
}

fn edits_touch_one_line(bed: &Bed<'_>) -> Result<()> {
    let before = bed.text()?;
    let (key, first, second) =
        ("lxc.mount.entry", "tmpfs mnt tmpfs size=1M 0 0", "tmpfs srv tmpfs size=1M 0 0");
    bed.set(key, first, Others::Kept)?;
    bed.set(key, second, Others::Kept)?;
    ensure!(bed.values(key)?.ends_with(&[first.to_owned(), second.to_owned()]));
    let added: Vec<String> = lines_added(&before, &bed.text()?);
    ensure!(added.len() == 2 && added[0].ends_with(first), "{added:?}");
    bed.set("lxc.environment", "A=1", Others::Replaced)?;
    bed.set("lxc.environment", "A=2 b", Others::Replaced)?;
    ensure!(bed.values("lxc.environment")? == ["A=2 b"]);
    for (key, value) in [(key, first), (key, second), ("lxc.environment", "A=2 b")] {
        bed.remove(key, value)?;
    }
    ensure!(bed.text()? == before, "not as before: {}", bed.text()?);
    Ok(())
}

fn lines_added(before: &str, after: &str) -> Vec<String> {
    let mut old: Vec<&str> = before.lines().collect();
    let is_new = |line: &&str| match old.iter().position(|have| have == line) {
        Some(at) => {
            old.remove(at);
            false
        }
        None => true,
    };
    after.lines().filter(is_new).map(str::to_owned).collect()
}

fn failed_edits_change_nothing(bed: &Bed<'_>) -> Result<()> {
    let before = bed.text()?;
    let refused = bed.runtime.edit(bed.name(), &mut |_| {
        Err(phoenix_orch::error::Error::new(
            phoenix_orch::error::ErrorKind::Step,
            "NOT-LIKE-THIS",
            "refused",
        ))
    });
    ensure!(refused.is_err_and(|error| error.code == "NOT-LIKE-THIS"));
    ensure!(bed.text()? == before);
    // And nothing stays beside it.
    bed.runtime.clean(bed.name())?;
    Ok(())
}

fn nothing_is_written_twice(bed: &Bed<'_>) -> Result<()> {
    bed.set("lxc.environment", "B=1", Others::Kept)?;
    let path = bed.runtime.config(bed.name())?.path;
    let written = fs::metadata(&path)?.modified()?;
    std::thread::sleep(Duration::from_millis(20));
    bed.set("lxc.environment", "B=1", Others::Kept)?;
    ensure!(fs::metadata(&path)?.modified()? == written, "it was written again");
    bed.remove("lxc.environment", "B=1")
}

fn sessions_are_clean(bed: &Bed<'_>) -> Result<()> {
    let machine = ContainerMachine::new(bed.name(), bed.runtime.attach(bed.name()));
    let env = machine.probe(&Exec::new(["env"]))?.stdout.to_text();
    let names: Vec<&str> = env.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    ensure!(names.contains(&"PATH") && !names.contains(&"CARGO"), "{env}");
    let blanks = machine.probe(&Exec::new(["printf", "%s|", "a b", "$(id)", "*", "", "ä"]))?;
    ensure!(blanks.stdout.to_text() == "a b|$(id)|*||ä|");
    Ok(())
}

fn restarts_end_when_it_answers(bed: &Bed<'_>) -> Result<()> {
    bed.set("lxc.environment", "PHOENIX=new one", Others::Replaced)?;
    let (before, mut said) = (bed.container.init_pid()?, Vec::new());
    bed.runtime.restart(bed.name(), &mut |line| said.push(line.to_owned()))?;
    ensure!(bed.container.init_pid()? != before, "it was not restarted: {said:?}");
    // Asked at once: a container whose systemd does not answer yet would fail here.
    let state = bed.container.exec(&["systemctl", "is-system-running"])?;
    ensure!(matches!(state.stdout.trim(), "running" | "degraded"), "{state:?}");
    let environment = bed.container.ok(&["cat", "/proc/1/environ"])?;
    ensure!(environment.split('\0').any(|word| word == "PHOENIX=new one"), "{environment}");
    bed.remove("lxc.environment", "PHOENIX=new one")
}

fn failures_say_why(bed: &Bed<'_>) -> Result<()> {
    let entry = "/no/such/device dev/nothing none bind,create=file 0 0";
    bed.set("lxc.mount.entry", entry, Others::Kept)?;
    let failed = bed.runtime.restart(bed.name(), &mut |_| {}).err().context("it started")?;
    ensure!(failed.code == "CONTAINER-START", "{failed:?}");
    ensure!(failed.causes.iter().any(|cause| cause.contains("/no/such/device")), "{failed:?}");
    ensure!(!bed.runtime.state(bed.name())?.running);
    bed.remove("lxc.mount.entry", entry)?;
    bed.runtime.finish_restart(bed.name(), &mut |_| {})?;
    ensure!(bed.runtime.state(bed.name())?.running);
    Ok(())
}
