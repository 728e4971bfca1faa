//! One verb per file: parse, call, report.

mod approval;
mod args;
mod ask;
mod bundle;
mod chosen;
mod codes;
mod compat;
mod config;
mod denials;
mod doctor;
mod explain;
mod filtered;
mod graph;
mod init;
mod manual;
mod new;
mod pin;
mod plugins;
mod rollback;
mod runs;
mod setting;
mod signals;
mod status;
mod transcripts;
mod usage;
mod whole_file;
mod work;

use std::process::ExitCode;

use crate::{error::Result, log, report};

/// Runs the command line and gives the process's exit code.
pub fn main() -> ExitCode {
    let words =
        compat::called_as_script().unwrap_or_else(|| std::env::args_os().collect::<Vec<_>>());
    let args = match args::parse_from(&words) {
        Ok(args) => args,
        Err(error) => return ExitCode::from(usage::tell(&error, &words)),
    };
    colours(args.global.color);
    let began = log::start(args.global.log_file.as_deref(), args.verb.wants_log());
    let done = began.and_then(|warnings| {
        warnings.iter().for_each(|warning| report::warning(warning));
        dispatch(args)
    });
    match done {
        Ok(exit) => ExitCode::from(exit),
        Err(error) => {
            report::error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// For all that is written from now on.
fn colours(choice: clap::ColorChoice) {
    match choice {
        clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
        clap::ColorChoice::Always => anstream::ColorChoice::Always,
        clap::ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// The command line, for those who describe it: man pages and completions.
pub fn command() -> clap::Command {
    args::command()
}

fn dispatch(args: args::Args) -> Result<u8> {
    use args::Verb;
    match args.verb {
        Verb::Plan(verb) => work::plan(&args.global, &verb),
        Verb::Run(verb) => work::run(&args.global, &verb),
        Verb::Verify(verb) => work::verify(&args.global, &verb),
        Verb::Status(verb) => status::run(&args.global, verb),
        Verb::Rollback(verb) => rollback::run(&args.global, &verb),
        Verb::Runs(verb) => runs::run(&args.global, &verb),
        Verb::Bundle(verb) => bundle::run(&args.global, &verb),
        Verb::Denials(verb) => denials::run(&args.global, &verb),
        Verb::Doctor(verb) => doctor::run(&args.global, &verb),
        Verb::Graph(verb) => graph::run(&args.global, &verb),
        Verb::Init(verb) => init::run(&args.global, &verb),
        Verb::Config(verb) => config::run(&args.global, &verb.verb),
        Verb::Schema => config::schema(),
        Verb::Plugins(verb) => plugins::run(&args.global, &verb),
        Verb::New(verb) => new::run(&verb),
        Verb::Compat(verb) => Ok(compat::run(&args.global, &verb)),
        Verb::Explain(verb) => explain::run(&args.global, &verb),
    }
}

/// The errors of this module.
pub const CODES: &[phoenix_sdk::Code] = &[
    phoenix_sdk::Code::new(
        "CODE-UNKNOWN",
        "`explain` was asked for a code that nothing here gives.",
        "`phoenix-orch explain` without a code lists them all.",
    ),
    phoenix_sdk::Code::new(
        "DENIALS-SINCE",
        "`denials --since` was given something that is no time and no run.",
        "Use `last-run`, a run's name, `10m`, `2h`, `2026-11-24 10:00`, or a time with its zone as in RFC 3339.",
    ),
    phoenix_sdk::Code::new(
        "DOCUMENT-UNKNOWN",
        "No step recorded a document of this name in that run.",
        "The hint lists those that there are; `phoenix-orch runs show` shows them with the run.",
    ),
    phoenix_sdk::Code::new(
        "INIT-EXISTS",
        "`init` was asked to write a plugins.toml where something is already. It never overwrites; nothing was written.",
        "Look at the file with `phoenix-orch config check`. To compare, write another one with `phoenix-orch init FILE`; to \
         begin anew, move the old one away first.",
    ),
    phoenix_sdk::Code::new(
        "INIT-UNWRITABLE",
        "`init` could not write the file. Nothing was left behind.",
        "The cause says why: mostly a missing right, or a folder that is not there.",
    ),
    phoenix_sdk::Code::new(
        "NEW-EXISTS",
        "`new` was asked to write where something is already. Nothing was written.",
        "Choose another name, or another folder with `--path`.",
    ),
    phoenix_sdk::Code::new(
        "NEW-NAME-TAKEN",
        "Cargo or the compiler has another use for the name, so a step's crate cannot be called so.",
        "Choose a name that says what the step is about.",
    ),
    phoenix_sdk::Code::new(
        "NEW-NO-SDK",
        "A step outside the workspace of phoenix-orch needs the path of `phoenix-sdk`, and it was not found.",
        "Check phoenix-orch out, and name its folder `sdk` with `--sdk`.",
    ),
    phoenix_sdk::Code::new(
        "NEW-PLACE",
        "`new` cannot write a step there: the folder above is missing, or it is in the workspace of phoenix-orch \
         and not in its `steps`, where cargo would not find it.",
        "Make the folder above, or choose another one with `--path`.",
    ),
    phoenix_sdk::Code::new(
        "NEW-UNWRITABLE",
        "The files of a new step could not be written. None of them was left behind.",
        "The cause says why: mostly a missing right, or a full disk.",
    ),
    phoenix_sdk::Code::new(
        "NOT-ROOT",
        "phoenix-orch must be root to look into containers and to change the host.",
        "Run it with `sudo`, or from a root shell.",
    ),
    phoenix_sdk::Code::new(
        "PAGE-UNWRITABLE",
        "`runs show --html` could not write the page: its folder is missing or not writable, the disk is full, or at that path \
         is something else than a file, which is never replaced.",
        "Choose another file, or `--html -` and a pipe.",
    ),
    phoenix_sdk::Code::new(
        "PANIC",
        "phoenix-orch itself panicked. The panic was caught, and costs only one unit.",
        "Report it with the lines above it.",
    ),
    phoenix_sdk::Code::new(
        "PRUNE-AGE",
        "`runs prune --older` was given something that is no duration.",
        "Use days or hours, such as `90d` or `12h`.",
    ),
    phoenix_sdk::Code::new(
        "ROLLBACK-NOTHING",
        "The run has changed nothing that could be taken back, or nothing on the targets that were named.",
        "`phoenix-orch runs show` shows what a run did, and on which targets.",
    ),
    phoenix_sdk::Code::new(
        "RUNTIME-UNKNOWN",
        "plugins.toml names a container runtime that this version does not know.",
        "Use one of the runtimes that the message lists, or leave `runtime` out.",
    ),
    phoenix_sdk::Code::new(
        "METRICS-UNWRITABLE",
        "`status --metrics` could not write its file. The fleet was looked at all the same.",
        "The cause says why: mostly a folder that is not there, or a missing right.",
    ),
    phoenix_sdk::Code::new(
        "STATUS-UNKNOWN",
        "`status` was given no features, and no run of this host says what the targets are to have.",
        "Name features and targets, or bring the features to them first: `phoenix-orch run` remembers what it was to do.",
    ),
    phoenix_sdk::Code::new(
        "TRANSCRIPT-UNWRITABLE",
        "`plan --transcript` could not write what a step asked and was answered.",
        "The cause says why: mostly a missing right, or a full disk. Choose another folder.",
    ),
    phoenix_sdk::Code::new(
        "TARGETS-MISSING",
        "Neither the command line nor plugins.toml says which containers are meant.",
        "Use `--target NAME`, `--all`, or list them under `[targets]` in plugins.toml.",
    ),
    phoenix_sdk::Code::new(
        "USAGE",
        "The command line is not one that phoenix-orch understands: a word, an option or a value is misspelt, missing, or \
         does not go with the others. Nothing was begun.",
        "The message names it and what was probably meant; `--help` behind the verb shows all options, and examples.",
    ),
];
