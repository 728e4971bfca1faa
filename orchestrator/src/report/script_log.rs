//! A run as the scripts logged it that phoenix-orch stands in for:
//! `2026-11-28 11:46:32 [INFO] script.sh: message`.

use std::io::Write;

use jiff::{Timestamp, tz::TimeZone};
use phoenix_sdk::StepError;

use super::style::{BAD, GOOD, QUIET, WARN, paint};
use crate::{
    engine::{Body, Event, Sink, event::Outcome},
    error::{Error, Result},
    graph::Unit,
    transport::printable,
};

/// The levels of the scripts' log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Only with `PHOENIX_DEBUG=true`.
    Debug,
    /// What goes on.
    Info,
    /// It worked.
    Success,
    /// What the operator must know although it is no failure.
    Warn,
    /// More about a failure.
    Error,
    /// A failure that ends it.
    Fatal,
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Success => "SUCCESS",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    fn style(self) -> anstyle::Style {
        match self {
            Self::Debug => QUIET,
            Self::Info => anstyle::Style::new(),
            Self::Success => GOOD,
            Self::Warn => WARN,
            Self::Error | Self::Fatal => BAD,
        }
    }
}

/// Writes such lines: coloured for a person, plain into a file.
pub struct ScriptLog<P, F> {
    script: String,
    person: P,
    file: Option<F>,
    debug: bool,
    dry: bool,
}

impl<P: Write + Send, F: Write + Send> ScriptLog<P, F> {
    /// For a script of this name; with `debug` also what commands print. If it is `dry`, nothing is done, and what
    /// would be is said in the words of the scripts.
    pub fn new(
        script: impl Into<String>,
        person: P,
        file: Option<F>,
        debug: bool,
        dry: bool,
    ) -> Self {
        Self { script: script.into(), person, file, debug, dry }
    }

    /// Writes one line. The log is what the old orchestrator's user reads, so one that cannot be written is no
    /// reason to break off.
    pub fn say(&mut self, level: Level, message: &str) {
        if level == Level::Debug && !self.debug {
            return;
        }
        let time = Timestamp::now().to_zoned_datetime(TimeZone::system());
        let time = time.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let line = format!("{time} [{}] {}: {}", level.word(), self.script, printable(message));
        let _ = writeln!(self.person, "{}", paint(level.style(), &line));
        if let Some(file) = &mut self.file {
            let _ = writeln!(file, "{line}");
        }
    }

    /// Writes an error that ended everything.
    pub fn fatal(&mut self, error: &Error) {
        let Error { code, message, causes, hints, .. } = error.clone();
        self.failure(Level::Fatal, "", &StepError { code, message, causes, hints });
    }

    fn failure(&mut self, level: Level, whose: &str, error: &StepError) {
        self.say(level, &format!("{whose}{} ({})", error.message, error.code));
        for cause in &error.causes {
            self.say(Level::Error, &format!("cause: {cause}"));
        }
        for hint in &error.hints {
            self.say(Level::Error, &format!("hint: {hint}"));
        }
    }

    fn warnings(&mut self, unit: &Unit, warnings: &[String]) {
        for warning in warnings {
            self.say(Level::Warn, &format!("{}: {warning}", title(unit)));
        }
    }
}

impl<P: Write + Send, F: Write + Send> Sink for ScriptLog<P, F> {
    fn hear(&mut self, event: &Event) -> Result<()> {
        match &event.body {
            Body::RunStarted { .. } => self.say(Level::Info, &format!("Run {}.", event.run)),
            Body::Checked { unit, changes, warnings, round, .. } => {
                self.warnings(unit, warnings);
                if self.dry && *round == 1 {
                    for change in changes {
                        let what = &change.summary;
                        self.say(Level::Info, &format!("DRY-RUN: Would {what} ({})", title(unit)));
                    }
                }
            }
            Body::Intended { unit, deed, .. } => {
                self.say(Level::Info, &format!("{}: {deed}", title(unit)));
            }
            Body::Done { unit, left, .. } => self.warnings(unit, left),
            Body::Output { unit, line } => {
                self.say(Level::Debug, &format!("{}: {line}", title(unit)));
            }
            Body::Verified { unit, evidence, warnings } => {
                self.warnings(unit, warnings);
                for evidence in evidence.iter().filter(|evidence| evidence.holds) {
                    self.say(Level::Info, &format!("{}: proved: {}", title(unit), evidence.claim));
                }
            }
            Body::UnitFinished { unit, outcome: Outcome::Failed { error }, .. } => {
                self.failure(Level::Error, &format!("{}: ", title(unit)), &error.error);
            }
            Body::UnitFinished { unit, outcome: Outcome::Unchanged, .. } => {
                self.say(Level::Info, &format!("{}: nothing to do.", title(unit)));
            }
            Body::UnitSkipped { unit, because } => {
                let (unit, because) = (title(unit), title(because));
                self.say(Level::Warn, &format!("{unit}: skipped, because {because} failed."));
            }
            Body::Leftovers { target, ended } => {
                for command in ended {
                    self.say(
                        Level::Warn,
                        &format!("Ended {command}, left in {target} by a killed run."),
                    );
                }
            }
            Body::RunFinished { exit, .. } => match exit {
                0 => self.say(Level::Success, "Done."),
                // Of what was not done the journal has nothing.
                _ if self.dry => self.say(Level::Fatal, "It would fail."),
                _ => self.say(
                    Level::Fatal,
                    &format!("Not done; `phoenix-orch runs show {}` shows all of it.", event.run),
                ),
            },
            Body::UnitStarted { .. }
            | Body::UnitFinished { .. }
            | Body::EffectFailed { .. }
            | Body::Settled { .. }
            | Body::Recorded { .. } => {}
        }
        Ok(())
    }
}

fn title(unit: &Unit) -> String {
    format!("{} on {}", unit.step, unit.target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn lines_are_those_of_the_scripts() {
        let (mut person, mut file) = (Vec::new(), Vec::new());
        let mut log =
            ScriptLog::new("install_docker.sh", &mut person, Some(&mut file), false, false);
        log.say(Level::Debug, "not shown");
        log.say(Level::Info, "hostile \x1b[2J\ntext");
        let error =
            Error::new(ErrorKind::Config, "CONFIG-MISSING", "there is none").hint("Make one.");
        log.fatal(&error);
        let (person, file) = (String::from_utf8(person).unwrap(), String::from_utf8(file).unwrap());
        let lines: Vec<_> = file.lines().map(|line| line.split_at(19)).collect();
        assert!(lines.iter().all(|(time, _)| {
            jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", time).is_ok()
        }));
        let texts: Vec<_> = lines.iter().map(|(_, text)| *text).collect();
        assert_eq!(
            texts,
            [
                " [INFO] install_docker.sh: hostile \\u{1b}[2J\\ntext",
                " [FATAL] install_docker.sh: there is none (CONFIG-MISSING)",
                " [ERROR] install_docker.sh: hint: Make one.",
            ]
        );
        assert!(person.contains("[FATAL]") && person.contains("\x1b["));
        assert!(!file.contains('\x1b'));
    }
}
