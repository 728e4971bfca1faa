//! The proof, by the kernel's and the parser's own words.

use phoenix_sdk::{Evidence, Machine, Probe, Result, VerifyReport, argv, shown};

use crate::{apparmor, fuse, tunable};

pub(crate) const FILESYSTEM: Probe = Probe::new(
    "fuse-file-system",
    argv!["grep", "-x", "nodev.fuse", "/proc/filesystems"],
    "Whether the kernel has the file system `fuse` now",
);
pub(crate) const AT_BOOT: Probe = Probe::new(
    "fuse-at-boot",
    argv!["/bin/sh", "-c", include_str!("at_boot.sh"), "phoenix-verify"],
    "How the module `fuse` gets into the kernel at boot",
);
pub(crate) const NODE: Probe =
    Probe::new("fuse-device", argv!["stat", "-c", "%F %t:%T", "/dev/fuse"], "What `/dev/fuse` is");
pub(crate) const OPENS: Probe = Probe::new(
    "fuse-opens",
    argv![
        "setpriv",
        "--reuid=100000",
        "--regid=100000",
        "--clear-groups",
        "--",
        "/bin/sh",
        "-c",
        ": <> /dev/fuse"
    ],
    "Opens `/dev/fuse` as a user without rights, as a container's root is one, and closes it again",
);
pub(crate) const PREPROCESSED: Probe = Probe::new(
    "tunable",
    argv!["/bin/sh", "-c", include_str!("preprocess.sh"), "phoenix-verify"],
    "What AppArmor's parser makes of the tunable; loads nothing",
);
pub(crate) const HOME: Probe = Probe::new(
    "home",
    argv!["/bin/sh", "-c", include_str!("home.sh"), "phoenix-verify"],
    "What AppArmor's parser makes of `tunables/home`; loads nothing",
);
pub(crate) const SYSCTL: Probe = Probe::new(
    "userns-policy",
    argv!["cat", "/proc/sys/kernel/unprivileged_userns_apparmor_policy"],
    "Whether a container's root may have AppArmor policy of its own",
);
pub(crate) const SYSCTL_AT_BOOT: Probe = Probe::new(
    "userns-policy-at-boot",
    argv![
        "grep",
        "-rhsE",
        "^[[:space:]]*kernel[./]unprivileged_userns_apparmor_policy[[:space:]]*=",
        "/etc/sysctl.d"
    ],
    "The same at boot",
);

/// The module and its device.
pub(crate) fn fuse(machine: &Machine<'_>) -> Result<VerifyReport> {
    let now = machine.probe(&FILESYSTEM, &[])?;
    let there = now.success();
    let boot = machine.probe(&AT_BOOT, &[])?;
    let at_boot = ["built-in", "modules-load"].contains(&&*boot.line());
    let mut report = VerifyReport::default()
        .with(Evidence {
            claim: "the kernel has the file system `fuse`".to_owned(),
            how: "/proc/filesystems".to_owned(),
            expected: "nodev fuse".to_owned(),
            observed: if there { "nodev fuse" } else { "no such line" }.to_owned(),
            holds: there,
        })
        .with(Evidence {
            claim: "the kernel will have it after a reboot".to_owned(),
            how: "the list of what is built in, and the folders of systemd-modules-load".to_owned(),
            expected: "built-in or modules-load".to_owned(),
            observed: shown::output(&boot),
            holds: at_boot,
        });
    let node = machine.probe(&NODE, &[])?;
    report = report.with(Evidence::equal(
        format!("`{}` is the FUSE device", fuse::DEVICE),
        NODE.argv.join(" "),
        "character special file a:e5",
        shown::output(&node),
    ));
    // Opening the device would load the module, and looking must not change anything.
    if there {
        let opened = machine.probe(&OPENS, &[])?;
        report = report.with(Evidence::equal(
            "a user without rights can open it, as the root of a container is one",
            "open(2) as user 100000",
            "opened",
            if opened.success() { "opened".to_owned() } else { shown::output(&opened) },
        ));
    }
    Ok(report)
}

/// The tunable as the parser reads it, and the kernel's setting.
pub(crate) fn apparmor(
    machine: &Machine<'_>,
    names: &[String],
    report: VerifyReport,
) -> Result<VerifyReport> {
    let text = machine.probe(&PREPROCESSED, &[])?;
    let have = tunable::names(&text.stdout.to_text());
    let found: Vec<_> = names.iter().filter(|name| have.contains(name)).cloned().collect();
    let observed = if text.success() { found.join(" ") } else { shown::output(&text) };
    let mut report = report.with(Evidence::equal(
        format!("AppArmor's parser finds the names in `{}`", apparmor::TUNABLE),
        "apparmor_parser --preprocess",
        names.join(" "),
        observed,
    ));
    let now = machine.probe(&SYSCTL, &[])?;
    if now.success() {
        let boot = machine.probe(&SYSCTL_AT_BOOT, &[])?.stdout.to_text();
        let boot = boot
            .lines()
            .last()
            .and_then(|line| line.split_once('='))
            .map(|(_, value)| value.trim());
        report = report
            .with(Evidence::equal(
                "a container's root may have policy of its own",
                SYSCTL.argv.join(" "),
                "1",
                shown::output(&now),
            ))
            .with(Evidence::equal(
                "and after a reboot too",
                "/etc/sysctl.d",
                "1",
                boot.unwrap_or("not set"),
            ));
    }
    Ok(report)
}

/// That the parser gets the distribution's variables from `tunables/home`.
pub(crate) fn home(machine: &Machine<'_>, report: VerifyReport) -> Result<VerifyReport> {
    let seen = machine.probe(&HOME, &[])?;
    Ok(report.with(Evidence::equal(
        format!("AppArmor's parser reads `{}`, and finds the home folders in it", apparmor::HOME),
        "apparmor_parser on a profile that uses `@{HOME}` and `@{HOMEDIRS}`",
        "read",
        shown::output(&seen),
    )))
}
