//! `plan`, `run`, `verify` and `rollback`.

use std::path::PathBuf;

use clap::{Args as Arguments, ValueEnum};

use super::{Allow, Patience, Selection, Show};

#[derive(Debug, Arguments)]
pub(in super::super) struct Plan {
    #[command(flatten)]
    pub(in super::super) selection: Selection,
    /// End with exit code 3 if there is something to change.
    #[arg(long)]
    pub(in super::super) check: bool,
    /// Write what each step asked and was answered into a folder, for its author's tests: files of the targets
    /// are in it, perhaps secrets.
    #[arg(long, value_name = "DIR")]
    pub(in super::super) transcript: Option<PathBuf>,
}

#[derive(Debug, Arguments)]
pub(in super::super) struct Run {
    #[command(flatten)]
    pub(in super::super) selection: Selection,
    /// Allow what disturbs something that runs (`restart`: a container or a busy service), what carries
    /// Docker's images over to another storage driver (`migrate`), or script steps without a check, of which
    /// nobody knows whether they are needed and what they change (`scripts`).
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(in super::super) allow: Vec<Allow>,
    /// What becomes of a step's changes if the step fails.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnFailure::Stop)]
    pub(in super::super) on_failure: OnFailure,
    #[command(flatten)]
    pub(in super::super) patience: Patience,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum OnFailure {
    /// They stay; the report says how to take them back.
    Stop,
    /// They are taken back at once.
    Rollback,
}

#[derive(Debug, Arguments)]
pub(in super::super) struct Rollback {
    /// The run's name, or `last`.
    pub(in super::super) run: String,
    /// Only what it has changed on these targets; `host` is the host itself.
    #[arg(long, short, value_name = "T[,T]", value_delimiter = ',')]
    pub(in super::super) target: Vec<String>,
    /// Show what would be taken back; change nothing.
    #[arg(long)]
    pub(in super::super) plan: bool,
    /// Allow the restart of containers and busy services.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(in super::super) allow: Vec<Allow>,
    #[command(flatten)]
    pub(in super::super) patience: Patience,
    #[command(flatten)]
    pub(in super::super) show: Show,
}

#[derive(Debug, Arguments)]
pub(in super::super) struct Verify {
    #[command(flatten)]
    pub(in super::super) selection: Selection,
    #[command(flatten)]
    pub(in super::super) patience: Patience,
}
