//! `compat`: the old scripts.

use std::path::PathBuf;

use clap::{Args as Arguments, Subcommand};

use super::Allow;

#[derive(Debug, Arguments)]
#[command(
    after_help = "Exit codes, as those of the scripts: 0 done or nothing to do, 1 failed, 2 usage. \
    PHOENIX_DEBUG=true logs more, DRY_RUN=true changes nothing. What the scripts could not be told is told by \
    plugins.toml, such as `restart = \"allow\"`. docs/replacing-the-scripts.md has the whole way."
)]
pub(in super::super) struct Compat {
    #[command(subcommand)]
    pub(in super::super) verb: CompatVerb,
}

#[derive(Debug, Subcommand)]
pub(in super::super) enum CompatVerb {
    /// `phoenix_hypervisor_feature_install_docker.sh`: the feature `docker` in one container.
    InstallDocker {
        /// The container.
        #[arg(value_name = "CTID")]
        container: Option<String>,
        #[command(flatten)]
        words: ScriptWords,
    },
    /// `hypervisor_feature_setup_apparmor.sh`: the host's part of the feature `confinement`.
    SetupApparmor {
        /// The script's configuration file, which is not needed any more.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        #[command(flatten)]
        words: ScriptWords,
    },
}

/// For all scripts.
#[derive(Debug, Arguments)]
pub(in super::super) struct ScriptWords {
    /// Allow what disturbs something that runs, as for `run`.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(in super::super) allow: Vec<Allow>,
    /// The name under which it was called.
    #[arg(long, hide = true)]
    pub(in super::super) script: Option<String>,
}

impl CompatVerb {
    pub(in super::super) fn words(&self) -> &ScriptWords {
        match self {
            Self::InstallDocker { words, .. } | Self::SetupApparmor { words, .. } => words,
        }
    }
}
