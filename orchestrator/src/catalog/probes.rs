//! Are the probes that a step declares really a list of what it runs? Pure.

use std::path::Path;

use phoenix_sdk::Meta;

use crate::{
    error::{Error, ErrorKind, Result},
    transport::printable,
};

/// Programs that run what they are given: with nothing of it declared, a step could append anything.
const RUNNERS: &[&str] = &[
    "ash",
    "awk",
    "bash",
    "busybox",
    "chroot",
    "dash",
    "doas",
    "env",
    "find",
    "gawk",
    "ionice",
    "ksh",
    "lua",
    "lxc-attach",
    "mawk",
    "nice",
    "node",
    "nohup",
    "nsenter",
    "pct",
    "perl",
    "php",
    "python",
    "ruby",
    "runuser",
    "script",
    "setpriv",
    "setsid",
    "sh",
    "ssh",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "taskset",
    "time",
    "timeout",
    "unshare",
    "watch",
    "xargs",
    "zsh",
];

/// Refuses probes that leave open what is run.
///
/// # Errors
/// `PROBE-TOO-WIDE`.
pub(super) fn narrow(meta: &Meta) -> Result<()> {
    let Some(wide) = meta.probes.iter().find(|probe| is_wide(&probe.argv)) else { return Ok(()) };
    let (step, probe) = (printable(&meta.name), printable(&wide.name));
    let command = printable(&wide.argv.join(" "));
    let message = format!("the probe `{probe}` of step `{step}` leaves open what is run");
    Err(Error::new(ErrorKind::Plugin, "PROBE-TOO-WIDE", message)
        .cause(format!("it declares `{command}`, and more can follow"))
        .hint("Declare the whole command: a program that only looks, or a shell with its script."))
}

fn is_wide(argv: &[impl AsRef<str>]) -> bool {
    let Some((program, arguments)) = argv.split_first() else { return true };
    let name = Path::new(program.as_ref()).file_name().unwrap_or_default().to_string_lossy();
    // python3.11 is a python.
    let name =
        name.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    if !RUNNERS.contains(&name) {
        return name.is_empty();
    }
    // A script, or a file with one, is no option. What only wraps another program has to name that too.
    let wraps = !matches!(
        name,
        "ash"
            | "awk"
            | "bash"
            | "dash"
            | "gawk"
            | "ksh"
            | "lua"
            | "mawk"
            | "node"
            | "perl"
            | "php"
            | "python"
            | "ruby"
            | "sh"
            | "zsh"
    );
    let words = arguments.iter().filter(|word| !word.as_ref().starts_with('-')).count();
    words < if wraps { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::is_wide;

    #[test]
    fn what_runs_anything_is_wide() {
        for wide in [
            &[][..],
            &[""],
            &["sh"],
            &["/bin/sh", "-c"],
            &["/usr/bin/python3.11", "-c"],
            &["env"],
            &["timeout", "5"],
            &["lxc-attach", "-n", "web"],
            &["chroot", "/"],
        ] {
            assert!(is_wide(wide), "{wide:?}");
        }
        for narrow in [
            &["cat"][..],
            &["docker", "info"],
            &["/bin/sh", "-c", "test -e /x", "name"],
            &["perl", "/usr/share/look.pl"],
            &["timeout", "5", "docker", "info"],
        ] {
            assert!(!is_wide(narrow), "{narrow:?}");
        }
    }
}
