//! The command line.

mod bundle;
mod compat;
mod config;
mod examples;
mod look;
mod plugins;
mod runs;
mod selection;
mod status;
mod work;

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Args as Arguments, ColorChoice, Command, CommandFactory as _, FromArgMatches as _, Parser,
    Subcommand,
};

pub(super) use bundle::Bundle;
pub(super) use compat::{Compat, CompatVerb};
pub(super) use config::{Config, ConfigVerb, Init};
pub(super) use look::{Denials, Doctor, Explain, Graph, GraphFormat, Page};
pub(super) use plugins::{New, NewScope, NewStep, NewVerb, Pin, Plugins, PluginsVerb};
pub(super) use runs::{Runs, RunsVerb};
pub(super) use selection::{Allow, Output, Patience, Selection, Show};
pub(super) use status::Status;
pub(super) use work::{OnFailure, Plan, Rollback, Run, Verify};

/// Makes Docker run properly in unprivileged LXC containers, and keeps it so.
#[derive(Debug, Parser)]
#[command(name = "phoenix-orch", version, about, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done or nothing to do, 1 internal, 2 usage, 3 `plan --check` \
    found changes or `doctor` what blocks, 4 configuration, 5 plugin or script refused, 6 target \
    unreachable, 7 step failed, 8 verify failed or had no evidence, 9 rollback conflict, 130 interrupted."
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// For every verb.
#[derive(Debug, Arguments)]
pub(super) struct Global {
    /// The catalogue; else $PHOENIX_ORCH_CONFIG, ./plugins.toml, /etc/phoenix-orch/plugins.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Where phoenix-orch keeps its own state.
    #[arg(long, global = true, value_name = "DIR", default_value = "/var/lib/phoenix-orch")]
    pub(super) state_dir: PathBuf,
    /// Colours: on a terminal only, unless NO_COLOR is set; or as said.
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub(super) color: ColorChoice,
    /// Draw with no other characters than those of ASCII, as is done in a locale without UTF-8.
    #[arg(long, global = true)]
    pub(super) ascii: bool,
    /// Append the log to this file too, in detail, as one JSON document a line; credentials are masked.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show what would change; change nothing.
    Plan(Plan),
    /// Check, change what is needed, check again until nothing is left, and prove that it works.
    Run(Run),
    /// Gather evidence that the features work; change nothing.
    Verify(Verify),
    /// Look at the fleet: what is as wanted, what is not and since when; change nothing.
    Status(Status),
    /// Take back what a run has changed.
    Rollback(Rollback),
    /// List runs, show one again, or forget old ones.
    Runs(Runs),
    /// Write an archive about a run for whoever is to help you: events, report, versions, doctor; no secrets.
    Bundle(Bundle),
    /// Show what AppArmor denied, and the smallest rules that would allow it.
    Denials(Denials),
    /// Look at every condition that decides whether Docker runs properly; change nothing.
    Doctor(Doctor),
    /// Show the steps of features in their order.
    Graph(Graph),
    /// Write a commented plugins.toml for this host.
    Init(Init),
    /// Say what is wrong with plugins.toml, or that it is fine.
    Config(Config),
    /// Print the JSON Schema of plugins.toml, for editors.
    Schema,
    /// List plugins, pin them, or check one.
    Plugins(Plugins),
    /// Write a step of your own to begin with.
    New(New),
    /// Stand in for one of the old shell scripts, with its arguments, exit codes and log.
    Compat(Compat),
    /// Explain an error code, or list all of them.
    Explain(Explain),
}

impl Verb {
    /// Whether the log is wanted on standard error, too.
    pub(super) fn wants_log(&self) -> bool {
        let show = match self {
            Self::Plan(verb) => &verb.selection.show,
            Self::Run(verb) => &verb.selection.show,
            Self::Verify(verb) => &verb.selection.show,
            Self::Status(verb) => &verb.show,
            Self::Rollback(verb) => &verb.show,
            Self::Runs(Runs { verb: RunsVerb::Show { show, .. } }) => show,
            _ => return false,
        };
        show.verbose > 1
    }
}

/// The whole command line, with the examples of each verb.
pub(super) fn command() -> Command {
    examples::added(Args::command())
}

/// What these words mean, the name of the program before them.
pub(super) fn parse_from(words: &[OsString]) -> clap::error::Result<Args> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(words)?;
    Args::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}
