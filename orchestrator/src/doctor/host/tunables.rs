//! `tunables/home`, which older scripts overwrote. What exactly is wrong there, and how it is mended, is
//! known to the step; here only whether its two marks are missing.

use super::{
    super::finding::{Condition, Finding},
    Host,
};

pub(in super::super) const PATHS: [&str; 1] = ["/etc/apparmor.d/tunables/home"];

pub(in super::super) const TUNABLES: Condition = Condition::new(
    "DOCTOR-TUNABLES",
    "Every profile of the host includes `tunables/home`. Older scripts overwrote it: what the site set in `home.d` \
     is lost then, and a line that the parser refuses breaks all profiles at once.",
    "Set `repair_home = true` under `[plugins.host-tunables.params]` in plugins.toml, and run phoenix-orch.",
    Some("host-tunables"),
);

pub(super) fn judge(host: &Host) -> Vec<Finding> {
    if !host.has_apparmor() {
        return Vec::new();
    }
    let text = match host.look.text(PATHS[0]) {
        Ok(text) => text,
        Err(cause) => return vec![TUNABLES.unknown(&cause)],
    };
    let text = text.unwrap_or_default();
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("# "));
    let missing: Vec<&str> = ["@{HOMEDIRS}=", "tunables/home.d"]
        .into_iter()
        .filter(|mark| !lines.clone().any(|line| line.contains(mark)))
        .collect();
    let odd = lines.find(|line| {
        let line = line.trim();
        !(line.is_empty() || line.starts_with(['@', '#']) || line.starts_with("include"))
    });
    if missing.is_empty() && odd.is_none() {
        return vec![TUNABLES.fine(format!("`{}` is as the distribution made it", PATHS[0]))];
    }
    let mut finding = TUNABLES.warns(format!("`{}` was overwritten", PATHS[0]));
    for mark in missing {
        finding = finding.seen(format!("it has no `{mark}`"));
    }
    if let Some(odd) = odd {
        finding = finding.seen(format!("the parser does not understand `{odd}`"));
    }
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::finding::Severity, Host},
        PATHS, judge,
    };

    #[test]
    fn whole_and_overwritten() {
        let of = |text: &str| judge(&Host::healthy().with(PATHS[0], text))[0].severity;
        let debian = "# comment\n@{HOME}=@{HOMEDIRS}/*/ /root/\n@{HOMEDIRS}=/home/\n#include <tunables/home.d>\n";
        assert_eq!(of(debian), Severity::Fine);
        assert_eq!(of(&format!("{debian}HOME = /home\n")), Severity::Warns);
        for text in
            ["", "@{HOME}=/home/*/\n", "# @{HOMEDIRS}=/home/\n# include <tunables/home.d>\n"]
        {
            assert_eq!(of(text), Severity::Warns, "{text}");
        }
    }
}
