//! Waiting until a container that was started answers.

use std::time::{Duration, Instant};

use super::Runtime;
use crate::{
    error::{Error, ErrorKind, Result},
    transport::{ContainerMachine, Exec, Reader, printable},
};

/// For init to answer.
const READY: Duration = Duration::from_secs(120);
/// For what is left of a failed start.
const DOWN: Duration = Duration::from_secs(10);
/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// Looks again and again, for a started container is not yet one that answers.
///
/// # Errors
/// `CONTAINER-START` when it stopped again, `CONTAINER-NOT-READY` when its init does not answer in time.
pub(super) fn wait(
    runtime: &dyn Runtime,
    container: &str,
    is_running: &dyn Fn() -> Result<bool>,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let machine = ContainerMachine::new(container, runtime.attach(container));
    let deadline = Instant::now() + READY;
    let mut last = String::new();
    loop {
        let (ready, state) = match look(&machine) {
            Ok(seen) => seen,
            Err(error) => (false, error.to_string()),
        };
        if ready {
            return Ok(());
        }
        if state != last {
            line(&format!("waiting for `{container}`: {}", printable(&state)));
            last = state;
        }
        if !is_running()? {
            return Err(not_started(container).cause("it stopped again").cause(printable(&last)));
        }
        if Instant::now() > deadline {
            let message = format!("`{}` was not ready in {READY:?}", printable(container));
            return Err(error("CONTAINER-NOT-READY", message).cause(printable(&last)).hint(
                "Look inside with `systemctl list-jobs` at what it waits for, and run again.",
            ));
        }
        std::thread::sleep(INTERVAL);
    }
}

/// Whether init answers, and what it says.
fn look(machine: &ContainerMachine) -> Result<(bool, String)> {
    let init = machine.probe(&Exec::new(["readlink", "/proc/1/exe"]))?.line();
    if init.is_empty() {
        return Ok((false, "init is not there yet".to_owned()));
    }
    if !init.ends_with("/systemd") {
        // Without systemd there is nobody to ask: a shell that answers is all that can be known.
        return Ok((true, init));
    }
    let state = machine.probe(&Exec::new(["systemctl", "is-system-running"]))?;
    let word = state.line();
    let ready = matches!(word.as_str(), "running" | "degraded" | "maintenance");
    Ok((ready, if word.is_empty() { state.complaint() } else { format!("systemd is {word}") }))
}

/// After a start that failed: the monitor may need a moment to be gone, and until then the container seems to run.
///
/// # Errors
/// When the host cannot say.
pub(super) fn until_down(is_running: &dyn Fn() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + DOWN;
    while is_running()? && Instant::now() < deadline {
        std::thread::sleep(INTERVAL);
    }
    Ok(())
}

/// The error for a container that does not run and should.
pub(super) fn not_started(container: &str) -> Error {
    error("CONTAINER-START", format!("`{}` could not be started", printable(container))).hint(
        "Mend what the causes say, usually a line in its configuration, and start it by hand.",
    )
}

fn error(code: &str, message: String) -> Error {
    Error::new(ErrorKind::Step, code, message)
}
