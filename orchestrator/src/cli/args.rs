//! The command line.

use std::path::PathBuf;

use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};
use phoenix_sdk::Consent;

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
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show what would change; change nothing.
    Plan(Plan),
    /// Check, change what is needed, check again until nothing is left, and prove that it works.
    Run(Run),
    /// Gather evidence that the features work; change nothing.
    Verify(Verify),
    /// Take back what a run has changed.
    Rollback(Rollback),
    /// List runs, show one again, or forget old ones.
    Runs(Runs),
    /// Show what AppArmor denied, and the smallest rules that would allow it.
    Denials(Denials),
    /// Look at every condition that decides whether Docker runs properly; change nothing.
    Doctor(Doctor),
    /// Show the steps of features in their order.
    Graph(Graph),
    /// List plugins, pin them, or check one.
    Plugins(Plugins),
    /// Write a step of your own to begin with.
    New(New),
    /// Stand in for one of the old shell scripts, with its arguments, exit codes and log.
    Compat(Compat),
    /// Explain an error code, or list all of them.
    Explain(Explain),
}

/// Which features on which targets.
#[derive(Debug, Arguments)]
pub(super) struct Selection {
    /// Features from plugins.toml.
    #[arg(long, short, value_name = "F[,F]", value_delimiter = ',', required = true)]
    pub(super) features: Vec<String>,
    /// Containers, or `host` for the host alone; without this and --all, those that plugins.toml lists under [targets].
    #[arg(long, short, value_name = "T[,T]", value_delimiter = ',', conflicts_with = "all")]
    pub(super) target: Vec<String>,
    /// All containers under [targets] in plugins.toml, or all of this host if none are listed there.
    #[arg(long)]
    pub(super) all: bool,
    /// phoenix_lxc_configs.json of the old scripts: the containers in it whose features are asked for, each with
    /// those that it names and with its options; --target takes some of them.
    #[arg(long, value_name = "FILE")]
    pub(super) inventory: Option<PathBuf>,
    /// How many units run at once.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: u16,
    #[command(flatten)]
    pub(super) show: Show,
}

impl Selection {
    /// One feature on one target.
    pub(super) fn of(feature: &str, target: &str) -> Self {
        Self {
            features: vec![feature.to_owned()],
            target: vec![target.to_owned()],
            all: false,
            inventory: None,
            jobs: 1,
            show: Show { output: Output::Human, verbose: false },
        }
    }
}

/// How results are shown.
#[derive(Debug, Arguments)]
#[group(id = "shown")]
pub(super) struct Show {
    /// For people, or one JSON event a line.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub(super) output: Output,
    /// Show every line that commands print, and what was fine already.
    #[arg(long, short)]
    pub(super) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    Human,
    Json,
}

#[derive(Debug, Arguments)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// End with exit code 3 if there is something to change.
    #[arg(long)]
    pub(super) check: bool,
    /// Write what each step asked and was answered into a folder, for its author's tests: files of the targets
    /// are in it, perhaps secrets.
    #[arg(long, value_name = "DIR")]
    pub(super) transcript: Option<PathBuf>,
}

#[derive(Debug, Arguments)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Allow what disturbs something that runs (`restart`: a container or a busy service), what carries
    /// Docker's images over to another storage driver (`migrate`), or script steps without a check, of which
    /// nobody knows whether they are needed and what they change (`scripts`).
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(super) allow: Vec<Allow>,
    /// What becomes of a step's changes if the step fails.
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OnFailure::Stop)]
    pub(super) on_failure: OnFailure,
    #[command(flatten)]
    pub(super) patience: Patience,
}

/// For verbs that want a target for themselves.
#[derive(Debug, Arguments)]
pub(super) struct Patience {
    /// How long to wait for a target on which another run works.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(super) wait: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OnFailure {
    /// They stay; the report says how to take them back.
    Stop,
    /// They are taken back at once.
    Rollback,
}

#[derive(Debug, Arguments)]
pub(super) struct Rollback {
    /// The run's name, or `last`.
    pub(super) run: String,
    /// Only what it has changed on these targets; `host` is the host itself.
    #[arg(long, short, value_name = "T[,T]", value_delimiter = ',')]
    pub(super) target: Vec<String>,
    /// Show what would be taken back; change nothing.
    #[arg(long)]
    pub(super) plan: bool,
    /// Allow the restart of containers and busy services.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(super) allow: Vec<Allow>,
    #[command(flatten)]
    pub(super) patience: Patience,
    #[command(flatten)]
    pub(super) show: Show,
}

#[derive(Debug, Arguments)]
pub(super) struct Runs {
    #[command(subcommand)]
    pub(super) verb: RunsVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum RunsVerb {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Allow {
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

#[derive(Debug, Arguments)]
#[command(
    after_help = "Exit codes, as those of the scripts: 0 done or nothing to do, 1 failed, 2 usage. \
    PHOENIX_DEBUG=true logs more, DRY_RUN=true changes nothing. What the scripts could not be told is told by \
    plugins.toml, such as `restart = \"allow\"`. docs/replacing-the-scripts.md has the whole way."
)]
pub(super) struct Compat {
    #[command(subcommand)]
    pub(super) verb: CompatVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum CompatVerb {
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
pub(super) struct ScriptWords {
    /// Allow what disturbs something that runs, as for `run`.
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub(super) allow: Vec<Allow>,
    /// The name under which it was called.
    #[arg(long, hide = true)]
    pub(super) script: Option<String>,
}

impl CompatVerb {
    pub(super) fn words(&self) -> &ScriptWords {
        match self {
            Self::InstallDocker { words, .. } | Self::SetupApparmor { words, .. } => words,
        }
    }
}

#[derive(Debug, Arguments)]
pub(super) struct Verify {
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    pub(super) patience: Patience,
}

#[derive(Debug, Arguments)]
pub(super) struct Denials {
    /// Leave out what is known to have happened in other containers.
    #[arg(long, short, value_name = "T")]
    pub(super) target: Option<String>,
    /// `last-run`, a run's name, `10m`, `2h`, `2026-11-24 10:00` or RFC 3339; else since the host started.
    #[arg(long, value_name = "WHEN")]
    pub(super) since: Option<String>,
    /// The profile, as the kernel names it.
    #[arg(long, value_name = "NAME", default_value = "lxc-phoenix-v2")]
    pub(super) profile: String,
    /// For people, or as one JSON document.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub(super) output: Output,
}

#[derive(Debug, Arguments)]
pub(super) struct Doctor {
    /// Containers besides the host; without this and --all, those that plugins.toml lists under [targets].
    #[arg(long, short, value_name = "T[,T]", value_delimiter = ',', conflicts_with = "all")]
    pub(super) target: Vec<String>,
    /// All containers under [targets] in plugins.toml, or all of this host if none are listed there.
    #[arg(long)]
    pub(super) all: bool,
    /// For people, or as one JSON document.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Output::Human)]
    pub(super) output: Output,
    /// Show also what is fine.
    #[arg(long, short)]
    pub(super) verbose: bool,
}

#[derive(Debug, Arguments)]
pub(super) struct Graph {
    /// Features from plugins.toml.
    #[arg(long, short, value_name = "F[,F]", value_delimiter = ',', required = true)]
    pub(super) features: Vec<String>,
    /// As text, or for Graphviz or Mermaid.
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub(super) format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    Text,
    Dot,
    Mermaid,
}

#[derive(Debug, Arguments)]
pub(super) struct Plugins {
    #[command(subcommand)]
    pub(super) verb: PluginsVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum PluginsVerb {
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
pub(super) struct Pin {
    /// Plugins from plugins.toml.
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub(super) names: Vec<String>,
    /// All of them.
    #[arg(long, conflicts_with = "names")]
    pub(super) all: bool,
}

#[derive(Debug, Arguments)]
pub(super) struct New {
    #[command(subcommand)]
    pub(super) verb: NewVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum NewVerb {
    /// A crate that builds, keeps its laws, and explains itself.
    Step(NewStep),
}

#[derive(Debug, Arguments)]
pub(super) struct NewStep {
    /// Lower-case words joined by hyphens, such as idle-logout.
    pub(super) name: String,
    /// The crate's folder; else steps/NAME in the workspace of phoenix-orch, and ./NAME elsewhere.
    #[arg(long, value_name = "DIR")]
    pub(super) path: Option<PathBuf>,
    /// phoenix-sdk; else that of the checkout in which this phoenix-orch was built.
    #[arg(long, value_name = "PATH")]
    pub(super) sdk: Option<PathBuf>,
    /// Where it works.
    #[arg(long, value_enum, value_name = "SCOPE", default_value_t = NewScope::Container)]
    pub(super) scope: NewScope,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum NewScope {
    /// Once, on the host.
    Host,
    /// In each container.
    Container,
}

#[derive(Debug, Arguments)]
pub(super) struct Explain {
    /// Such as DOCKER-DRIVER-HIDES-DATA; without it, all codes are listed.
    pub(super) code: Option<String>,
    /// All codes as Markdown: docs/errors.md.
    #[arg(long, conflicts_with = "code")]
    pub(super) markdown: bool,
}
