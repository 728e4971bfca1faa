//! The parameters: raw options of LXC and properties of Proxmox's `features`, checked before anything is looked at.

use phoenix_sdk::{Code, Others, Result, StepError, change::option_line, dev_fuse, shown};
use serde::Deserialize;

pub(crate) const OF_ANOTHER_STEP: Code = Code::new(
    "OPTION-OF-ANOTHER-STEP",
    "An option that was asked for is one that another step looks after, and would set otherwise or take away in \
     the same run. Nothing was changed.",
    "Leave it out; the message says which step sees to it.",
);

/// As they stand in plugins.toml.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Params {
    /// `lxc.mount.entry=/dev/nvidia0 dev/nvidia0 none bind,optional,create=file`, each whole.
    options: Vec<String>,
    /// `keyctl=1`; they mean something on Proxmox only.
    features: Vec<String>,
}

/// One option.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opt {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) others: Others,
}

impl Opt {
    /// What a script that split the option at its blanks left of it: LXC takes such an entry for a mount over the
    /// container's root, and does not start the container.
    pub(crate) fn first_piece(&self) -> Option<&str> {
        let (first, _) = self.value.split_once(char::is_whitespace)?;
        (self.key == "lxc.mount.entry").then_some(first)
    }
}

/// The parameters, understood.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) options: Vec<Opt>,
    pub(crate) features: Vec<String>,
}

impl Params {
    /// Each option and feature once, in the order in which they were given.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        for line in &self.options {
            let option = option(line)?;
            if settings.options.contains(&option) {
                continue;
            }
            let same = |other: &&Opt| other.key == option.key && option.others == Others::Replaced;
            if let Some(other) = settings.options.iter().find(same) {
                let why = format!("it has another value too: `{}`", shown::name(&other.value));
                return Err(invalid("options", line, &why));
            }
            settings.options.push(option);
        }
        for property in self.features.iter().flat_map(|list| list.split(',')).map(str::trim) {
            let name = feature(property)?;
            let same = |other: &String| other.split('=').next() == Some(name);
            match settings.features.iter().find(|other| same(other)) {
                Some(other) if other == property => {}
                Some(other) => {
                    let why = format!("it has another value too: `{}`", shown::name(other));
                    return Err(invalid("features", property, &why));
                }
                None => settings.features.push(property.to_owned()),
            }
        }
        Ok(settings)
    }
}

fn option(line: &str) -> Result<Opt> {
    let refused = |why: &str| invalid("options", line, why);
    if line.trim().contains(char::is_control) {
        return Err(refused("it is no single line"));
    }
    let (key, value) = option_line::split(line)
        .ok_or_else(|| refused("it is not of the form `lxc.KEY = VALUE`"))?;
    if value.is_empty() {
        return Err(refused("an empty value takes away what other lines say, and adds nothing"));
    }
    if let Some(step) = owner(key, value) {
        return Err(of_another_step(line, step));
    }
    Ok(Opt { key: key.to_owned(), value: value.to_owned(), others: others(key) })
}

/// The step that would set such an option otherwise, or take it away.
fn owner(key: &str, value: &str) -> Option<&'static str> {
    let words: Vec<_> = value.split_whitespace().collect();
    let every_device = matches!(words[..], ["a"] | ["a", "*:*", ..]);
    match key {
        "lxc.apparmor.profile" | "lxc.seccomp.profile" => Some("apparmor-profile"),
        "lxc.apparmor.allow_nesting" if value != "1" => Some("apparmor-profile"),
        "lxc.mount.entry" if !dev_fuse::broken(&[value.to_owned()]).is_empty() => {
            Some("fuse-overlayfs")
        }
        "lxc.cgroup2.devices.allow" if every_device => Some("fuse-overlayfs"),
        _ => None,
    }
}

/// The name of a property such as `keyctl=1`.
fn feature(property: &str) -> Result<&str> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    match property.split_once('=') {
        Some(("nesting", "0")) => Err(of_another_step(property, "apparmor-profile")),
        Some(("fuse", "0")) => Err(of_another_step(property, "fuse-overlayfs")),
        Some((name, value))
            if is_name(name)
                && !value.is_empty()
                && !value.contains(|c: char| c.is_control() || c.is_whitespace() || c == '=') =>
        {
            Ok(name)
        }
        _ => Err(invalid("features", property, "it is not of the form `NAME=VALUE`")),
    }
}

/// Whether a key may have several values, or its last line decides.
fn others(key: &str) -> Others {
    let is_list =
        matches!(key, "lxc.cap.drop" | "lxc.environment" | "lxc.mount.auto" | "lxc.mount.entry")
            || key.ends_with(".devices.allow")
            || key.ends_with(".devices.deny");
    if is_list { Others::Kept } else { Others::Replaced }
}

fn invalid(list: &str, text: &str, why: &str) -> StepError {
    let message = format!("`{}` in `{list}` cannot be set: {why}", shown::name(text));
    StepError::new("PARAMS-INVALID", message).hint(
        "Correct it under `[plugins.container-options]` in plugins.toml, or in the inventory.",
    )
}

fn of_another_step(text: &str, step: &str) -> StepError {
    let message = format!("`{}` is what the step `{step}` looks after", shown::name(text));
    StepError::new("OPTION-OF-ANOTHER-STEP", message)
        .cause("it would take back in the same run what is set here")
        .hint(format!("Leave it out; `{step}` sees to it."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: &[&str], features: &[&str]) -> Result<Settings, String> {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        let params = Params { options: owned(options), features: owned(features) };
        params.settings().map_err(|error| format!("{}: {}", error.code, error.message))
    }

    #[test]
    fn options_are_taken_whole_and_once() {
        let entry = "/dev/nvidia0 dev/nvidia0 none bind,optional,create=file";
        let settings = settings(
            &[
                &format!("lxc.mount.entry={entry}"),
                "lxc.mount.auto: proc:rw sys:rw",
                "lxc.mount.auto = proc:rw sys:rw",
                "lxc.cgroup2.devices.allow = c 195:* rwm",
                "lxc.prlimit.nofile=65536",
            ],
            &["nesting=1,keyctl=1", "keyctl=1", "mount=nfs;cifs"],
        );
        let option = |key: &str, value: &str, others| Opt {
            key: key.to_owned(),
            value: value.to_owned(),
            others,
        };
        let expected = Settings {
            options: vec![
                option("lxc.mount.entry", entry, Others::Kept),
                option("lxc.mount.auto", "proc:rw sys:rw", Others::Kept),
                option("lxc.cgroup2.devices.allow", "c 195:* rwm", Others::Kept),
                option("lxc.prlimit.nofile", "65536", Others::Replaced),
            ],
            features: ["nesting=1", "keyctl=1", "mount=nfs;cifs"].map(str::to_owned).to_vec(),
        };
        assert_eq!(settings, Ok(expected));
    }

    #[test]
    fn what_cannot_stay_set_is_refused() {
        let profile = "OPTION-OF-ANOTHER-STEP: `lxc.apparmor.profile=unconfined` is what the step";
        for (options, features, expected) in [
            (&["bind,create=file"][..], &[][..], "PARAMS-INVALID: `bind,create=file` in `options`"),
            (&["lxc.cap.drop="], &[], "PARAMS-INVALID: `lxc.cap.drop=` in `options`"),
            (&["lxc.environment=A=b\nlxc.hook.start=x"], &[], "PARAMS-INVALID"),
            (&["lxc.sysctl.a=1", "lxc.sysctl.a=2"], &[], "PARAMS-INVALID: `lxc.sysctl.a=2`"),
            (&["lxc.apparmor.profile=unconfined"], &[], profile),
            (&["lxc.apparmor.allow_nesting=0"], &[], "OPTION-OF-ANOTHER-STEP"),
            (&["lxc.seccomp.profile=/x"], &[], "OPTION-OF-ANOTHER-STEP"),
            (&["lxc.mount.entry=/dev/fuse"], &[], "OPTION-OF-ANOTHER-STEP"),
            (&["lxc.cgroup2.devices.allow: a"], &[], "OPTION-OF-ANOTHER-STEP"),
            (&[], &["nesting"], "PARAMS-INVALID: `nesting` in `features`"),
            (&[], &["--onboot=1"], "PARAMS-INVALID"),
            (&[], &["keyctl=1", "keyctl=0"], "PARAMS-INVALID: `keyctl=0`"),
            (&[], &["nesting=0"], "OPTION-OF-ANOTHER-STEP"),
        ] {
            let refused = settings(options, features).unwrap_err();
            assert!(refused.starts_with(expected), "{refused}");
        }
        assert!(settings(&["lxc.apparmor.allow_nesting=1"], &[]).is_ok());
    }
}
