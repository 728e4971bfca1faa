//! Stands in for Proxmox's `pct`.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    ExitCode::from(phoenix_pve_stand_in::pct::run(&words))
}
