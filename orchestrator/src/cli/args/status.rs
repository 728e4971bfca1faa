//! `status`.

use std::path::PathBuf;

use clap::Args as Arguments;

use super::{Selection, Show};

#[derive(Debug, Arguments)]
pub(in super::super) struct Status {
    /// Features from plugins.toml; without them, those that runs have brought to each target.
    #[arg(long, short, value_name = "F[,F]", value_delimiter = ',')]
    pub(in super::super) features: Vec<String>,
    /// Containers, or `host` for the host alone; without this and --all, those that runs were to change.
    #[arg(long, short, value_name = "T[,T]", value_delimiter = ',', conflicts_with = "all")]
    pub(in super::super) target: Vec<String>,
    /// All containers under [targets] in plugins.toml, or all of this host if none are listed there.
    #[arg(long, requires = "features")]
    pub(in super::super) all: bool,
    /// As for `run`.
    #[arg(long, value_name = "FILE", requires = "features")]
    pub(in super::super) inventory: Option<PathBuf>,
    /// How many units are looked at at once.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    pub(in super::super) jobs: u16,
    /// End with exit code 3 if a target is drifted, failed or unreachable, or not confined although the policy wants it.
    #[arg(long)]
    pub(in super::super) check: bool,
    /// Write the metrics of this look for node_exporter's textfile collector, in one go.
    #[arg(long, value_name = "FILE.prom")]
    pub(in super::super) metrics: Option<PathBuf>,
    #[command(flatten)]
    pub(in super::super) show: Show,
}

impl Status {
    /// What was named, as other verbs have it.
    pub(in super::super) fn into_selection(self) -> Selection {
        let Self { features, target, all, inventory, jobs, show, .. } = self;
        Selection { features, target, all, inventory, jobs, show }
    }
}
