//! Which features on which targets, and how results are shown.

use std::path::PathBuf;

use clap::{ArgAction, Args as Arguments, ValueEnum};
use phoenix_sdk::Consent;

use super::Global;
use crate::report::{Detail, View};

/// Which features on which targets.
#[derive(Debug, Arguments)]
pub(in super::super) struct Selection {
    /// Features from plugins.toml.
    #[arg(long, short, value_name = "F[,F]", value_delimiter = ',', required = true)]
    pub(in super::super) features: Vec<String>,
    /// Containers, or `host` for the host alone; without this and --all, those that plugins.toml lists under [targets].
    #[arg(long, short, value_name = "T[,T]", value_delimiter = ',', conflicts_with = "all")]
    pub(in super::super) target: Vec<String>,
    /// All containers under [targets] in plugins.toml, or all of this host if none are listed there.
    #[arg(long)]
    pub(in super::super) all: bool,
    /// phoenix_lxc_configs.json of the old scripts: the containers in it whose features are asked for, each with
    /// those that it names and with its options; --target takes some of them.
    #[arg(long, value_name = "FILE")]
    pub(in super::super) inventory: Option<PathBuf>,
    /// How many units run at once.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    pub(in super::super) jobs: u16,
    #[command(flatten)]
    pub(in super::super) show: Show,
}

impl Selection {
    /// One feature on one target.
    pub(in super::super) fn of(feature: &str, target: &str) -> Self {
        Self {
            features: vec![feature.to_owned()],
            target: vec![target.to_owned()],
            all: false,
            inventory: None,
            jobs: 1,
            show: Show { output: Output::Human, verbose: 0, quiet: false },
        }
    }
}

/// How results are shown.
#[derive(Debug, Arguments)]
#[group(id = "shown")]
pub(in super::super) struct Show {
    /// For people, or one JSON event a line.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub(in super::super) output: Output,
    /// Show every line that commands print, whole differences, and what was fine already; twice (-vv), the log too.
    #[arg(long, short, action = ArgAction::Count)]
    pub(in super::super) verbose: u8,
    /// Show only what went wrong, what needs you, and how it ended.
    #[arg(long, short, conflicts_with = "verbose")]
    pub(in super::super) quiet: bool,
}

impl Show {
    /// How it is to be laid out.
    pub(in super::super) fn view(&self, global: &Global) -> View {
        let detail = match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (false, 1..) => Detail::Verbose,
            (false, 0) => Detail::Usual,
        };
        View::new(detail, global.ascii)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Output {
    Human,
    Json,
}

/// For verbs that want a target for themselves.
#[derive(Debug, Arguments)]
pub(in super::super) struct Patience {
    /// How long to wait for a target on which another run works.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(in super::super) wait: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Allow {
    Restart,
    Migrate,
    Scripts,
}

impl From<Allow> for Consent {
    fn from(allow: Allow) -> Self {
        match allow {
            Allow::Restart => Self::Restart,
            Allow::Migrate => Self::Migrate,
            Allow::Scripts => Self::Scripts,
        }
    }
}
