//! The errors that the configuration can give.

use phoenix_sdk::Code;

pub(super) const MISSING: &str = "CONFIG-MISSING";
pub(super) const UNREADABLE: &str = "CONFIG-UNREADABLE";
pub(super) const NOT_A_FILE: &str = "CONFIG-NOT-A-FILE";
pub(super) const UNTRUSTED: &str = "CONFIG-UNTRUSTED";
pub(super) const TOO_LARGE: &str = "CONFIG-TOO-LARGE";
pub(super) const NOT_TEXT: &str = "CONFIG-NOT-TEXT";
pub(super) const EMPTY: &str = "CONFIG-EMPTY";
pub(super) const SYNTAX: &str = "CONFIG-SYNTAX";
pub(super) const DUPLICATE: &str = "CONFIG-DUPLICATE";
pub(super) const FORMAT: &str = "CONFIG-FORMAT";
pub(super) const KEY_UNKNOWN: &str = "CONFIG-KEY-UNKNOWN";
pub(super) const KEY_MISSING: &str = "CONFIG-KEY-MISSING";
pub(super) const TYPE: &str = "CONFIG-TYPE";
pub(super) const VALUE: &str = "CONFIG-VALUE";
pub(super) const NAME: &str = "CONFIG-NAME";
pub(super) const VERSION: &str = "CONFIG-VERSION";
pub(super) const PIN: &str = "CONFIG-PIN";
pub(super) const STEP_UNKNOWN: &str = "CONFIG-STEP-UNKNOWN";
pub(super) const CYCLE: &str = "CONFIG-CYCLE";
pub(super) const FEATURE_EMPTY: &str = "CONFIG-FEATURE-EMPTY";
pub(super) const FEATURE_UNKNOWN: &str = "FEATURE-UNKNOWN";
pub(super) const PLUGIN_UNKNOWN: &str = "PLUGIN-UNKNOWN";
pub(super) const PLUGIN_VERSION: &str = "PLUGIN-VERSION";
pub(super) const REQUIREMENT_UNMET: &str = "REQUIREMENT-UNMET";

/// Every error of this module, documented.
pub const CODES: &[Code] = &[
    Code::new(
        MISSING,
        "There is no plugins.toml where it was looked for, or no inventory where it was named.",
        "Name the file with --config or PHOENIX_ORCH_CONFIG, or put it at ./plugins.toml or \
         /etc/phoenix-orch/plugins.toml; `phoenix-orch init` writes one there for this host.",
    ),
    Code::new(
        UNREADABLE,
        "plugins.toml (or the inventory) is there, and the system refuses to let it be read.",
        "Look at the cause that is shown: mostly it is a missing right on the file or a folder above it.",
    ),
    Code::new(
        UNTRUSTED,
        "plugins.toml (or the inventory), a folder above it, or a symbolic link on the way to it belongs to somebody else than \
         root and you, or others may write to it. What it says is done by root, so it was not read.",
        "Make root (or yourself) its owner, and take the right to write from group and others \
         (`chmod go-w`).",
    ),
    Code::new(
        NOT_A_FILE,
        "What was named as plugins.toml or as the inventory is a directory, a device, a pipe or a socket.",
        "Name a regular file, or a symbolic link to one.",
    ),
    Code::new(
        TOO_LARGE,
        "plugins.toml (or the inventory) is larger than 1 MiB, so it is certainly another file; it was not read.",
        "Check that the right file was named.",
    ),
    Code::new(
        NOT_TEXT,
        "plugins.toml (or the inventory) is a binary file, or text that is not encoded as UTF-8.",
        "Check that the right file was named, and save it as UTF-8.",
    ),
    Code::new(
        EMPTY,
        "plugins.toml has nothing in it, or comments only.",
        "`phoenix-orch init FILE` writes one for this host, to start from.",
    ),
    Code::new(
        SYNTAX,
        "plugins.toml is not valid TOML.",
        "Mend the place that is shown. https://toml.io describes the syntax on one page.",
    ),
    Code::new(
        DUPLICATE,
        "The same name is given twice: a key, a table, a step in a feature, a container, or a plugin and a script.",
        "Remove one of the two.",
    ),
    Code::new(
        FORMAT,
        "plugins.toml is written in a format that this version of phoenix-orch does not know.",
        "Use the phoenix-orch that the file was written for, or write the file in the format that is named.",
    ),
    Code::new(
        KEY_UNKNOWN,
        "plugins.toml has a key that means nothing here. It is refused, because a misspelt setting \
         would otherwise silently not apply.",
        "Correct the spelling; the known keys are listed with the error. Parameters of a step belong \
         under `params`.",
    ),
    Code::new(
        KEY_MISSING,
        "A key that plugins.toml must have is not there.",
        "Add it; the error shows an example.",
    ),
    Code::new(
        TYPE,
        "A value in plugins.toml is of the wrong type, such as a text where a list belongs.",
        "Write the value as the error says.",
    ),
    Code::new(
        VALUE,
        "A value in plugins.toml is none of those that are possible there.",
        "Use one of the values that the error lists.",
    ),
    Code::new(
        NAME,
        "A name in plugins.toml is empty, too long, or has characters that names cannot have.",
        "Features and steps: lower-case letters, digits and hyphens, starting with a letter. \
         Containers: letters, digits, hyphens, underscores and full stops.",
    ),
    Code::new(
        VERSION,
        "A version requirement in plugins.toml cannot be understood.",
        "Write it as Cargo does: \"^0.1\" (compatible with 0.1), \"=1.2.3\", \">=1.2, <2\" or \"*\". Scripts have no version: \"*\" is all that can be required of them.",
    ),
    Code::new(
        PIN,
        "The pins could not be written into plugins.toml so that everything else in it stays.",
        "Write them by hand, as `sha256 = \"...\"` in each plugin's section; `sha256sum` shows them.",
    ),
    Code::new(
        STEP_UNKNOWN,
        "A feature or another step names a step that has no [plugins.NAME] and no [scripts.NAME] section.",
        "Correct the name, or add the section.",
    ),
    Code::new(
        CYCLE,
        "Steps require each other, or come `after` each other, in a circle, so that none of them could ever be the first.",
        "Remove one of the requirements along the path that is shown.",
    ),
    Code::new(
        FEATURE_EMPTY,
        "A feature lists no steps, so asking for it would do nothing and look like success.",
        "List at least one step, or remove the feature.",
    ),
    Code::new(
        FEATURE_UNKNOWN,
        "The command line asks for a feature that plugins.toml does not have.",
        "Use one of the features that the error lists, or add it under [features].",
    ),
    Code::new(
        PLUGIN_UNKNOWN,
        "The command line names a plugin that plugins.toml does not have.",
        "Use one of the names that the error lists, or add a [plugins.NAME] section.",
    ),
    Code::new(
        PLUGIN_VERSION,
        "The library that was found for a step has another version than plugins.toml demands.",
        "Install the version that is demanded, or change `version` in the step's section after reading \
         what the new version changes.",
    ),
    Code::new(
        REQUIREMENT_UNMET,
        "A step requires another step in a version that was not found.",
        "Install a version of the other step that fits, or change the requirement under `requires`.",
    ),
];
