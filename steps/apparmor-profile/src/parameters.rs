//! The parameters before anything is looked at: none of them may be more than it says, and those that widen the
//! profile are named in every report.

use phoenix_sdk::{CheckReport, Result, StepError, shown};

use crate::template::{self, Gpu, Settings, StorageDriver};

/// Requires parameters that can become part of the profile.
pub(crate) fn valid(settings: &Settings) -> Result<()> {
    settings.validate().map_err(|error| {
        let message =
            format!("`{}` in `{}` {}", shown::name(&error.value), error.parameter, error.problem);
        StepError::new("PARAMS-INVALID", message)
            .hint("Correct it under `[plugins.apparmor-profile.params]` in plugins.toml.")
    })
}

/// The report with what the operator should know of the parameters: widening is said loudly, and so is what
/// has no effect.
pub(crate) fn told(report: CheckReport, settings: &Settings) -> CheckReport {
    let widened = settings
        .extra_rules
        .iter()
        .map(|rule| format!("the profile has a rule of your own: `{}`", shown::sentence(rule)));
    let gpu = (settings.gpu != Gpu::default())
        .then(|| "the profile opens the devices of graphics cards to all containers".to_owned());
    let overlays = (settings.storage_driver == StorageDriver::Overlay2).then(|| {
        "with `overlay2` root in a container can read all of /sys that its modes permit: AppArmor does not see what an \
         overlay is made of"
            .to_owned()
    });
    let mut report = widened.chain(gpu).chain(overlays).fold(report, CheckReport::warning);
    let idle = template::already_allowed(settings);
    report.notes.extend(idle.iter().map(|path| {
        format!(
            "`{}` in `read_write` changes nothing: the profile allows it anyhow",
            shown::name(path)
        )
    }));
    report
}
