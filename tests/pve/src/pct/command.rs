//! The commands, and how each is called.

use super::failure::Failure;

/// How one command is called.
#[derive(Debug)]
pub struct Command {
    /// Its name.
    pub name: &'static str,
    /// What has to stand on the line, in this order.
    pub arguments: &'static [&'static str],
    /// Its options, each with a value.
    pub options: &'static [&'static str],
    /// Whether more words may follow.
    pub more: bool,
}

impl Command {
    const fn new(
        name: &'static str,
        arguments: &'static [&'static str],
        options: &'static [&'static str],
    ) -> Self {
        Self { name, arguments, options, more: false }
    }

    /// The line that shows how it is called.
    pub fn usage(&self) -> String {
        let mut line = format!("pct {}", self.name);
        for argument in self.arguments {
            line.push_str(&format!(" <{argument}>"));
        }
        if self.more {
            line.push_str(" [<extra-args>]");
        }
        if self.has_options() {
            line.push_str(" [OPTIONS]");
        }
        line
    }

    fn has_options(&self) -> bool {
        !self.options.is_empty()
    }
}

/// All that this `pct` knows.
pub const COMMANDS: &[Command] = &[
    Command::new("config", &["vmid"], &["current", "snapshot"]),
    Command::new("delsnapshot", &["vmid", "snapname"], &["force"]),
    Command { more: true, ..Command::new("exec", &["vmid"], &["keep-env"]) },
    Command::new("list", &[], &[]),
    Command::new("pending", &["vmid"], &[]),
    Command::new("pull", &["vmid", "path", "destination"], &["group", "perms", "user"]),
    Command::new("push", &["vmid", "file", "destination"], &["group", "perms", "user"]),
    Command::new("reboot", &["vmid"], &["timeout"]),
    Command::new("set", &["vmid"], &["delete", "digest", "force", "revert"]),
    Command::new("shutdown", &["vmid"], &["forceStop", "timeout"]),
    Command::new("snapshot", &["vmid", "snapname"], &["description"]),
    Command::new("start", &["vmid"], &["debug", "skiplock"]),
    Command::new("status", &["vmid"], &["verbose"]),
    Command::new("stop", &["vmid"], &["overrule-shutdown", "skiplock"]),
    Command::new("unlock", &["vmid"], &[]),
];

/// The answer to a command that is none: what there is.
pub(super) fn no_such(first: &str) -> Failure {
    let mut text = format!("{first}\nUSAGE: pct <COMMAND> [ARGS] [OPTIONS]\n\n");
    for command in COMMANDS {
        text.push_str(&format!("       {}\n", command.usage()));
    }
    Failure::new(text, 255)
}
