//! Verbs that only look.

use clap::{Args as Arguments, ValueEnum};

use super::{Global, Output};
use crate::report::{Detail, View};

#[derive(Debug, Arguments)]
pub(in super::super) struct Denials {
    /// Leave out what is known to have happened in other containers.
    #[arg(long, short, value_name = "T")]
    pub(in super::super) target: Option<String>,
    /// `last-run`, a run's name, `10m`, `2h`, `2026-11-24 10:00` or RFC 3339; else since the host started.
    #[arg(long, value_name = "WHEN")]
    pub(in super::super) since: Option<String>,
    /// The profile, as the kernel names it.
    #[arg(long, value_name = "NAME", default_value = "lxc-phoenix-v2")]
    pub(in super::super) profile: String,
    /// For people, or as one JSON document.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub(in super::super) output: Output,
}

#[derive(Debug, Arguments)]
pub(in super::super) struct Doctor {
    /// Containers besides the host; without this and --all, those that plugins.toml lists under [targets].
    #[arg(long, short, value_name = "T[,T]", value_delimiter = ',', conflicts_with = "all")]
    pub(in super::super) target: Vec<String>,
    /// All containers under [targets] in plugins.toml, or all of this host if none are listed there.
    #[arg(long)]
    pub(in super::super) all: bool,
    /// For people, or as one JSON document.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub(in super::super) output: Output,
    /// Show also what is fine.
    #[arg(long, short)]
    pub(in super::super) verbose: bool,
}

impl Doctor {
    pub(in super::super) fn view(&self, global: &Global) -> View {
        View::new(if self.verbose { Detail::Verbose } else { Detail::Usual }, global.ascii)
    }
}

#[derive(Debug, Arguments)]
pub(in super::super) struct Graph {
    /// Features from plugins.toml.
    #[arg(long, short, value_name = "F[,F]", value_delimiter = ',', required = true)]
    pub(in super::super) features: Vec<String>,
    /// As text, for Graphviz or Mermaid, or as a picture.
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub(in super::super) format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum GraphFormat {
    Text,
    Dot,
    Mermaid,
    Svg,
}

#[derive(Debug, Arguments)]
pub(in super::super) struct Explain {
    /// Such as DOCKER-DRIVER-HIDES-DATA; without it, all codes are listed.
    pub(in super::super) code: Option<String>,
    /// A page of the reference as Markdown: all codes (docs/errors.md), or the command line.
    #[arg(
        long, conflicts_with = "code", value_enum, value_name = "PAGE", num_args = 0..=1, require_equals = true,
        default_missing_value = "errors"
    )]
    pub(in super::super) markdown: Option<Page>,
}

/// What the reference is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Page {
    Errors,
    Commands,
}
