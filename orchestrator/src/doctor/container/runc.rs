//! runc: known-bad versions, and whether the container's profile stops it.

use phoenix_sdk::FileState;
use semver::Version;

use super::{
    super::{
        finding::{Condition, Finding},
        host::{Host, lxc},
        look::{Known, Look},
        version,
    },
    Container,
};

pub(super) const COMMAND: &str = "runc";

pub(in super::super) const RUNC: Condition = Condition::new(
    "DOCTOR-RUNC",
    "runc starts every container of Docker's. Version 1.5.1 fails over AppArmor: `unable to apply apparmor profile: \
     ... no such file or directory`.",
    "Install another version: 1.4.3 works.",
    None,
);

pub(in super::super) const RUNC_PROFILE: Condition = Condition::new(
    "DOCTOR-RUNC-PROFILE",
    "Since its fix for CVE-2025-52881 (1.2.8, 1.3.3, 1.4.0-rc.3) runc writes to /proc/sys by a way that AppArmor takes \
     for /sys. A profile with LXC's `deny /sys/...` rules then stops every container: `open sysctl \
     net.ipv4.ip_unprivileged_port_start file: reopen fd 8: permission denied`. An older runc has the hole.",
    "Let the container run under `lxc-phoenix-v2`, which has no such rule, or upgrade LXC on the host.",
    Some("apparmor-profile"),
);

/// The version inside, if there is one.
pub(super) fn version_in(look: &Look, command: &str) -> Known<Option<(Version, String)>> {
    let Some(output) = look.command(command)? else { return Ok(None) };
    let text = output.stdout.to_text();
    // fuse-overlayfs shows the version of fusermount3 above its own.
    let own = text.lines().find(|line| line.starts_with(command));
    let line = own.or(text.lines().next()).unwrap_or_default().to_owned();
    match version::upstream(&line) {
        Some(version) if output.success() => Ok(Some((version, line))),
        _ => Err(format!(
            "`{command} --version` said no version: {}",
            phoenix_sdk::shown::output(&output)
        )),
    }
}

pub(super) fn judge(inside: &Look) -> Vec<Finding> {
    match version_in(inside, COMMAND) {
        Err(cause) => vec![RUNC.unknown(&cause)],
        Ok(None) => Vec::new(),
        Ok(Some((version, line))) if version == Version::new(1, 5, 1) => {
            vec![RUNC.blocks("this version of runc is broken").seen(line)]
        }
        Ok(Some((_, line))) => {
            vec![RUNC.fine("no defect of this version of runc is known here").seen(line)]
        }
    }
}

/// Whether a runc writes by the new way.
fn is_new(version: &Version) -> bool {
    match (version.major, version.minor) {
        (0, _) | (1, 0 | 1) => false,
        (1, 2) => *version >= Version::new(1, 2, 8),
        (1, 3) => *version >= Version::new(1, 3, 3),
        (1, 4) => {
            let mut first = Version::new(1, 4, 0);
            first.pre = semver::Prerelease::new("rc.3").unwrap_or_default();
            *version >= first
        }
        _ => true,
    }
}

pub(super) fn judge_profile(container: &Container, host: &Host) -> Vec<Finding> {
    if !host.has_apparmor() || container.state.is_err() {
        return Vec::new();
    }
    let (denies, evidence) = match denies(container, host) {
        Ok(found) => found,
        Err(cause) => return vec![RUNC_PROFILE.unknown(&cause)],
    };
    if !denies {
        return vec![
            RUNC_PROFILE
                .fine("the container's profile does not stop current versions of runc")
                .seen(evidence),
        ];
    }
    let version = match container.seen_inside().map(|inside| version_in(inside, COMMAND)) {
        Some(Err(cause)) => return vec![RUNC_PROFILE.unknown(&cause)],
        Some(Ok(version)) => version,
        None => None,
    };
    vec![match version {
        Some((version, line)) if is_new(&version) => {
            RUNC_PROFILE.blocks("the container's profile stops its runc").seen(line).seen(evidence)
        }
        Some((_, line)) => RUNC_PROFILE
            .warns("the next update of runc will not work under the container's profile")
            .seen(line)
            .seen(evidence),
        None => RUNC_PROFILE
            .warns("current versions of runc will not work under the container's profile")
            .seen(evidence),
    }]
}

/// Whether the profile has the rules, and where that was seen.
fn denies(container: &Container, host: &Host) -> Known<(bool, String)> {
    let profile = container.settings.profile();
    if profile == "unconfined" {
        return Ok((false, "it has none".to_owned()));
    }
    if profile == "generated" {
        return match generated(container)? {
            Some(found) => Ok(found),
            None => {
                let (package, old) = lxc::generates_denies(host)?;
                Ok((old, format!("{package} would generate the profile")))
            }
        };
    }
    let path = profile_path(profile).ok_or_else(|| format!("`{profile}` is no profile's name"))?;
    match container.outside.text(&path)? {
        Some(text) => Ok((has_denies(&text), format!("`{path}`"))),
        None => {
            Err(format!("the text of `{profile}` was looked for in `{path}`, which is not there"))
        }
    }
}

/// Of the profile that LXC wrote at the last start, if there is one.
fn generated(container: &Container) -> Known<Option<(bool, String)>> {
    let folder = generated_folder(container);
    let Some(names) = container.outside.folder(&folder)? else { return Ok(None) };
    let mut seen = None;
    for name in names {
        let path = format!("{folder}/{name}");
        if matches!(container.outside.file(&path), Ok(FileState::Folder { .. })) {
            continue;
        }
        let denies = container.outside.text(&path)?.is_some_and(|text| has_denies(&text));
        if denies || seen.is_none() {
            seen = Some((denies, format!("`{path}`")));
        }
    }
    Ok(seen)
}

/// LXC's rules themselves, or the abstraction that has them.
fn has_denies(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with("# "));
    lines.any(|line| {
        line.starts_with("deny /sys/[^") || line.contains("<abstractions/lxc/container-base>")
    })
}

/// Where LXC writes the profile that it generates.
pub(super) fn generated_folder(container: &Container) -> String {
    match container.settings.path.strip_suffix("/config") {
        Some(folder) => format!("{folder}/apparmor"),
        None => format!("/var/lib/lxc/{}/apparmor", container.name),
    }
}

/// Where a named profile's text is; LXC's own are called otherwise than their files.
pub(super) fn profile_path(profile: &str) -> Option<String> {
    let name = profile.split("//").next().unwrap_or(profile);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return None;
    }
    Some(match name.strip_prefix("lxc-container-") {
        Some(rest) => format!("/etc/apparmor.d/lxc/lxc-{rest}"),
        None => format!("/etc/apparmor.d/{name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::{has_denies, is_new, profile_path};

    #[test]
    fn which_versions_write_by_the_new_way() {
        for (version, wanted) in [
            ("1.1.15", false),
            ("1.2.7", false),
            ("1.2.8", true),
            ("1.3.2", false),
            ("1.3.3", true),
            ("1.4.0-rc.2", false),
            ("1.4.0-rc.3", true),
            ("1.4.0", true),
            ("1.5.0", true),
            ("2.0.0", true),
        ] {
            assert_eq!(is_new(&version.parse().unwrap()), wanted, "{version}");
        }
    }

    #[test]
    fn rules_that_stop_runc() {
        assert!(has_denies("profile x {\n  deny /sys/[^fdc]*{,/**} wklx,\n}"));
        assert!(has_denies("  #include <abstractions/lxc/container-base>\n"));
        assert!(!has_denies("  deny /sys/firmware/** wklx,\n  # deny /sys/[^fdc]* is not here\n"));
    }

    #[test]
    fn where_profiles_are() {
        let of = |name| profile_path(name);
        assert_eq!(of("lxc-x").as_deref(), Some("/etc/apparmor.d/lxc-x"));
        let own = of("lxc-container-default-cgns");
        assert_eq!(own.as_deref(), Some("/etc/apparmor.d/lxc/lxc-default-cgns"));
        for name in ["", "../shadow", ".x", "a/b", "a b"] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
