//! The words of a command line, as Perl's `Getopt::Long` and Proxmox's schema take them.

use super::command::Command;
use super::failure::Failure;
use crate::conf::is_settable;

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What is no option, in order.
    pub(super) arguments: Vec<String>,
    /// Options with their values, in order.
    pub(super) options: Vec<(String, String)>,
}

impl Line {
    /// Options may stand anywhere before `--`.
    pub(super) fn parse(command: &Command, words: &[String]) -> Result<Self, Failure> {
        let (mut arguments, mut options, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            if word == "--" {
                arguments.extend(words.by_ref().cloned());
                break;
            }
            let dashes = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
            let Some(option) = dashes.filter(|rest| !rest.is_empty()) else {
                arguments.push(word.clone());
                continue;
            };
            let (name, given) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (option, None),
            };
            if !knows(command, name) {
                wrong.push(format!("Unknown option: {name}"));
                continue;
            }
            let next = |word: &&String| !is_switch(name) || !word.starts_with('-');
            match given.or_else(|| words.next_if(next).cloned()) {
                Some(value) => options.push((name.to_owned(), value)),
                None if is_switch(name) => options.push((name.to_owned(), "1".to_owned())),
                None => wrong.push(format!("Option {name} requires an argument")),
            }
        }
        let usage = command.usage();
        if !wrong.is_empty() {
            let text = format!("{}\n400 unable to parse option\n{usage}", wrong.join("\n"));
            return Err(Failure::new(text, 2));
        }
        if arguments.len() < command.arguments.len() {
            return Err(Failure::new(format!("400 not enough arguments\n{usage}"), 2));
        }
        if arguments.len() > command.arguments.len() && !command.more {
            return Err(Failure::new(format!("400 too many arguments\n{usage}"), 2));
        }
        Ok(Self { arguments, options })
    }

    /// The value of an option; the last one counts.
    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// An argument that [`Line::parse`] made sure of.
    pub(super) fn argument(&self, position: usize) -> &str {
        self.arguments.get(position).map(String::as_str).unwrap_or_default()
    }

    /// The number of the guest.
    pub(super) fn id(&self, command: &Command) -> Result<u32, Failure> {
        let text = self.argument(0);
        let right = (3..=9).contains(&text.len())
            && !text.starts_with('0')
            && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(id) if right => Ok(id),
            _ => {
                let what = "invalid format - value does not look like a valid VM ID";
                Err(refused(command, &[format!("vmid: {what}")]))
            }
        }
    }
}

/// Parameters that do not fit the schema.
pub(super) fn refused(command: &Command, lines: &[String]) -> Failure {
    let lines = lines.join("\n");
    let usage = command.usage();
    Failure::new(format!("400 Parameter verification failed.\n{lines}\n\n{usage}"), 2)
}

fn knows(command: &Command, name: &str) -> bool {
    command.options.contains(&name) || (command.name == "set" && is_settable(name))
}

/// Whether the value may be left out.
fn is_switch(name: &str) -> bool {
    matches!(
        name,
        "current"
            | "debug"
            | "force"
            | "forceStop"
            | "keep-env"
            | "onboot"
            | "overrule-shutdown"
            | "protection"
            | "skiplock"
            | "template"
            | "unprivileged"
            | "verbose"
    )
}
