//! The container's part: its configuration selects the profile and the filter, and its running init has them.

use phoenix_sdk::{
    Change, CheckReport, Code, ContainerState, Context, Evidence, Kind, Machine, Others, Probe,
    Result, StepError, VerifyReport, Wanted, argv, dev_fuse, shown,
};

use crate::{
    data_root, docker, filter, nesting,
    template::{NAME, Settings},
};

pub(crate) const PROFILE: &str = "lxc.apparmor.profile";
pub(crate) const NESTING: &str = "lxc.apparmor.allow_nesting";

pub(crate) const LABEL: Probe = Probe::new(
    "label",
    argv!["cat", "/proc/1/attr/current"],
    "The AppArmor label of the container's init, as the container sees it",
);
pub(crate) const HELPERS: Probe = Probe::new(
    "nesting-helpers",
    argv!["grep", "-c", " /dev/\\.lxc/proc ", "/proc/self/mountinfo"],
    "Whether LXC gave the container what nested mounts of proc and sysfs need",
);

pub(crate) const DEVICE: Probe = Probe::new(
    "fuse-device",
    argv!["stat", "-c", "%F %t:%T", "/dev/fuse"],
    "What `/dev/fuse` is in the container",
);

pub(crate) const SHARED: Code = Code::new(
    "PROFILE-IS-SHARED",
    "All containers of a host share the profile, so one container cannot have parameters of its own for it.",
    "Move them from `[plugins.apparmor-profile.targets.NAME.params]` to `[plugins.apparmor-profile.params]` in plugins.toml.",
);
pub(crate) const UNREADABLE: Code = Code::new(
    "MOUNTS-UNREADABLE",
    "The container does not show its mounts, so nobody can say whether it has to be restarted. Nothing was changed.",
    "Look at `/proc/self/mountinfo` in the container, and run again.",
);

/// The label that the running init has to have.
pub(crate) fn wanted_label() -> String {
    format!("{NAME} (enforce)")
}

pub(crate) fn check(cx: &Context<'_>, settings: &Settings) -> Result<CheckReport> {
    if cx.has_own_params() {
        let message = format!("`{}` has parameters of its own for the profile", cx.target().name);
        return Err(StepError::new("PROFILE-IS-SHARED", message)
            .cause("all containers of the host share it")
            .hint("Give them for all, under `[plugins.apparmor-profile.params]`."));
    }
    let machine = cx.machine();
    let state = machine.container()?;
    data_root::require(&machine, settings)?;
    let filter = filter::wanted(cx)?;
    let wanted = nesting::wanted(cx)?.into_iter().fold(Wanted::on(machine), Wanted::change);
    let mut wanted = wanted
        .container_option(PROFILE, NAME, Others::Replaced)
        .because("the container is to run under this profile")
        .container_option(NESTING, "1", Others::Replaced)
        .because("the kernel refuses nested mounts of proc and sysfs otherwise")
        .container_option(filter::KEY, filter, Others::Replaced)
        .because("AppArmor does not mediate the new mount API");
    if settings.needs_fuse() {
        // This way one restart does for both steps.
        wanted = dev_fuse::wanted(cx)?.into_iter().fold(wanted, Wanted::change);
    }
    let mut report = wanted.into_report()?.and(docker::check(cx)?);
    if state.running {
        let why = stale(cx, settings, &state)?;
        if !why.is_empty() {
            let change = Change::new(Kind::RestartContainer).because(why.join(", and "));
            report.changes.push(change);
        }
    }
    Ok(report)
}

pub(crate) fn apply(cx: &Context<'_>, settings: &Settings, report: &CheckReport) -> Result<()> {
    let restarts = report.changes.iter().any(|change| change.kind == Kind::RestartContainer);
    if restarts && settings.needs_fuse() {
        dev_fuse::require(&cx.host())?;
    }
    report.changes.iter().try_for_each(|change| cx.perform(change))
}

/// What the running container was started without, as reasons for a restart.
fn stale(cx: &Context<'_>, settings: &Settings, state: &ContainerState) -> Result<Vec<String>> {
    let machine = cx.machine();
    let mut why = Vec::new();
    if state.label.as_deref().map(str::trim) != Some(&*wanted_label()) {
        why.push(format!("its init has the label `{}`", label(state)));
    }
    if !has_helpers(&machine)? {
        why.push(format!("it was started without `{NESTING}`"));
    }
    if filter::is_missing(&machine)? {
        why.push("the new mount API answers in it".to_owned());
    }
    if settings.needs_fuse() && !dev_fuse::is_fuse(&machine.file(dev_fuse::PATH)?) {
        why.push(format!("`{}` is not in it yet", dev_fuse::PATH));
    }
    why.extend(docker::stale(&machine)?);
    Ok(why)
}

pub(crate) fn verify(cx: &Context<'_>, settings: &Settings) -> Result<VerifyReport> {
    let machine = cx.machine();
    let outside = machine.container()?;
    let inside = machine.probe(&LABEL, &[])?;
    let helpers = machine.probe(&HELPERS, &[])?.line();
    let mut report = VerifyReport::default()
        .with(Evidence::equal(
            "the running init is confined, seen from the host",
            "/proc/<init>/attr of the container",
            wanted_label(),
            label(&outside),
        ))
        .with(Evidence::equal(
            "the running init is confined, seen from the container",
            LABEL.argv.join(" "),
            wanted_label(),
            shown::sentence(&inside.line()),
        ))
        .with(Evidence::equal(
            "nested containers can mount proc",
            HELPERS.argv.join(" "),
            "1",
            shown::sentence(&helpers),
        ));
    if settings.needs_fuse() {
        report = report.with(Evidence::equal(
            "the FUSE device is in the container",
            DEVICE.argv.join(" "),
            "character special file a:e5",
            shown::output(&machine.probe(&DEVICE, &[])?),
        ));
    }
    let mut report = filter::prove(&machine, report)?;
    for (key, value) in [(PROFILE, NAME.to_owned()), (NESTING, "1".to_owned())] {
        report = report.with(Evidence::equal(
            format!("the next start has `{key}` too"),
            "the container's configuration",
            value,
            machine.container_option(key)?.join(", "),
        ));
    }
    let report = report.with(filter::evidence_at_start(cx)?);
    docker::verify(&machine, report)
}

/// grep ends with 1 where there is no such line, and with more where it could not look: then nobody may
/// conclude that the container needs a restart.
fn has_helpers(machine: &Machine<'_>) -> Result<bool> {
    let seen = machine.probe(&HELPERS, &[])?;
    match seen.exit {
        0 => Ok(true),
        1 => Ok(false),
        _ => Err(StepError::new("MOUNTS-UNREADABLE", "the container's mounts cannot be read")
            .cause(shown::output(&seen))
            .hint("Look at `/proc/self/mountinfo` in the container.")),
    }
}

/// The label of the container's init, made safe to show.
fn label(state: &ContainerState) -> String {
    shown::sentence(state.label.as_deref().unwrap_or("none"))
}
