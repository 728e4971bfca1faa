//! `config` and `init`.

use std::path::PathBuf;

use clap::{Args as Arguments, Subcommand};

use super::Output;

#[derive(Debug, Arguments)]
pub(in super::super) struct Config {
    #[command(subcommand)]
    pub(in super::super) verb: ConfigVerb,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum ConfigVerb {
    /// Say all that is wrong with plugins.toml and its libraries, or what is right; no machine is touched.
    Check {
        /// For people, or as one JSON document.
        #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
        output: Output,
    },
}

#[derive(Debug, Arguments)]
pub(in super::super) struct Init {
    /// Where to write it; else --config, else /etc/phoenix-orch/plugins.toml. What is there already stays.
    #[arg(value_name = "FILE")]
    pub(in super::super) file: Option<PathBuf>,
}
