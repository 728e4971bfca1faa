//! The options of a container that go to the step `container-options`, and why the others do not.
//!
//! What our own steps look after is left to them, or they would take back in the same run what is set here; and
//! what the old scripts wrote to no effect is not written again.

use phoenix_sdk::{
    Change, Kind, Meta, Others, Scope, change::option_line, dev_fuse, shown::sentence,
};
use serde_json::{Map, Value, json};

use super::{Container, Given, STEP, Warning, path, pct};

/// The profile that the step `apparmor-profile` selects.
const PROFILE: &str = "lxc-phoenix-v2";
const NESTING: &str = "lxc.apparmor.allow_nesting";

/// What becomes of one option.
enum Fate {
    /// It is passed on, in this form.
    Passed(String),
    /// It is left out; why.
    Left(String),
    /// It is left out, and nobody misses it.
    Needless,
}

/// The parameters of the step for this container, empty if it needs none, and what was left out.
pub(super) fn params(container: &Container) -> (Map<String, Value>, Vec<Warning>) {
    let mut warnings = Vec::new();
    let mut options = Vec::new();
    for given in &container.lxc_options {
        match lxc_option(&given.text) {
            Fate::Passed(option) => add(&mut options, option),
            Fate::Left(why) => warnings.push(left_out(container, given, &why)),
            Fate::Needless => {}
        }
    }
    if let Some(given) = &container.profile
        && let Fate::Left(why) = profile(&given.text)
    {
        warnings.push(left_out(container, given, &why));
    }
    let mut features = Vec::new();
    for given in &container.pct_options {
        let split = pct::features(&given.text);
        for property in split.features {
            match feature(&property, container.manages_nesting) {
                Fate::Passed(property) => add(&mut features, property),
                Fate::Left(why) => warnings.push(left_out(container, given, &why)),
                Fate::Needless => {}
            }
        }
        if let Some(why) = split.complaint {
            warnings.push(left_out(container, given, &why));
        }
    }
    if container.manages_nesting {
        add(&mut options, format!("{NESTING} = 1"));
    }
    for (list, what) in [(&mut options, "option"), (&mut features, "feature")] {
        contradictions(container, list, what, &mut warnings);
    }
    let lists = [("options", options), ("features", features)];
    let params = lists.into_iter().filter(|(_, list)| !list.is_empty());
    (params.map(|(key, list)| (key.to_owned(), json!(list))).collect(), warnings)
}

fn add(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn left_out(container: &Container, given: &Given, why: &str) -> Warning {
    let what = format!("`{}` is left out: {why}", sentence(&given.text));
    Warning::of(&container.id, &given.path, &what)
}

/// An option of LXC, whole.
fn lxc_option(text: &str) -> Fate {
    let left = |why: &str| Fate::Left(why.to_owned());
    let Some((key, value)) = option_line::split(text) else {
        return left("it is not of the form `lxc.KEY = VALUE`");
    };
    let words: Vec<_> = value.split_whitespace().collect();
    let about_fuse = words.first() == Some(&dev_fuse::PATH)
        || words.get(1).is_some_and(|target| target.trim_start_matches('/') == "dev/fuse");
    match key {
        "lxc.apparmor.profile" => return profile(value),
        "lxc.seccomp.profile" => {
            return left(
                "the filter belongs to the profile, and the step `apparmor-profile` selects it",
            );
        }
        NESTING if value != "1" => return left("nested containers need it to be 1"),
        "lxc.include" if value.ends_with("/nesting.conf") => {
            return left(
                "that file selects a profile of LXC's own, and overrides ours; `lxc.apparmor.allow_nesting` does what \
                 else is in it",
            );
        }
        dev_fuse::KEY if about_fuse => {
            let broken = dev_fuse::broken(&[value.to_owned()]).first().map(|(_, why)| *why);
            let broken =
                broken.map_or(String::new(), |why| format!(", and this entry is broken: {why}"));
            return Fate::Left(format!(
                "the step `fuse-overlayfs` brings the device into the container{broken}"
            ));
        }
        "lxc.cgroup2.devices.allow" | "lxc.cgroup.devices.allow"
            if matches!(words[..], ["a"] | ["a", "*:*", ..]) =>
        {
            return left("it stands for every device, and none of our steps needs it");
        }
        _ if value.is_empty() => {
            return left("an empty value takes away what other lines say; set it by hand");
        }
        _ => {}
    }
    let (key, value) = (key.to_owned(), value.to_owned());
    let line = format!("{key} = {value}");
    let change = Change::new(Kind::ContainerOption { key, value, others: Others::Kept });
    match Meta::new(STEP, "0.0.0", Scope::Container, "").allows(&change) {
        Ok(()) => Fate::Passed(line),
        Err(_) => left(
            "a step for containers may not set it, because it concerns the host as well; set it by hand if it is \
             needed",
        ),
    }
}

/// Ours decides which profile a container has.
fn profile(value: &str) -> Fate {
    match value {
        "" | PROFILE => Fate::Needless,
        "unconfined" => Fate::Left(format!(
            "with it the container is not confined at all; the step `apparmor-profile` selects `{PROFILE}`"
        )),
        _ => Fate::Left(format!(
            "the step `apparmor-profile` selects the profile, and that is `{PROFILE}`"
        )),
    }
}

/// One of Proxmox's features.
fn feature(property: &str, manages_nesting: bool) -> Fate {
    match property {
        // The raw option does it then; `apparmor-profile` leaves the feature alone where that is there.
        "nesting=1" if manages_nesting => Fate::Needless,
        "nesting=0" => Fate::Left("Docker needs `nesting=1`".to_owned()),
        // In its own way, which may be a mount entry.
        "fuse=1" => Fate::Needless,
        "fuse=0" => Fate::Left("the step `fuse-overlayfs` brings the device in".to_owned()),
        _ => Fate::Passed(property.to_owned()),
    }
}

/// Of two values where only one can be, the last counts, as it did in the configuration.
fn contradictions(
    container: &Container,
    list: &mut Vec<String>,
    what: &str,
    warnings: &mut Vec<Warning>,
) {
    let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let single = |key: &str| match what {
        "option" => ["lxc.prlimit.", "lxc.sysctl.", "lxc.cgroup"].iter().any(|family| {
            key.starts_with(family)
                && !key.ends_with(".devices.allow")
                && !key.ends_with(".devices.deny")
        }),
        _ => true,
    };
    let mut kept: Vec<String> = Vec::new();
    for line in list.drain(..) {
        let same = |other: &String| single(&key(&line)) && key(other) == key(&line);
        if let Some(at) = kept.iter().position(same) {
            let text = format!(
                "the {what} `{}` is given again as `{}`, which counts",
                sentence(&kept[at]),
                sentence(&line)
            );
            warnings.push(Warning::of(&container.id, &path::entry(&container.id), &text));
            kept[at] = line;
        } else {
            kept.push(line);
        }
    }
    *list = kept;
}
