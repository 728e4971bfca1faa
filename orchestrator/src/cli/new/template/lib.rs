//! The step `new-step`: shells at which nobody types any more end by themselves.
//!
//! It is small, it works, and it is meant to be changed into yours. It is written in the order in which it
//! is used; the pages of `phoenix-sdk` explain each word, and `worlds.rs` is what it is tried on.

mod worlds;

use phoenix_sdk::{
    CheckReport, Code, Context, Evidence, Meta, Probe, Result, Scope, Step, StepError,
    VerifyReport, Wanted, World, argv, export_step, require, shown,
};
use serde::Deserialize;

/// The file that the step keeps. Every login shell reads it.
const PATH: &str = concat!("/etc/profile.d/", env!("CARGO_PKG_NAME"), ".sh");

/// What `verify` looks with. A step runs no other commands than those that it declares, and the operator
/// sees them before it runs any: `phoenix-orch plugins list`.
const LOGIN: Probe = Probe::new(
    "login",
    argv!["bash", "-lc", "echo \"$TMOUT\""],
    "The limit that a login shell has",
);

/// A list of probes has to be a constant of its own.
const PROBES: &[Probe] = &[LOGIN];

/// The step's own error. Those of the SDK, such as `OS-UNSUPPORTED`, are documented there.
const MINUTES: &str = "NEW_STEP-MINUTES";

/// For `phoenix-orch explain`: what has happened, and what to do about it.
const CODES: &[Code] = &[Code::new(
    MINUTES,
    "The parameter `minutes` is not between 1 and 1440, so it would not end any shell.",
    "Correct it in plugins.toml.",
)];

/// The step. It has no state: it is called for several machines at once.
#[derive(Default)]
struct NewStep;

export_step!(NewStep);

/// What stands under `params` in plugins.toml. A misspelt key is an error there, not a default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Params {
    /// How long a shell waits for its next command.
    minutes: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { minutes: 10 }
    }
}

impl Params {
    /// What `TMOUT` is to be. An error has a code, what is wrong, and what to do next.
    fn seconds(&self) -> Result<u32> {
        match self.minutes {
            1..=1440 => Ok(self.minutes * 60),
            minutes => Err(StepError::new(MINUTES, format!("`minutes` is {minutes}"))
                .hint("Set it to a number from 1 to 1440 in plugins.toml.")),
        }
    }
}

impl Step for NewStep {
    type Params = Params;

    const META: Meta = Meta::with(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        Scope::Container,
        "shells at which nobody types any more end",
        PROBES,
        CODES,
    );

    /// What is wanted. It looks, and changes nothing: phoenix-orch shows the difference, makes it, and can
    /// take it back.
    fn check(&self, cx: &Context<'_>, params: &Params) -> Result<CheckReport> {
        require::platform(&cx.machine())?;
        let seconds = params.seconds()?;
        Wanted::on(cx.machine())
            .file(PATH, format!("TMOUT={seconds}\nexport TMOUT\n"))
            .because("an open shell is an open door")
            .into_report()
    }

    // `apply` is not needed: by default it performs each change that `check` reported.

    /// The proof, by other means than `check` used: not the file, but a shell that has read it.
    fn verify(&self, cx: &Context<'_>, params: &Params) -> Result<VerifyReport> {
        let seconds = params.seconds()?.to_string();
        let seen = cx.machine().probe(&LOGIN, &[])?;
        let claim = "a login shell has the limit";
        let evidence = Evidence::equal(claim, "bash -l", seconds, shown::output(&seen));
        Ok(VerifyReport::default().with(evidence))
    }

    /// Machines to try it on without a machine, for the test below and for `phoenix-orch plugins check`.
    fn rehearsals() -> Vec<World> {
        worlds::all()
    }
}

#[cfg(test)]
mod tests {
    use super::NewStep;
    use phoenix_sdk::testing::laws;

    #[test]
    fn the_laws_hold() {
        let held = laws::hold::<NewStep>();
        held.unwrap_or_else(|broken| panic!("{broken}"));
    }
}
