//! `cargo xtask <chore>`.

mod bench;
mod demo;
mod dist_verb;
mod docs;
mod lab_verbs;
mod pictures;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::say;

/// The project's chores. Each does all its own preparation, on a fresh Debian machine, as root.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Measure what the product costs. Makes containers on this machine.
    Bench(bench::Bench),
    /// Bring Docker up in a real unprivileged LXC container on this machine, twice.
    Demo(demo::Options),
    /// Make the Debian package, and try it in clean Debian systems.
    Dist(dist_verb::Options),
    /// Write the parts of docs/ anew that are made from the code: errors, command line, events.
    Docs,
    /// The disposable virtual machine that plays the Proxmox host.
    #[command(subcommand)]
    Lab(lab_verbs::Verb),
    /// What runs inside the lab; not for people.
    #[command(subcommand, hide = true)]
    Guest(lab_verbs::GuestVerb),
    /// Take the pictures of `docs/screens.md` in a real terminal. Makes containers on this machine.
    Pictures(pictures::Options),
    /// Run every test there is: style, lints, units, laws, documentation, real containers.
    Test(test::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(code) => code,
        Err(error) => {
            say::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> Result<ExitCode> {
    match chore {
        Chore::Bench(bench) => bench::run(&bench)?,
        Chore::Demo(options) => demo::run(&options)?,
        Chore::Dist(options) => dist_verb::run(&options)?,
        Chore::Docs => docs::run()?,
        Chore::Lab(verb) => return lab_verbs::run(verb),
        Chore::Guest(verb) => lab_verbs::run_in_guest(verb)?,
        Chore::Pictures(options) => pictures::run(&options)?,
        Chore::Test(options) => test::run(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
