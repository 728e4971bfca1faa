//! The host's part: the kernel enforces the profile.

use phoenix_sdk::{
    CheckReport, Context, Evidence, Kind, Probe, Result, VerifyReport, Wanted, argv, shown,
};

use crate::template::{self, NAME};

pub(crate) const LOADED: Probe = Probe::new(
    "loaded",
    argv!["grep", "-x", "lxc-phoenix-v2 (enforce)", "/sys/kernel/security/apparmor/profiles"],
    "Whether the kernel enforces the profile",
);
pub(crate) const TEXT: Probe = Probe::new(
    "text",
    argv!["cat", "/etc/apparmor.d/lxc-phoenix-v2"],
    "The profile's text, which is loaded again at boot",
);
pub(crate) const SAME: Probe = Probe::new(
    "same",
    argv!["/bin/sh", "-c", include_str!("same.sh"), "phoenix-verify", "lxc-phoenix-v2"],
    "Whether the enforced profile was compiled from the file; loads nothing",
)
.within(60);

pub(crate) fn check(cx: &Context<'_>) -> Result<CheckReport> {
    Wanted::on(cx.machine())
        .change(phoenix_sdk::Change::new(Kind::AppArmorProfile {
            name: NAME.to_owned(),
            text: template::text(),
        }))
        .into_report()
}

pub(crate) fn verify(cx: &Context<'_>) -> Result<VerifyReport> {
    let machine = cx.machine();
    let loaded = machine.probe(&LOADED, &[])?;
    let text = machine.probe(&TEXT, &[])?.stdout;
    let rendered = text.0 == template::text().as_bytes();
    let same = machine.probe(&SAME, &[])?.line();
    let report = VerifyReport::default()
        .with(Evidence::equal(
            "the kernel enforces the profile",
            LOADED.argv.join(" "),
            format!("{NAME} (enforce)"),
            if loaded.success() { loaded.line() } else { "no such profile".to_owned() },
        ))
        .with(Evidence::equal(
            "the file that is loaded at boot is the rendered one",
            TEXT.argv.join(" "),
            "the rendered text",
            if rendered { "the rendered text" } else { "another text, or none" },
        ));
    Ok(match same.as_str() {
        "cannot tell" => report.warning(
            "this kernel does not show what it was given, so only the profile's name is proved",
        ),
        _ => report.with(Evidence::equal(
            "the enforced profile was compiled from that file",
            "the kernel's raw_data and apparmor_parser's output",
            "same",
            shown::name(&same),
        )),
    })
}
