//! The laws that every step keeps, tried in the worlds that its author describes ([`LAWS`]).
//!
//! One test is all that a step needs for them; what is broken is named with the world in which it is.
//!
//! ```
//! use phoenix_sdk::{testing::laws, *};
//!
//! /// Forgets to prove anything: it says that all is well whatever it is.
//! #[derive(Default)]
//! struct Banner;
//!
//! impl Step for Banner {
//!     type Params = ();
//!     const META: Meta = Meta::new("banner", "0.1.0", Scope::Host, "a banner");
//!     fn check(&self, cx: &Context<'_>, _: &()) -> Result<CheckReport> {
//!         Wanted::on(cx.machine()).file("/etc/issue", "Ours.\n").into_report()
//!     }
//!     fn verify(&self, _: &Context<'_>, _: &()) -> Result<VerifyReport> {
//!         Ok(VerifyReport::default().with(Evidence::equal("all is well", "", "", "")))
//!     }
//!     fn rehearsals() -> Vec<World> {
//!         vec![World::host("fresh")]
//!     }
//! }
//!
//! let broken = laws::hold::<Banner>().unwrap_err();
//! assert_eq!((&*broken.world, broken.law), ("fresh", "`verify` does not hold before"));
//! ```
//!
//! The laws speak through [`Rehearsed`], so that they hold a step's trait and a loaded library to the
//! same.

use super::FakeHost;
use crate::{
    CheckReport, Context, Kind, Meta, Result, Step, StepError, VerifyReport, wire::Input,
    world::World,
};

const CHANGES_NOTHING: &str = "`check` changes nothing";
const AGREE: &str = "two checks agree";
const NOT_BEFORE: &str = "`verify` does not hold before";
const CONVERGES: &str = "after `apply`, `check` is empty";
const HOLDS_AFTER: &str = "`verify` holds after";
const UNDO: &str = "after undo, `check` wants the same";
const ERRORS: &str = "every error has a documented code and a hint";
const STOPS: &str = "the step stops in this world";
const SUCCEEDS: &str = "`check` succeeds";

/// The laws, as they stand in [`Broken::law`], each with what it means.
pub const LAWS: &[(&str, &str)] = &[
    (SUCCEEDS, "in each world that is not said to stop the step"),
    (CHANGES_NOTHING, "looking leaves the world as it was"),
    (AGREE, "asked twice of the same world, it says the same"),
    (NOT_BEFORE, "as long as something is to be changed, the evidence says so"),
    (CONVERGES, "within three rounds"),
    (HOLDS_AFTER, "the evidence shows what was brought about"),
    (UNDO, "with its changes taken back, the step wants them again"),
    (STOPS, "with the very error that the world names, if it names one"),
    (ERRORS, "so that the operator knows what to do"),
];

/// How many rounds of check and apply a step may need.
pub const ROUNDS: usize = 3;

/// Something with a step's three verbs: a [`Step`], or a loaded library.
pub trait Rehearsed {
    /// Its metadata.
    fn meta(&self) -> Meta;
    /// As [`Step::check`].
    ///
    /// # Errors
    /// As there.
    fn check(&self, host: &FakeHost, input: &Input) -> Result<CheckReport>;
    /// As [`Step::apply`].
    ///
    /// # Errors
    /// As there.
    fn apply(&self, host: &FakeHost, input: &Input, report: &CheckReport) -> Result<()>;
    /// As [`Step::verify`].
    ///
    /// # Errors
    /// As there.
    fn verify(&self, host: &FakeHost, input: &Input) -> Result<VerifyReport>;
}

impl<S: Step> Rehearsed for S {
    fn meta(&self) -> Meta {
        S::META
    }

    fn check(&self, host: &FakeHost, input: &Input) -> Result<CheckReport> {
        let params = crate::export::params::<S>(input)?;
        host.with(input, &[], |cx: &Context<'_>| Step::check(self, cx, &params))
    }

    fn apply(&self, host: &FakeHost, input: &Input, report: &CheckReport) -> Result<()> {
        let params = crate::export::params::<S>(input)?;
        host.with(input, &report.changes, |cx| Step::apply(self, cx, &params, report))
    }

    fn verify(&self, host: &FakeHost, input: &Input) -> Result<VerifyReport> {
        let params = crate::export::params::<S>(input)?;
        host.with(input, &[], |cx| Step::verify(self, cx, &params))
    }
}

/// A law that does not hold: which, where, and what was seen instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The world's name.
    pub world: String,
    /// The law, as a sentence.
    pub law: &'static str,
    /// What was seen.
    pub seen: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "in the world `{}`: {}; seen: {}", self.world, self.law, self.seen)
    }
}

impl std::error::Error for Broken {}

/// Tries all laws in all worlds that the step's author described.
///
/// # Errors
/// The first law that does not hold. Having described no world is one.
pub fn hold<S: Step + Default>() -> std::result::Result<(), Broken> {
    hold_in(&S::default(), S::rehearsals())
}

/// Tries all laws in these worlds.
///
/// # Errors
/// The first law that does not hold.
pub fn hold_in(step: &dyn Rehearsed, worlds: Vec<World>) -> std::result::Result<(), Broken> {
    if worlds.is_empty() {
        return Err(Broken {
            world: "none".to_owned(),
            law: "a step describes at least one world to rehearse in",
            seen: "`Step::rehearsals` is empty".to_owned(),
        });
    }
    worlds.into_iter().try_for_each(|world| in_world(step, world))
}

fn in_world(step: &dyn Rehearsed, before: World) -> std::result::Result<(), Broken> {
    let name = before.name.clone();
    let broken = |law: &'static str, seen: String| Broken { world: name.clone(), law, seen };
    let host = FakeHost::new(before.clone(), step.meta());
    let input =
        host.input().map_err(|error| broken("the world is well formed", error.to_string()))?;

    let first = step.check(&host, &input);
    if host.world() != before {
        return Err(broken(CHANGES_NOTHING, "another world".to_owned()));
    }
    let again = step.check(&host, &input);
    if again != first {
        return Err(broken(AGREE, format!("{first:?} and then {again:?}")));
    }
    let report = match (first, &before.stops_with) {
        (Err(error), Some(code)) if error.code == *code => {
            return well_formed(&step.meta(), &error).map_err(|seen| broken(ERRORS, seen));
        }
        (outcome, Some(code)) => {
            return Err(broken(STOPS, format!("{outcome:?}, not {code}")));
        }
        (Err(error), None) => return Err(broken(SUCCEEDS, error.to_string())),
        (Ok(report), None) => report,
    };
    if !report.changes.is_empty() && step.verify(&host, &input).is_ok_and(|seen| seen.holds()) {
        return Err(broken(
            NOT_BEFORE,
            format!("it holds although {} is needed", report.changes[0].kind),
        ));
    }
    converge(step, &host, &input, report.clone()).map_err(|seen| broken(CONVERGES, seen))?;
    match step.verify(&host, &input) {
        Ok(seen) if seen.holds() => {}
        Ok(seen) => return Err(broken(HOLDS_AFTER, format!("{:?}", seen.evidence))),
        Err(error) => return Err(broken(HOLDS_AFTER, error.to_string())),
    }
    let undone = super::fake_host::undo(&before, &host.world(), &report.changes);
    let host = FakeHost::new(undone, step.meta());
    let wanted = step.check(&host, &input).map_err(|error| broken(UNDO, error.to_string()))?;
    let lasting = |kind: &Kind| {
        !matches!(kind, Kind::RestartContainer | Kind::RestartService { .. } | Kind::Command { .. })
    };
    for change in report.changes.iter().filter(|change| lasting(&change.kind)) {
        if !wanted.changes.iter().any(|again| again.kind == change.kind) {
            return Err(broken(UNDO, format!("it no longer wants to {}", change.kind)));
        }
    }
    Ok(())
}

fn converge(
    step: &dyn Rehearsed,
    host: &FakeHost,
    input: &Input,
    mut report: CheckReport,
) -> std::result::Result<(), String> {
    for _ in 0..ROUNDS {
        if report.changes.is_empty() {
            return Ok(());
        }
        step.apply(host, input, &report).map_err(|error| error.to_string())?;
        report = step.check(host, input).map_err(|error| error.to_string())?;
    }
    match report.changes.first() {
        None => Ok(()),
        Some(change) => Err(format!("it still wants to {} after {ROUNDS} rounds", change.kind)),
    }
}

fn well_formed(meta: &Meta, error: &StepError) -> std::result::Result<(), String> {
    let known = meta.codes.iter().any(|code| code.code == error.code)
        || crate::CODES.iter().any(|code| code.code == error.code);
    if !known {
        return Err(format!("code `{}` is not in the step's metadata", error.code));
    }
    if error.hints.is_empty() {
        return Err(format!("`{}` has no hint", error.code));
    }
    Ok(())
}
