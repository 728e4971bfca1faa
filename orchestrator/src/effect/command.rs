//! A command that has no better name.

use std::time::Duration;

use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, printable},
};

pub(super) fn run(
    machine: &dyn Mutator,
    argv: &[String],
    about: &str,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let exec = Exec::new(argv.iter().cloned()).within(Duration::from_secs(600));
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
