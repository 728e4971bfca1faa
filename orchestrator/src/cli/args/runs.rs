//! `runs`.

use std::path::PathBuf;

use clap::{Args as Arguments, Subcommand};

use super::{Output, Show};

#[derive(Debug, Arguments)]
pub(in super::super) struct Runs {
    #[command(subcommand)]
    pub(in super::super) verb: RunsVerb,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum RunsVerb {
    /// All runs, the newest first.
    List {
        /// For people, or as one JSON document.
        #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
        output: Output,
    },
    /// The report of a run again, or its events.
    Show {
        /// The run's name, or `last`.
        run: String,
        /// A document that a step recorded, such as docker-run-hints.txt, instead of the report.
        #[arg(long, value_name = "NAME")]
        document: Option<String>,
        /// Write the report as one page for a browser instead: FILE, for root alone to read, or `-` for standard
        /// output. It holds differences of files and what commands printed, and with them perhaps secrets.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["document", "shown"])]
        html: Option<PathBuf>,
        #[command(flatten)]
        show: Show,
    },
    /// Forget old runs; those that can still be rolled back stay.
    #[command(group(clap::ArgGroup::new("which").required(true).args(["keep", "older"])))]
    Prune {
        /// How many of the newest stay.
        #[arg(long, value_name = "N")]
        keep: Option<usize>,
        /// Those go that began longer ago: `90d`, `12h`.
        #[arg(long, value_name = "D")]
        older: Option<String>,
        /// Forget also what can still be rolled back.
        #[arg(long)]
        even_needed: bool,
    },
}
