//! A command that has no better name.

use std::time::Duration;

use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, printable},
};

/// Of a command that says nothing else, in seconds.
const TIME_LIMIT_S: u32 = 600;

pub(super) fn run(
    machine: &dyn Mutator,
    argv: &[String],
    about: &str,
    time_limit_s: Option<u32>,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let limit = Duration::from_secs(time_limit_s.unwrap_or(TIME_LIMIT_S).into());
    let exec = Exec::new(argv.iter().cloned()).within(limit);
    let output = machine.exec(&exec, line)?;
    if output.success() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Step,
        "COMMAND-FAILED",
        format!("could not {about}: exit code {}", output.exit),
    )
    .cause(printable(&output.complaint()))
    .hint(format!("Run it by hand on the target: {}", printable(&argv.join(" ")))))
}
