//! `plugins` and `new`.

use std::path::PathBuf;

use clap::{Args as Arguments, Subcommand, ValueEnum};

use super::Output;

#[derive(Debug, Arguments)]
pub(in super::super) struct Plugins {
    #[command(subcommand)]
    pub(in super::super) verb: PluginsVerb,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum PluginsVerb {
    /// The plugins of plugins.toml: does each load, and what does it say about itself; and the scripts.
    List {
        /// For people, or as one JSON document.
        #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
        output: Output,
    },
    /// Write the SHA-256 of libraries into plugins.toml: from then on, only these very files are loaded.
    Pin(Pin),
    /// Load a library, and try the laws of steps in the worlds that it brings; it needs no pin.
    Check {
        /// The library.
        path: PathBuf,
    },
}

#[derive(Debug, Arguments)]
pub(in super::super) struct Pin {
    /// Plugins from plugins.toml.
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub(in super::super) names: Vec<String>,
    /// All of them.
    #[arg(long, conflicts_with = "names")]
    pub(in super::super) all: bool,
}

#[derive(Debug, Arguments)]
pub(in super::super) struct New {
    #[command(subcommand)]
    pub(in super::super) verb: NewVerb,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum NewVerb {
    /// A crate that builds, keeps its laws, and explains itself.
    Step(NewStep),
}

#[derive(Debug, Arguments)]
pub(in super::super) struct NewStep {
    /// Lower-case words joined by hyphens, such as idle-logout.
    pub(in super::super) name: String,
    /// The crate's folder; else steps/NAME in the workspace of phoenix-orch, and ./NAME elsewhere.
    #[arg(long, value_name = "DIR")]
    pub(in super::super) path: Option<PathBuf>,
    /// phoenix-sdk; else that of the checkout in which this phoenix-orch was built.
    #[arg(long, value_name = "PATH")]
    pub(in super::super) sdk: Option<PathBuf>,
    /// Where it works.
    #[arg(long, value_enum, value_name = "SCOPE", default_value_t = NewScope::Container)]
    pub(in super::super) scope: NewScope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum NewScope {
    /// Once, on the host.
    Host,
    /// In each container.
    Container,
}
