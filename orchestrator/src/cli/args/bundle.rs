//! `bundle`.

use std::path::PathBuf;

use clap::Args as Arguments;

#[derive(Debug, Arguments)]
pub(in super::super) struct Bundle {
    /// The run's name, or `last`.
    pub(in super::super) run: String,
    /// Where to; else phoenix-orch-RUN.tar.zst in the current folder. What is there already is never overwritten.
    #[arg(long, value_name = "FILE")]
    pub(in super::super) output: Option<PathBuf>,
}
