//! The host's part: the kernel enforces the profile, and the filter that belongs to it lies ready.

use phoenix_sdk::{
    Change, CheckReport, Context, Evidence, Kind, Probe, Result, VerifyReport, Wanted, argv, shown,
};

use crate::{
    seccomp,
    template::{self, NAME, Settings},
};

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
pub(crate) const PREPROCESSED: Probe = Probe::new(
    "preprocessed",
    argv!["apparmor_parser", "--preprocess", "/etc/apparmor.d/lxc-phoenix-v2"],
    "What the parser makes of the profile before it compiles it; loads nothing",
);
pub(crate) const FILTER: Probe = Probe::new(
    "seccomp-file",
    argv!["cat", "/etc/lxc/lxc-phoenix-v2.seccomp"],
    "The text of the seccomp filter that containers are started with",
);

/// The tunable that `host-tunables` keeps.
const TUNABLE: &str = "@{apparmor_nesting_profiles}";

pub(crate) fn check(cx: &Context<'_>, settings: &Settings) -> Result<CheckReport> {
    let profile = Kind::AppArmorProfile { name: NAME.to_owned(), text: template::render(settings) };
    Wanted::on(cx.machine())
        .change(Change::new(profile))
        .file(seccomp::PATH, seccomp::text())
        .because("the new mount API, which AppArmor does not mediate, is to be answered as unknown")
        .into_report()
}

pub(crate) fn verify(cx: &Context<'_>, settings: &Settings) -> Result<VerifyReport> {
    let machine = cx.machine();
    let loaded = machine.probe(&LOADED, &[])?;
    let text = machine.probe(&TEXT, &[])?.stdout;
    let rendered = text.0 == template::render(settings).as_bytes();
    let same = machine.probe(&SAME, &[])?.line();
    let filter = machine.probe(&FILTER, &[])?.stdout;
    let filter = filter.0 == seccomp::text().as_bytes();
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
        ))
        .with(tunable_reaches_policy(&machine.probe(&PREPROCESSED, &[])?.stdout.to_text()))
        .with(Evidence::equal(
            "the seccomp filter for the containers is the rendered one",
            FILTER.argv.join(" "),
            "the rendered text",
            if filter { "the rendered text" } else { "another text, or none" },
        ));
    Ok(match same.as_str() {
        "cannot tell" => report.warning(
            "this kernel does not show what it was given, so only the profile's name is proved",
        ),
        _ => report.with(Evidence::equal(
            "the enforced policy was compiled from that file and its tunables",
            "the kernel's own digest of the policy, and that of apparmor_parser's output",
            "same",
            shown::name(&same),
        )),
    })
}

/// The parser's own words: the tunable has the profile's name, and a rule uses the tunable. Together with
/// the digest that is the policy which the kernel enforces.
fn tunable_reaches_policy(preprocessed: &str) -> Evidence {
    let set = preprocessed.lines().filter(|line| line.trim_start().starts_with(TUNABLE));
    let named = set.flat_map(str::split_whitespace).any(|word| word.trim_matches('"') == NAME);
    let used = preprocessed.lines().any(|line| line.contains(&format!("peer={TUNABLE}")));
    let observed = match (named, used) {
        (true, true) => "set and used",
        (true, false) => "set, and no rule uses it",
        (false, _) => "not set to the profile's name",
    };
    Evidence::equal(
        format!("the tunable `{TUNABLE}` reaches the policy"),
        PREPROCESSED.argv.join(" "),
        "set and used",
        observed,
    )
}

#[cfg(test)]
mod tests {
    use super::{FILTER, tunable_reaches_policy};
    use crate::seccomp;

    #[test]
    fn only_a_tunable_that_is_set_and_used_counts() {
        let set = "@{apparmor_nesting_profiles} = site lxc-phoenix-v2\n";
        let used = "  signal (send) peer=@{apparmor_nesting_profiles},\n";
        for (text, holds) in [
            (format!("{set}{used}"), true),
            (set.replace("lxc-phoenix-v2", "\"lxc-phoenix-v2\"") + used, true),
            (set.to_owned(), false),
            (used.to_owned(), false),
            (set.replace("v2", "v20") + used, false),
        ] {
            assert_eq!(tunable_reaches_policy(&text).holds, holds, "{text}");
        }
    }

    #[test]
    fn the_probe_reads_the_file_that_is_written() {
        assert_eq!(FILTER.argv.last().map(|word| &**word), Some(seccomp::PATH));
    }
}
