//! How much a step's process may use.

use std::io;

use super::super::lanes::LANES;
use rustix::process::{Resource, Rlimit, geteuid, setrlimit};

/// What a step may allocate, in bytes. A step works on documents of a few MiB at most.
const MEMORY: u64 = 256 << 20;
/// What it may map altogether, in bytes: its memory, its code, and that of phoenix-orch.
const ADDRESS_SPACE: u64 = 768 << 20;
/// How many threads it may have: one for each unit that runs at once, and a few.
const THREADS: u64 = 96;
/// Its lanes, socket, error output, and what the loader opens for a moment.
const FILES: u64 = LANES as u64 + 16;

/// Lowers the limits for good.
pub(super) fn lower() -> io::Result<()> {
    // Without a user of its own, whatever else the caller runs would count too.
    if geteuid().is_root() {
        set(Resource::Nproc, THREADS)?;
    }
    for (resource, most) in [
        (Resource::Data, MEMORY),
        (Resource::As, ADDRESS_SPACE),
        (Resource::Nofile, FILES),
        // A dump would hold what the step was told of the machines.
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Memlock, 0),
        (Resource::Msgqueue, 0),
        (Resource::Sigpending, 16),
        (Resource::Nice, 0),
        (Resource::Rtprio, 0),
    ] {
        set(resource, most)?;
    }
    Ok(())
}

fn set(resource: Resource, most: u64) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}
