//! What apt says, read. Pure.

use phoenix_sdk::Output;

use crate::{
    error::{Error, ErrorKind},
    transport::printable,
};

/// The names for which `apt-cache policy` knows no version to install.
pub(super) fn unknown(names: &[String], policy: &Output) -> Vec<String> {
    let text = policy.stdout.to_text();
    let mut known = Vec::new();
    let mut current = "";
    for line in text.lines() {
        if let Some(name) = line.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
            current = name;
        } else if let Some(version) = line.trim().strip_prefix("Candidate: ")
            && version != "(none)"
        {
            known.push(current);
        }
    }
    names.iter().filter(|name| !known.contains(&name.as_str())).cloned().collect()
}

/// The error for names that stay unknown after an update.
pub(super) fn no_candidate(names: &[String]) -> Error {
    Error::new(
        ErrorKind::Step,
        "APT-UNKNOWN-PACKAGE",
        format!("apt knows no package `{}`", names.join("`, `")),
    )
    .hint("Check the target's apt sources (`apt-cache policy`).")
}

/// What an installation that was cut off needs before apt does anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mend {
    /// `dpkg --configure --pending`.
    Configure,
    /// `apt-get --fix-broken install`.
    FixBroken,
}

/// What apt asks for.
pub(super) fn mend(output: &Output) -> Option<Mend> {
    let text = format!("{}\n{}", output.stdout.to_text(), output.stderr.to_text());
    if text.contains("dpkg was interrupted") {
        return Some(Mend::Configure);
    }
    text.contains("--fix-broken install").then_some(Mend::FixBroken)
}

/// Why `apt-get` failed: which package, and its own word for it.
pub(super) fn explain(output: &Output) -> Error {
    let text = format!("{}\n{}", output.stdout.to_text(), output.stderr.to_text());
    let has = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
    let packages = failed_packages(&text);
    let (code, message, hint) =
        if has(&["No space left on device", "You don't have enough free space"]) {
            ("APT-DISK-FULL", "the target's disk is full".to_owned(), "Make room, then run again.")
        } else if has(&["Could not get lock", "Unable to acquire the dpkg frontend lock"]) {
            (
                "APT-LOCKED",
                "another package manager holds the lock".to_owned(),
                "Wait until it is done, then run again.",
            )
        } else if !packages.is_empty() {
            (
                "APT-DPKG",
                format!("`{}` cannot be installed", packages.join("`, `")),
                "Mend the package inside the target (`dpkg --configure -a`), then run again.",
            )
        } else if has(&[
            "Failed to fetch",
            "Unable to fetch some archives",
            "Temporary failure resolving",
            "Could not resolve",
            "Connection failed",
            "Some index files failed to download",
            "does not have a Release file",
        ]) {
            (
                "APT-DOWNLOAD",
                "packages cannot be downloaded".to_owned(),
                "Check the target's network and apt sources, then run again.",
            )
        } else {
            (
                "APT-FAILED",
                format!("apt-get ended with exit code {}", output.exit),
                "Run the same inside the target to see more.",
            )
        };
    reasons(&text)
        .into_iter()
        .fold(Error::new(ErrorKind::Step, code, message).hint(hint), Error::cause)
}

/// From `dpkg: error processing package NAME (--configure):`.
fn failed_packages(text: &str) -> Vec<String> {
    let mut names: Vec<String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("dpkg: error processing "))
        .map(|rest| rest.trim_start_matches("package ").trim_start_matches("archive "))
        .filter_map(|rest| rest.split([' ', '(']).next())
        .map(|name| printable(name.rsplit('/').next().unwrap_or(name)))
        .collect();
    names.dedup();
    names
}

/// The lines in which apt and dpkg give reasons, made harmless, at most four.
fn reasons(text: &str) -> Vec<String> {
    let mut lines: Vec<&str> = Vec::new();
    let mut after_dpkg_error = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let dpkg = line.starts_with("dpkg: error");
        if (dpkg || after_dpkg_error || line.starts_with("E: ") || line.starts_with("Err:"))
            && !lines.contains(&line)
        {
            lines.push(line);
        }
        after_dpkg_error = dpkg;
    }
    if lines.is_empty() {
        lines.extend(text.lines().rev().map(str::trim).find(|line| !line.is_empty()));
    }
    lines
        .into_iter()
        .take(4)
        .map(|line| printable(&line.chars().take(300).collect::<String>()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Output, explain, unknown};

    fn failed(stdout: &str, stderr: &str) -> Output {
        Output { exit: 100, stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn candidates() {
        let policy = failed(
            "docker.io:\n  Installed: (none)\n  Candidate: 20.10\nnope:\n  Candidate: (none)\n",
            "",
        );
        let names = ["docker.io", "nope", "absent"].map(str::to_owned);
        assert_eq!(unknown(&names, &policy), ["nope", "absent"]);
    }

    #[test]
    fn each_failure_has_its_code() {
        let table = [
            (
                "",
                "E: Failed to fetch http://deb/x  Temporary failure resolving 'deb'",
                "APT-DOWNLOAD",
            ),
            (
                "",
                "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by 12",
                "APT-LOCKED",
            ),
            (
                "",
                "E: You don't have enough free space in /var/cache/apt/archives/.",
                "APT-DISK-FULL",
            ),
            (
                "dpkg: error processing package docker.io (--configure):\n subprocess returned 1",
                "E: Sub-process /usr/bin/dpkg returned an error code (1)",
                "APT-DPKG",
            ),
            ("", "E: something new", "APT-FAILED"),
        ];
        for (stdout, stderr, code) in table {
            assert_eq!(explain(&failed(stdout, stderr)).code, code, "{stderr}");
        }
        let dpkg = explain(&failed(table[3].0, table[3].1));
        assert_eq!(dpkg.message, "`docker.io` cannot be installed");
        assert!(dpkg.causes.contains(&"subprocess returned 1".to_owned()), "{:?}", dpkg.causes);
    }
}
