//! Nobody's edit is lost when others write at the same time.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use phoenix_orch::runtime::{Edit, Lxc, Runtime};
use phoenix_sdk::Others;
use phoenix_tests::Node;
use xtask::testbed::LXC_PATH;

use crate::contract::Bed;

const EDITS: usize = 500;

fn entry(by: &str, number: usize) -> String {
    format!("BY_{by}_{number}=a b")
}

fn edit(runtime: &dyn Runtime, name: &str, value: &str) -> Result<()> {
    let edit = Edit::Set { key: "lxc.environment", value, others: Others::Kept };
    Ok(runtime.edit(name, &mut |now| runtime.edited(now, edit))?)
}

fn missing(bed: &Bed<'_>, by: &str) -> Result<usize> {
    let there = bed.runtime.values(&bed.runtime.config(bed.name())?, "lxc.environment");
    Ok((0..EDITS).filter(|number| !there.contains(&entry(by, *number))).count())
}

/// Two of ours, who keep to one lock.
pub(crate) fn ours_and_ours(bed: &Bed<'_>) -> Result<()> {
    thread::scope(|scope| -> Result<()> {
        let other = scope.spawn(|| {
            let runtime = Lxc::new(LXC_PATH);
            (0..EDITS).try_for_each(|number| edit(&runtime, bed.name(), &entry("other", number)))
        });
        for number in 0..EDITS {
            edit(bed.runtime, bed.name(), &entry("one", number))?;
        }
        other.join().ok().context("the other one panicked")?
    })?;
    ensure!(missing(bed, "one")? == 0 && missing(bed, "other")? == 0);
    Ok(())
}

/// `pct set`, again and again, while we edit.
pub(crate) fn ours_and_pct(bed: &Bed<'_>, node: &Node) -> Result<()> {
    // A thread of its own would not see the node, but a program that is started from here does.
    let script = format!(
        "i=512; while [ ! -e /etc/pve/over ]; do i=$((i+1)); pct set {} --cores 2 --memory $i || exit 1; \
         printf '%s\\n' $i; done",
        bed.name()
    );
    let mut writer = Command::new("sh")
        .args(["-c", &script])
        .env("LC_ALL", "C.UTF-8")
        .stdout(Stdio::piped())
        // It says each time that it waited for the lock.
        .stderr(Stdio::null())
        .spawn()?;
    let outcome = (0..EDITS).try_for_each(|number| {
        // Without a moment in between, `pct` would hardly ever get the lock.
        thread::sleep(Duration::from_millis(8));
        edit(bed.runtime, bed.name(), &entry("one", number))
    });
    node.write("over", "")?;
    let mut said = String::new();
    if let Some(mut stdout) = writer.stdout.take() {
        stdout.read_to_string(&mut said)?;
    }
    ensure!(writer.wait()?.success(), "pct set failed");
    outcome?;
    let last = said.lines().last().context("pct set nothing")?.to_owned();
    ensure!(said.lines().count() > 20, "only {} edits of pct", said.lines().count());
    ensure!(missing(bed, "one")? == 0, "edits are lost: {}", missing(bed, "one")?);
    // Memory is written at once where it can be, and waits for the next start where it cannot.
    let memory = bed.runtime.values(&bed.runtime.config(bed.name())?, "memory");
    ensure!(memory == [last.clone()], "pct's last edit is lost: {memory:?}, not {last}");
    Ok(())
}
