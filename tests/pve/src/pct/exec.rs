//! `pct exec`: becomes lxc-attach.

use std::os::unix::process::CommandExt;
use std::process::Command;

use super::failure::Failure;
use super::guest::Guest;
use super::options::Line;
use super::state::{PATH, is_running};
use super::voice::Voice;

/// Takes neither the flock nor notice of `lock`.
pub(super) fn exec(id: u32, line: &Line) -> Result<(), Failure> {
    Guest::new(id, Voice::Plain).load()?;
    if !is_running(id)? {
        return Err(Failure::new(format!("container '{id}' not running!"), 255));
    }
    let words = &line.arguments[1..];
    if words.is_empty() {
        let place = "/usr/local/lib/site_perl/PVE/CLI/pct.pm line 246.";
        return Err(Failure::new(format!("missing command at {place}"), 255));
    }
    let environment = match line.option("keep-env") {
        None | Some("1") => "--keep-env",
        Some(_) => "--clear-env",
    };
    let mut command = Command::new("lxc-attach");
    command.args(["-n", &id.to_string(), environment, "--"]).args(words);
    command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR").env("PATH", PATH);
    let error = command.exec();
    Err(Failure::system("unable to run lxc-attach", &error))
}
