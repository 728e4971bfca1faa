//! systemd services.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use phoenix_sdk::{Observed, Output, ServiceState};

use crate::{
    error::{Error, ErrorKind, Result},
    transport::{Exec, Mutator, Read, printable},
};

/// systemd's own limit for a start is 90 s by default; Docker's package lifts it, so we wait longer.
const TIME_LIMIT: Duration = Duration::from_secs(180);

pub(super) fn reads(name: &str) -> Vec<Read> {
    let properties = "--property=LoadState,UnitFileState,ActiveState,SubState";
    let argv = ["systemctl", "show", properties, "--", name].map(str::to_owned).to_vec();
    vec![Read::Exec { argv }]
}

pub(super) fn parse(name: &str, output: &Output) -> Result<Observed> {
    if !output.success() {
        return Err(silent(name, printable(&output.complaint())));
    }
    let text = output.stdout.to_text();
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().to_owned()
    };
    Ok(Observed::Service(ServiceState {
        load: value("LoadState"),
        enabled: value("UnitFileState"),
        active: value("ActiveState"),
        sub: value("SubState"),
    }))
}

/// systemd does not answer, for this reason.
pub(super) fn silent(name: &str, cause: String) -> Error {
    let message = format!("systemd does not answer for `{name}`");
    Error::new(ErrorKind::Step, "SYSTEMD-UNREACHABLE", message)
        .cause(cause)
        .hint("The target must run systemd; wait until it has booted, then run again.")
}

pub(super) fn set(
    machine: &dyn Mutator,
    name: &str,
    enabled: Option<bool>,
    active: Option<bool>,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    if let Some(enabled) = enabled {
        systemctl(machine, if enabled { "enable" } else { "disable" }, name, line)?;
    }
    match active {
        Some(true) => start(machine, "start", name, line),
        Some(false) => systemctl(machine, "stop", name, line),
        None => Ok(()),
    }
}

pub(super) fn restart(machine: &dyn Mutator, name: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
    start(machine, "restart", name, line)
}

/// How long a service that starts again and again may take until it has failed for good.
const SETTLING: Duration = Duration::from_secs(90);

/// Fails if one of these services, which ran before, has failed. One that is there no more, or has ended
/// well, is none of our business.
pub(super) fn all_back(machine: &dyn Mutator, names: &BTreeSet<String>) -> Result<()> {
    let deadline = Instant::now() + SETTLING;
    loop {
        let states = states(machine, names)?;
        let is = |word: &str| {
            states.iter().find(|(_, state)| state == word).map(|(name, _)| name.clone())
        };
        if let Some(name) = is("failed") {
            let error = Error::new(
                ErrorKind::Step,
                "SERVICE-NOT-BACK",
                format!("`{name}` ran before the restart and does not run any more"),
            )
            .hint(format!("Read `journalctl -u {name}` on the target, mend it, then run again."));
            let said = journal(machine, &name).unwrap_or_default();
            return Err(said.into_iter().fold(error, Error::cause));
        }
        if is("activating").is_none() || Instant::now() > deadline {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn states(machine: &dyn Mutator, names: &BTreeSet<String>) -> Result<Vec<(String, String)>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let words = ["systemctl", "show", "--property=Id,ActiveState", "--"].map(str::to_owned);
    let exec = Exec::new(words.into_iter().chain(names.iter().cloned()));
    let text = machine.exec(&exec, &mut |_| {})?.stdout.to_text();
    let value = |block: &str, key: &str| {
        block.lines().find_map(|line| line.strip_prefix(key).map(str::to_owned))
    };
    let state = |block: &str| Some((value(block, "Id=")?, value(block, "ActiveState=")?));
    Ok(text.split("\n\n").filter_map(state).collect())
}

fn start(machine: &dyn Mutator, verb: &str, name: &str, line: &mut dyn FnMut(&str)) -> Result<()> {
    // A unit that failed too often before would be refused with "start request repeated too quickly",
    // although what made it fail may be mended by now. A unit that did not fail is no error to us.
    machine.exec(&Exec::new(["systemctl", "reset-failed", "--", name]), &mut |_| {})?;
    systemctl(machine, verb, name, line)
}

fn systemctl(
    machine: &dyn Mutator,
    verb: &str,
    name: &str,
    line: &mut dyn FnMut(&str),
) -> Result<()> {
    let output =
        machine.exec(&Exec::new(["systemctl", verb, "--", name]).within(TIME_LIMIT), line)?;
    if output.success() {
        return Ok(());
    }
    let message = format!("`{name}` does not {verb}");
    let error = Error::new(ErrorKind::Step, "SERVICE-FAILED", message)
        .cause(printable(&output.complaint()))
        .hint(format!("Read `systemctl status {name}` and `journalctl -u {name}` on the target."));
    // That the journal cannot be read must not take the place of what failed.
    let said = journal(machine, name)
        .unwrap_or_else(|error| vec![format!("its journal cannot be read: {error}")]);
    Err(said.into_iter().fold(error, Error::cause))
}

/// The last lines that the service itself wrote: the reason is there, not in systemctl's words.
fn journal(machine: &dyn Mutator, name: &str) -> Result<Vec<String>> {
    let argv = ["journalctl", "--no-pager", "-o", "cat", "-n", "40", "-u", name];
    let output = machine.exec(&Exec::new(argv), &mut |_| {})?;
    let text = output.stdout.to_text();
    let own = format!("{}: ", name.to_lowercase());
    let systemd = |line: &str| {
        line.starts_with(&own) || (line.starts_with("failed to start ") && line.ends_with('.'))
    };
    let telling = |line: &&str| {
        let line = line.to_lowercase();
        ["fail", "error", "invalid", "unable", "cannot", "denied"]
            .iter()
            .any(|word| line.contains(word))
            // systemd only says that it failed, and Docker writes much that is no reason.
            && !systemd(&line)
            && !line.contains("level=info")
    };
    let mut lines: Vec<&str> = text.lines().filter(telling).collect();
    lines.dedup();
    Ok(lines
        .iter()
        .rev()
        .take(3)
        .rev()
        .map(|line| printable(&line.chars().take(400).collect::<String>()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{super::scripted::Scripted, Observed, Output, parse, restart};

    #[test]
    fn a_service_that_does_not_start_says_why_in_its_own_words() {
        let journal =
            "Starting\nfailed to load daemon.json: invalid character\nFailed to start Docker.\n";
        let machine = Scripted::new(&[
            ("systemctl restart", 1, "Job for docker.service failed"),
            ("journalctl", 0, journal),
        ]);
        let error = restart(&machine, "docker.service", &mut |_| {}).unwrap_err();
        assert_eq!(error.code, "SERVICE-FAILED");
        assert_eq!(
            error.causes,
            ["Job for docker.service failed", "failed to load daemon.json: invalid character"]
        );
    }

    #[test]
    fn a_journal_that_cannot_be_read_does_not_take_the_place_of_the_failure() {
        let machine =
            Scripted::new(&[("systemctl restart", 1, "Job failed"), ("journalctl", 127, "")]);
        let error = restart(&machine, "docker.service", &mut |_| {}).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.causes[0].as_str()),
            ("SERVICE-FAILED", "Job failed")
        );
        assert!(error.causes[1].contains("its journal cannot be read"), "{:?}", error.causes);
    }

    #[test]
    fn an_unknown_unit_is_an_observation_and_a_silent_systemd_an_error() {
        let answer =
            |exit, text: &str| Output { exit, stdout: text.into(), stderr: "no bus".into() };
        let text = "LoadState=not-found\nUnitFileState=\nActiveState=inactive\nSubState=dead\n";
        let Observed::Service(state) = parse("docker.service", &answer(0, text)).unwrap() else {
            panic!("not a service")
        };
        assert!(!state.exists() && !state.is_active());
        let error = parse("docker.service", &answer(1, "")).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.causes[0].as_str()),
            ("SYSTEMD-UNREACHABLE", "no bus")
        );
    }
}
