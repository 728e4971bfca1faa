//! A virtual machine that has booted already: its memory and its disks, frozen once and thawed at every
//! start. On an emulated processor that is five seconds instead of twenty and more; see `docs/lab.md`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use wait_timeout::ChildExt;

use super::accelerator::Accelerator;
use super::qemu::{self, Drives, Wish};
use super::ssh::Ssh;
use super::state::console_end;
use super::{Image, Roots, boot, cache, key};
use crate::{process, say};

/// The name of the snapshot inside the first disk.
pub(super) const SNAPSHOT: &str = "booted";

/// Waits until nothing is left to start, and gives back the memory that nobody needs, so that it is not
/// frozen. Failed units do not matter here.
const SETTLE: &str =
    "systemctl is-system-running --wait >&2; sync; echo 3 > /proc/sys/vm/drop_caches";

const SETTLE_LIMIT: Duration = Duration::from_secs(240);
const FREEZE_LIMIT: Duration = Duration::from_secs(120);

/// The cached machine.
#[derive(Debug, Clone)]
pub(super) struct Booted {
    folder: PathBuf,
}

impl Booted {
    /// The machine that booted from these disks; it is booted when that was not done yet.
    pub(super) fn ensure(image: &Image, roots: &Roots, accelerator: Accelerator) -> Result<Self> {
        // Memory can only be thawed by the same QEMU with the same machine over the same disks.
        let version = process::quiet(Command::new("qemu-system-x86_64").arg("--version"))?.stdout;
        let drives = Drives::Frozen { image, roots };
        let wish = Wish { image, drives, accelerator, port: 0, key: "", state: Path::new("") };
        let line = process::command_line(&qemu::machine(&wish));
        let hash = cache::hash([version.as_str(), &line, SETTLE]);
        let folder = cache::ensure("booted", &hash, |folder| {
            let what = format!("booting the lab's virtual machine once, {}", accelerator.about());
            say::timed(&what, || {
                freeze(image, roots, accelerator, folder).with_context(|| {
                    let end = console_end(&folder.join("console"));
                    format!("the lab does not boot; its console ends with\n{end}")
                })
            })
        })?;
        Ok(Self { folder })
    }

    /// Copies what a start needs to `folder`: the disks, which will be written, and the key.
    pub(super) fn copy_to(&self, folder: &Path) -> Result<()> {
        let mut command = Command::new("cp");
        command.args(["--reflink=auto", "--preserve=mode", "--target-directory"]).arg(folder);
        command
            .args(qemu::DISKS.iter().chain(&["key", "key.pub"]).map(|name| self.folder.join(name)));
        process::quiet(&mut command)?;
        Ok(())
    }
}

fn freeze(image: &Image, roots: &Roots, accelerator: Accelerator, folder: &Path) -> Result<()> {
    for (name, base) in qemu::DISKS.iter().zip([image.disk(), roots.disk()]) {
        let mut command = Command::new("qemu-img");
        command.args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b"]);
        process::quiet(command.arg(base).arg(folder.join(name)))?;
    }
    let port = qemu::free_port()?;
    let key = key::make(folder)?;
    key::expect(folder, image, port)?;
    let drives = Drives::Own(folder);
    let wish = Wish { image, drives, accelerator, port, key: &key, state: folder };
    let mut command = qemu::machine(&wish);
    command.args(["-monitor", "stdio"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let child = command.spawn().context("cannot run `qemu-system-x86_64`")?;
    let mut machine = Foreground(child);
    let ssh = Ssh::new(folder, port);
    boot::wait(&ssh, &mut || Ok(machine.0.try_wait()?.is_none()))?;
    process::capture(&mut ssh.command(&["sh", "-c", SETTLE]), None, SETTLE_LIMIT)?.success()?;
    let mut monitor = machine.0.stdin.take().context("QEMU has no input")?;
    monitor
        .write_all(format!("stop\nsavevm {SNAPSHOT}\nquit\n").as_bytes())
        .context("QEMU does not listen")?;
    if machine.0.wait_timeout(FREEZE_LIMIT).context("cannot wait for QEMU")?.is_none() {
        bail!("QEMU did not freeze the machine within {} s", FREEZE_LIMIT.as_secs());
    }
    // The monitor talks to people only; what counts is whether the snapshot is there.
    let mut list = Command::new("qemu-img");
    let list = process::quiet(list.args(["snapshot", "-l"]).arg(folder.join(qemu::DISKS[0])))?;
    if !list.stdout.split_whitespace().any(|word| word == SNAPSHOT) {
        bail!("QEMU did not freeze the machine");
    }
    fs::remove_file(folder.join("known_hosts")).context("cannot remove the known hosts")
}

/// A QEMU that must not outlive us.
struct Foreground(Child);

impl Drop for Foreground {
    fn drop(&mut self) {
        // It has usually ended already; there is nobody to tell if not.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
