//! File systems made from folders, without mounting anything.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process;

/// How large the disks look from inside; they take only what is written.
const SIZE: &str = "24G";

/// Makes an ext4 file system with the content of `folder`: owners, modes, links and extended attributes
/// included. The file is sparse.
pub(super) fn from_folder(folder: &Path, label: &str, disk: &Path) -> Result<()> {
    let mut command = Command::new("mke2fs");
    // Every block group's table is made when it is first used, which keeps the file small.
    command.args(["-q", "-t", "ext4", "-E", "lazy_itable_init=1,lazy_journal_init=1"]);
    // Neither a reserve for root nor a long journal are any use to a disk that is thrown away.
    command.args(["-m", "0", "-J", "size=64", "-L", label, "-d"]);
    process::quiet(command.arg(folder).arg(disk).arg(SIZE))?;
    Ok(())
}
