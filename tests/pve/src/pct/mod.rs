//! The command `pct`.
//!
//! It knows the commands of the genuine one that phoenix-orch or an administrator beside it may use, not
//! those that need storage (create, destroy, clone, rollback, ...). Whatever is not stated in PCT.md or the
//! transcript, such as the limits of `memory`, is not done: the container runs without them.

mod command;
mod copy;
mod exec;
mod failure;
mod flock;
mod guest;
mod locale;
mod lxc_config;
mod namespace;
mod options;
mod power;
mod set;
mod show;
mod snapshot;
mod state;
mod update;
mod voice;

use std::ffi::OsString;

pub use command::{COMMANDS, Command};
pub use failure::Failure;
use options::Line;

/// Does what these words ask for, and gives the exit code.
pub fn run(words: &[OsString]) -> u8 {
    let words: Vec<String> = words.iter().map(|word| locale::decode(word)).collect();
    match dispatch(&words) {
        Ok(()) => 0,
        Err(failure) => {
            voice::error(&failure.text);
            failure.code
        }
    }
}

fn dispatch(words: &[String]) -> Result<(), Failure> {
    let Some((name, rest)) = words.split_first() else {
        return Err(command::no_such("ERROR: no command specified"));
    };
    if name == power::HOOK {
        return power::after_stop(rest);
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(command::no_such(&format!("ERROR: unknown command 'pct {name}'")));
    };
    let line = Line::parse(command, rest)?;
    let id = if command.arguments.is_empty() { 0 } else { line.id(command)? };
    match command.name {
        "list" => show::list(),
        "status" => show::status(id),
        "config" => show::config(id, &line),
        "pending" => show::pending(id),
        "set" => set::set(id, &line, command),
        "start" => power::start(id),
        "stop" => power::stop(id, power::Manner::Kill),
        "shutdown" => power::stop(id, power::Manner::Shutdown(&line)),
        "reboot" => power::reboot(id, &line),
        "exec" => exec::exec(id, &line),
        "push" => copy::push(id, &line),
        "pull" => copy::pull(id, &line),
        "unlock" => set::unlock(id),
        "snapshot" => snapshot::snapshot(id, &line),
        "delsnapshot" => snapshot::delete(id, &line),
        other => Err(Failure::new(format!("the table has `{other}`, and nobody does it"), 255)),
    }
}
