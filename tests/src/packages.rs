//! Package managers in containers that stand still for as long as a test wants.

use anyhow::Result;
use xtask::testbed::Container;

use crate::running::until;

/// Keeps every installation in the container waiting, from just before its first package until
/// [`release`]. It writes nothing meanwhile: one that writes to nobody ends by itself.
pub fn hold(container: &Container) -> Result<()> {
    let hook = "DPkg::Pre-Invoke {\"touch /held; while [ ! -e /go ]; do sleep 0.05; done\";};\n";
    container.write_file("/etc/apt/apt.conf.d/99hold", hook.as_bytes(), 0o644)
}

/// Waits until an installation stands still in there.
pub fn until_held(container: &Container) -> Result<()> {
    until("an installation", || container.exists("/held"))
}

/// Lets them go on.
pub fn release(container: &Container) -> Result<()> {
    container.write_file("/go", b"", 0o644)
}
