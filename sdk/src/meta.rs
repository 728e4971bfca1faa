//! What a step says about itself, as constants.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Result, StepError, shown};

/// A text that a step gives as a constant and the orchestrator reads from a document.
pub type Text = Cow<'static, str>;

/// On which targets a step has work to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Once, on the host.
    Host,
    /// Once in each container.
    Container,
    /// On the host first, and then in each container.
    HostAndContainers,
}

/// A command that a step may run to look, in `check` and `verify`. The orchestrator runs nothing else
/// there: a step names its probes before it is trusted with any, and `plugins list` shows them.
///
/// ```
/// # use phoenix_sdk::{testing::FakeHost, *};
/// const ADDRESSES: Probe =
///     Probe::new("addresses", argv!["getent", "ahosts"], "How a name is resolved").within(5);
/// // A script is a probe too; what it makes, it removes again.
/// const WRITABLE: Probe = Probe::new(
///     "writable",
///     argv!["/bin/sh", "-c", "f=$(mktemp -p \"$1\") && rm \"$f\"", "probe"],
///     "Whether files can be made in a folder",
/// );
/// // A list has to be a constant of its own: it has a destructor.
/// const PROBES: &[Probe] = &[ADDRESSES, WRITABLE];
/// const META: Meta = Meta::with("names", "0.1.0", Scope::Container, "names", PROBES, &[]);
///
/// fn evidence(cx: &Context<'_>) -> Result<Evidence> {
///     // More words go behind the declared ones.
///     let seen = cx.machine().probe(&ADDRESSES, &["db.internal"])?;
///     Ok(Evidence {
///         claim: "the database has an address".to_owned(),
///         how: "getent ahosts db.internal".to_owned(),
///         expected: "an address".to_owned(),
///         observed: shown::output(&seen),
///         holds: seen.success(),
///     })
/// }
/// # let mut world = World::container("resolving");
/// # world.container = world.container.answers(&ADDRESSES, vec![], 0, "10.0.3.7 STREAM\n");
/// # let host = FakeHost::new(world, META);
/// # assert!(host.with(&host.input()?, &[], evidence)?.holds);
/// # Ok::<(), StepError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// How the step's author calls it.
    pub name: Text,
    /// What is run: program and leading arguments. Further arguments may follow at each call.
    pub argv: Cow<'static, [Text]>,
    /// What it finds out, and what it leaves behind if it leaves anything.
    pub about: Text,
    /// How long it may take, in seconds.
    pub time_limit_s: u32,
}

impl Probe {
    /// A probe that runs a program, with 30 seconds to answer.
    pub const fn new(name: &'static str, argv: &'static [Text], about: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            argv: Cow::Borrowed(argv),
            about: Cow::Borrowed(about),
            time_limit_s: 30,
        }
    }

    /// The same with another time limit.
    #[must_use]
    pub const fn within(mut self, seconds: u32) -> Self {
        self.time_limit_s = seconds;
        self
    }
}

/// Words of an argv as constants: `argv!["docker", "info"]`.
#[macro_export]
macro_rules! argv {
    ($($word:expr),* $(,)?) => { &[$(::std::borrow::Cow::Borrowed($word)),*] };
}

/// An error that a step may return, for `phoenix-orch explain CODE` and `docs/errors.md`.
///
/// ```
/// # use phoenix_sdk::*;
/// const CODES: &[Code] = &[Code::new(
///     "TIME-NO-SERVER",
///     "No time server answers, so the clock would drift.",
///     "Set `server` in the step's parameters to one that can be reached.",
/// )];
///
/// fn no_server() -> StepError {
///     StepError::new("TIME-NO-SERVER", "no server answers").hint("Set `server` in plugins.toml.")
/// }
/// # assert_eq!(no_server().code, CODES[0].code);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// As in [`crate::StepError::code`].
    pub code: Text,
    /// What has happened, in a sentence or two.
    pub about: Text,
    /// What to do about it.
    pub remedy: Text,
}

impl Code {
    /// A documented error.
    pub const fn new(code: &'static str, about: &'static str, remedy: &'static str) -> Self {
        Self {
            code: Cow::Borrowed(code),
            about: Cow::Borrowed(about),
            remedy: Cow::Borrowed(remedy),
        }
    }
}

/// Name, version, scope and all that must be known of a step before it runs. It is a constant: nothing of
/// a machine and nothing of its parameters can be in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Lower-case words joined by hyphens; the name in `plugins.toml`.
    pub name: Text,
    /// The step's own version, as semver.
    pub version: Text,
    /// What the step is for, in one line.
    pub about: Text,
    /// Where it works.
    pub scope: Scope,
    /// The commands it looks with.
    #[serde(default)]
    pub probes: Cow<'static, [Probe]>,
    /// The errors it may return.
    #[serde(default)]
    pub codes: Cow<'static, [Code]>,
}

impl Meta {
    /// The declared probe that a command is: the probe's words, and perhaps more behind them.
    ///
    /// # Errors
    /// `PROBE-NOT-DECLARED` when it is none.
    pub(crate) fn declared(&self, argv: &[String]) -> Result<&Probe> {
        let begins = |probe: &&Probe| {
            argv.len() >= probe.argv.len()
                && probe.argv.iter().zip(argv).all(|(want, have)| want == have)
        };
        self.probes.iter().find(begins).ok_or_else(|| {
            let command = shown::sentence(&argv.join(" "));
            StepError::new("PROBE-NOT-DECLARED", format!("`{command}` is not a declared probe"))
                .hint("Declare it in the step's `META.probes`.")
        })
    }

    /// A step without probes and codes of its own yet. Pass `env!("CARGO_PKG_VERSION")` as version.
    pub const fn new(
        name: &'static str,
        version: &'static str,
        scope: Scope,
        about: &'static str,
    ) -> Self {
        Self::with(name, version, scope, about, &[], &[])
    }

    /// The same with the commands that the step looks with and the errors that it may return. Both are
    /// constants of their own, `const PROBES: &[Probe] = &[...]`: a list of probes has a destructor, and
    /// would not live long enough as an argument.
    pub const fn with(
        name: &'static str,
        version: &'static str,
        scope: Scope,
        about: &'static str,
        probes: &'static [Probe],
        codes: &'static [Code],
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            version: Cow::Borrowed(version),
            about: Cow::Borrowed(about),
            scope,
            probes: Cow::Borrowed(probes),
            codes: Cow::Borrowed(codes),
        }
    }
}
