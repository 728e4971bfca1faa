//! What was asked, for people.

use std::fmt::{Display, Formatter, Result as Written};

use super::{Exchange, Transcript};
use crate::{
    Subject, shown,
    wire::{Answer, MachineId, Request},
};

impl Display for Transcript {
    /// A line for each request. What was answered is left out, but for that which went wrong.
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        self.exchanges.iter().try_for_each(|exchange| writeln!(f, "{exchange}"))
    }
}

impl Display for Exchange {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        write!(f, "{}", self.request)?;
        match &self.answer {
            Err(error) => write!(f, " -> {}", shown::name(&error.code)),
            Ok(Answer::Ran { output }) if !output.success() => {
                write!(f, " -> exit code {}", output.exit)
            }
            Ok(Answer::Observed { seen }) => {
                let errors = seen.iter().filter_map(|one| one.as_ref().err());
                errors
                    .into_iter()
                    .try_for_each(|error| write!(f, " -> {}", shown::name(&error.code)))
            }
            Ok(_) => Ok(()),
        }
    }
}

impl Display for Request {
    /// The request in the imperative, in one line.
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        match self {
            Self::Observe { machine, subjects } => {
                let subjects: Vec<_> = subjects.iter().map(words).collect();
                write!(f, "{}: look at {}", place(*machine), subjects.join(", "))
            }
            Self::Probe { machine, argv } => {
                write!(f, "{}: run `{}`", place(*machine), shown::sentence(&argv.join(" ")))
            }
            Self::Perform { change } => write!(f, "perform: {}", change.kind),
            Self::TakeBack => f.write_str("take back what was performed"),
            Self::Record { name, content } => {
                write!(f, "record `{}`, {} bytes", shown::name(name), content.0.len())
            }
            Self::Progress { message } => write!(f, "say `{}`", shown::sentence(message)),
        }
    }
}

fn place(machine: MachineId) -> &'static str {
    match machine {
        MachineId::Host => "host",
        MachineId::Container => "container",
    }
}

fn words(subject: &Subject) -> String {
    let (what, name) = match subject {
        Subject::File { path } => ("file", path),
        Subject::Folder { path } => ("folder", path),
        Subject::Packages { names } => return format!("packages {}", shown::quoted(names)),
        Subject::Service { name } => ("service", name),
        Subject::Sysctl { key } => ("setting", key),
        Subject::KernelModule { name } => ("module", name),
        Subject::ContainerOption { key } => ("option", key),
        Subject::Container => return "the container".to_owned(),
        Subject::AppArmor => return "AppArmor".to_owned(),
        Subject::AppArmorProfile { name } => ("profile", name),
        Subject::Mark => return "the time".to_owned(),
        Subject::Denials { .. } => return "what was denied".to_owned(),
        Subject::Command { argv } => ("the success of", &argv.join(" ")),
    };
    format!("{what} `{}`", shown::sentence(name))
}
