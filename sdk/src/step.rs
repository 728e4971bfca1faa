//! The trait that a step's author implements.

use serde::de::DeserializeOwned;

use crate::{CheckReport, Context, Meta, Result, VerifyReport, world::World};

/// A step: knows what it wants on a target, and how to prove that it is so.
///
/// The orchestrator repeats `check` and `apply` until `check` comes back without changes (at most three
/// rounds), and then calls `verify`. A step keeps no state between calls, and is called for several
/// targets at once.
///
/// ```
/// use phoenix_sdk::*;
///
/// /// Logins see whose machine this is.
/// #[derive(Default)]
/// struct Banner;
///
/// export_step!(Banner);
///
/// const ISSUE: Probe = Probe::new("issue", argv!["agetty", "--show-issue"], "what a login sees");
/// const PROBES: &[Probe] = &[ISSUE];
///
/// impl Step for Banner {
///     type Params = ();
///
///     const META: Meta =
///         Meta::with("banner", "0.1.0", Scope::HostAndContainers, "a banner", PROBES, &[]);
///
///     fn check(&self, cx: &Context<'_>, _params: &()) -> Result<CheckReport> {
///         Wanted::on(cx.machine()).file("/etc/issue", "Ours.\n").into_report()
///     }
///
///     fn verify(&self, cx: &Context<'_>, _params: &()) -> Result<VerifyReport> {
///         let seen = cx.machine().probe(&ISSUE, &[])?;
///         let evidence =
///             Evidence::equal("logins see it", "agetty --show-issue", "Ours.", shown::output(&seen));
///         Ok(VerifyReport::default().with(evidence))
///     }
/// }
/// ```
pub trait Step: Send + Sync + 'static {
    /// The step's parameters in `plugins.toml`. Put `#[serde(deny_unknown_fields, default)]` on it, so
    /// that a misspelt key is an error and not a silent default.
    type Params: DeserializeOwned + Default;

    /// Name, version, scope, probes and error codes.
    const META: Meta;

    /// Compares the target with what is wanted. Changes nothing, and says the same when asked twice.
    ///
    /// # Errors
    /// When it cannot be found out, or when the step must not go on.
    fn check(&self, cx: &Context<'_>, params: &Self::Params) -> Result<CheckReport>;

    /// Brings about what `check` wanted: by default, each change in its order.
    ///
    /// # Errors
    /// The first change that fails ends it.
    fn apply(&self, cx: &Context<'_>, _params: &Self::Params, report: &CheckReport) -> Result<()> {
        report.changes.iter().try_for_each(|change| cx.perform(change))
    }

    /// Proves that the wanted state is in effect, by other means than `check` used.
    ///
    /// # Errors
    /// When the evidence cannot be gathered. A claim that does not hold is evidence, not an error.
    fn verify(&self, cx: &Context<'_>, params: &Self::Params) -> Result<VerifyReport>;

    /// Worlds in which the step's laws can be tried without a machine, by `plugins check` and by
    /// [`crate::testing::laws`].
    fn rehearsals() -> Vec<World> {
        Vec::new()
    }
}
