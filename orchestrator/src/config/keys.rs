//! Every key that the file can have, section by section. The parser refuses what is not in here, and the schema is made
//! from it, so neither can know a key that the other does not.

use serde_json::Value as Json;

use super::schema::forms;

/// A key of a section.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is for, as an editor shows it.
    pub(super) about: &'static str,
    /// The schema of its value.
    pub(super) form: fn() -> Json,
}

const fn key(name: &'static str, form: fn() -> Json, about: &'static str) -> Key {
    Key { name, about, form }
}

/// The whole file.
pub(super) const ROOT: &[Key] = &[
    key("format", forms::format, "The format of the file: always 1."),
    key(
        "plugin_dirs",
        forms::paths,
        "Folders with step libraries of your own, tried before the one of the binary and before \
         /usr/lib/phoenix-orch/plugins. Relative paths are relative to this file.",
    ),
    key("policy", forms::policy, "What the administrator allows and demands."),
    key("targets", forms::targets, "Which machines are meant."),
    key(
        "features",
        forms::features,
        "What can be asked for with --features: the steps of each. Steps that those require come along by themselves, and \
         the order means nothing.",
    ),
    key("plugins", forms::plugins, "The steps that are libraries, by name."),
    key("scripts", forms::scripts, "The steps that are scripts of this host, by name."),
];

/// `[policy]`.
pub(super) const POLICY: &[Key] = &[
    key(
        "apparmor",
        forms::apparmor,
        "`required` (the default): a host without AppArmor is an error. `optional`: there, the steps say that the containers \
         are not confined, and go on.",
    ),
    key(
        "restart",
        forms::restart,
        "`ask` (the default): a run that needs a restart stops before it changes anything, unless it was given `--allow \
         restart`. `allow`: containers may be restarted whenever a change needs it.",
    ),
    key(
        "pins",
        forms::pins,
        "`required`: every library needs the SHA-256 in its section. `optional`: none does, but one that is there has to fit. \
         Left out: every library outside a development checkout that is not signed.",
    ),
    key(
        "signers",
        forms::signers,
        "Public keys of minisign; with them, every library needs a signature beside it.",
    ),
    key(
        "package_cache",
        forms::switch,
        "Whether what one container has downloaded is kept on the host for the next.",
    ),
    key(
        "package_cache_upstreams",
        forms::upstreams,
        "From where the package cache may fetch, as the containers' apt sources name it: a host, or host:port.",
    ),
];

/// `[targets]`.
pub(super) const TARGETS: &[Key] = &[
    key("runtime", forms::runtime, "What manages the containers; left out, whichever is found."),
    key(
        "containers",
        forms::containers,
        "What --all means; left out, all containers of the host. On Proxmox: their numbers.",
    ),
];

/// Of plugins and of scripts.
const REQUIRES: Key = key(
    "requires",
    forms::requires,
    "The steps that must be done before it, and which versions of them; they come along.",
);
const AFTER: Key = key(
    "after",
    forms::after,
    "The steps that come before it where they are in the run anyhow; it does not bring them.",
);

/// `[plugins.NAME]`.
pub(super) const PLUGIN: &[Key] = &[
    key(
        "library",
        forms::library,
        "The library's name without `lib` and `.so`, or a path, which has a `/`. Left out, the step's name with underscores.",
    ),
    key(
        "sha256",
        forms::sha256,
        "The only file that may be loaded; `phoenix-orch plugins pin NAME` writes it.",
    ),
    key("version", forms::version, "Which versions of the step are accepted, as Cargo writes it."),
    REQUIRES,
    AFTER,
    key(
        "params",
        forms::params,
        "What the step itself understands, for every target. A schema cannot tell, because each library has its own: \
         `phoenix-orch config check` asks the library.",
    ),
    key(
        "targets",
        forms::overrides,
        "Parameters for one target, `host` or a container, laid over those for all.",
    ),
];

/// `[plugins.NAME.targets.TARGET]`.
pub(super) const OVERRIDE: &[Key] =
    &[key("params", forms::params, "What is laid over the step's parameters on this target.")];

/// `[scripts.NAME]`.
pub(super) const SCRIPT: &[Key] = &[
    key("apply", forms::call, "What it does: the path of a program, or a list of it and words."),
    key("check", forms::call, "Whether there is something to do: exit code 0 for no, 1 for yes."),
    key("verify", forms::call, "Whether it works: exit code 0 for yes."),
    key(
        "scope",
        forms::scope,
        "`container` (the default): once for each container. `host`: once. It runs on the host in both cases.",
    ),
    key(
        "args",
        forms::words,
        "What every call is given, one word each; `{ctid}` is the container, and all there is if this is left out.",
    ),
    REQUIRES,
    AFTER,
    key("time_limit_s", forms::time_limit, "How many seconds a call may take; 1800 if left out."),
];
