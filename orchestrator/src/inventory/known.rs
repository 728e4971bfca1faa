//! The keys that the old scripts knew. Those that phoenix-orch has no use for are passed over in silence; those that
//! the file's own schema does not have, and values that it does not allow, are named.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Warning, path};
use crate::config::nearest;

/// Of the whole file.
const ROOT: &[&str] = &[
    "$schema",
    "lxc_configs",
    "nvidia_driver_version",
    "nvidia_repo_url",
    "nvidia_runfile_url",
    "unprivileged",
    "features",
    "pct_options",
    "lxc_options",
    "apparmor_profile",
    "apparmor_manages_nesting",
];

/// Of a container.
const CONTAINER: &[&str] = &[
    "apparmor_manages_nesting",
    "apparmor_profile",
    "application_script",
    "boot_delay",
    "boot_order",
    "clone_from_ctid",
    "cores",
    "dependencies",
    "description",
    "features",
    "firewall",
    "gpu_assignment",
    "health_check",
    "is_template",
    "lxc_options",
    "mac_address",
    "memory_mb",
    "name",
    "network_config",
    "pct_options",
    "portainer_agent_port",
    "portainer_role",
    "ports",
    "start_at_boot",
    "static_ip",
    "storage_pool",
    "storage_size_gb",
    "swap_mb",
    "template",
    "template_file",
    "template_snapshot_name",
    "unprivileged",
    "volumes",
];

/// What the schema says against the file, where phoenix-orch has no use for it.
pub(super) fn warnings(root: &Map<String, Value>, entries: &Map<String, Value>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut unknown: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for key in root.keys().filter(|key| !ROOT.contains(&key.as_str())) {
        warnings.push(Warning::of_file(&path::member(path::ROOT, key), &not_known(key, ROOT)));
    }
    for (id, entry) in entries.iter().filter_map(|(id, entry)| Some((id, entry.as_object()?))) {
        let at = path::entry(id);
        for key in entry.keys().filter(|key| !CONTAINER.contains(&key.as_str())) {
            unknown.entry(key).or_default().push(path::member(&at, key));
        }
        if let Some(why) = entry.get("gpu_assignment").and_then(wrong_gpus) {
            warnings.push(Warning::of(id, &path::member(&at, "gpu_assignment"), why));
        }
        if let Some(why) = entry.get("firewall").and_then(wrong_firewall) {
            warnings.push(Warning::of(id, &path::member(&at, "firewall"), why));
        }
    }
    for (key, places) in unknown {
        let more = match places.len() - 1 {
            0 => String::new(),
            1 => " (and in one container more)".to_owned(),
            more => format!(" (and in {more} containers more)"),
        };
        let first = places.first().map_or("", String::as_str);
        let what = not_known(key, CONTAINER);
        warnings.push(Warning { container: None, text: format!("`{first}`{more}: {what}") });
    }
    warnings
}

fn not_known(key: &str, known: &[&str]) -> String {
    match nearest(key, known.iter().copied()) {
        Some(near) => format!("the key is not known, and is passed over; did you mean `{near}`?"),
        None => "the key is not in the file's schema, and is passed over".to_owned(),
    }
}

/// `none`, or numbers with commas between them.
fn wrong_gpus(value: &Value) -> Option<&'static str> {
    let fits = value.as_str().is_some_and(|text| {
        let number = |word: &str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_digit());
        text == "none" || text.split(',').all(number)
    });
    (!fits && !value.is_null()).then_some(
        "not as the file's schema has it: `none`, or numbers as in `0,1`, without blanks",
    )
}

fn wrong_firewall(value: &Value) -> Option<&'static str> {
    let rules = value.get("rules").is_some_and(Value::is_array);
    (!rules && !value.is_null()).then_some("not as the file's schema has it: there are no `rules`")
}
