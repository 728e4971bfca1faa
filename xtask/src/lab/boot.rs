//! Waiting for a virtual machine that was just started.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};

use super::ssh::Ssh;
use crate::interrupt;
use crate::process::{self, Output};

/// A boot takes about 20 s on an emulated processor that nobody else wants.
const LIMIT: Duration = Duration::from_secs(240);

/// Waits until sshd lets us in, and sets the clock: that of a machine that was frozen stands still, and
/// that of a fresh one may be off.
pub(super) fn wait(ssh: &Ssh, alive: &mut dyn FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    loop {
        interrupt::check()?;
        if !alive()? {
            bail!("QEMU ended by itself");
        }
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut command = ssh.command(&["date", "--set", &format!("@{seconds}")]);
        let tried = process::capture(&mut command, None, Duration::from_secs(60));
        match tried.and_then(Output::success) {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > deadline => {
                return Err(error.context(format!("no answer in {} s", LIMIT.as_secs())));
            }
            // QEMU accepts the connection long before the guest does.
            Err(_) => sleep(Duration::from_millis(300)),
        }
    }
}
