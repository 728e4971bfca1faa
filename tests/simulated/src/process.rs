//! What this process and all below it cost, from `/proc`.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use xtask::process_tree;

/// The processor time of this process and of all that it has started and that still live: the kernel's part
/// too, and with the resolution of its scheduler. A step's process keeps its threads until it ends, so nothing is lost.
pub fn processor_time() -> Result<Duration> {
    let own = clock_gettime(ClockId::ProcessCPUTime);
    let own = Duration::new(own.tv_sec.try_into()?, own.tv_nsec.try_into()?);
    process_tree::below(std::process::id()).into_iter().try_fold(own, |sum, child| {
        let threads = fs::read_dir(format!("/proc/{child}/task"))?;
        threads.into_iter().try_fold(sum, |sum, thread| {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_processor = text.split_whitespace().next().context("an empty schedstat")?;
            Ok(sum + Duration::from_nanos(on_processor.parse()?))
        })
    })
}

/// The memory of this process and of all below it, in KiB. What several share counts in proportion.
pub fn memory_kib() -> Result<u64> {
    let own = std::process::id();
    let all = process_tree::memory_kib([own].into_iter().chain(process_tree::below(own)));
    // This process itself has some, so that nothing means that nobody tells.
    ensure!(all > 0, "this kernel shows no PSS");
    Ok(all)
}
