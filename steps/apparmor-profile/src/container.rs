//! The container's part: its configuration selects the profile, and its running init has it.

use phoenix_sdk::{
    Change, CheckReport, Code, ContainerState, Context, Evidence, Kind, Machine, Others, Probe,
    Result, StepError, VerifyReport, Wanted, argv, shown,
};

use crate::template::NAME;

pub(crate) const PROFILE: &str = "lxc.apparmor.profile";
pub(crate) const NESTING: &str = "lxc.apparmor.allow_nesting";
const INCLUDE: &str = "lxc.include";

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

pub(crate) const OVERRIDDEN: Code = Code::new(
    "LXC-INCLUDE-OVERRIDES",
    "The container's configuration includes a file that selects another AppArmor profile. LXC takes the last one, so the \
     container would not get this one however often it is restarted.",
    "Remove the `lxc.include` line; `lxc.apparmor.allow_nesting`, which this step sets, does what nesting.conf did.",
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

pub(crate) fn check(cx: &Context<'_>) -> Result<CheckReport> {
    no_include_overrides(cx)?;
    let machine = cx.machine();
    let state = machine.container()?;
    let confined = state.label.as_deref().map(str::trim) == Some(&*wanted_label());
    let helpers = has_helpers(&machine)?;
    let mut report = Wanted::on(machine)
        .container_option(PROFILE, NAME, Others::Replaced)
        .because("the container is to run under this profile")
        .container_option(NESTING, "1", Others::Replaced)
        .because("the kernel refuses nested mounts of proc and sysfs otherwise")
        .into_report()?;
    if state.running && !(confined && helpers) {
        let why = if confined {
            "it was started without `lxc.apparmor.allow_nesting`".to_owned()
        } else {
            format!("its init has the label `{}`", label(&state))
        };
        report.changes.push(Change::new(Kind::RestartContainer).because(why));
    }
    Ok(report)
}

pub(crate) fn verify(cx: &Context<'_>) -> Result<VerifyReport> {
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
    for (key, value) in [(PROFILE, NAME), (NESTING, "1")] {
        report = report.with(Evidence::equal(
            format!("the next start has `{key}` too"),
            "the container's configuration",
            value,
            machine.container_option(key)?.join(", "),
        ));
    }
    Ok(report)
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

fn no_include_overrides(cx: &Context<'_>) -> Result<()> {
    for path in cx.machine().container_option(INCLUDE)? {
        let text = cx.host().file(&path)?.content().map(phoenix_sdk::Bytes::to_text);
        let selects = |line: &str| {
            let key = line.split_once('=').map(|(key, _)| key.trim());
            key == Some(PROFILE)
        };
        if text.is_some_and(|text| text.lines().any(selects)) {
            return Err(StepError::new(
                "LXC-INCLUDE-OVERRIDES",
                format!("`{INCLUDE} = {path}` selects another AppArmor profile"),
            )
            .hint(format!("Remove this line from the configuration of `{}`.", cx.target().name)));
        }
    }
    Ok(())
}

/// The label of the container's init, made safe to show.
fn label(state: &ContainerState) -> String {
    shown::sentence(state.label.as_deref().unwrap_or("none"))
}
